import { type Answer, tooMany } from './exchange.ts'

/** Something that goes wrong with the next matching requests. */
export interface Fault {
  /** `PATCH /webhooks/…/@original` by the recorded method and route. */
  readonly method: string
  readonly route: string | RegExp
  /** How many requests; 1 unless said otherwise. */
  readonly times?: number
  /** `drop`: the connection breaks; `hang`: no answer until the stand-in stops. Otherwise `status` and `code` are answered. */
  readonly how?: 'answer' | 'drop' | 'hang'
  /** Whether the request takes effect all the same. */
  readonly effective?: boolean
  readonly status?: number
  readonly code?: number
  readonly message?: string
  readonly errors?: object
  /** For a 429, in seconds. */
  readonly retryAfter?: number
  /** Instead of Discord's JSON, as a proxy in between would. */
  readonly html?: boolean
  /** Waited before anything else. */
  readonly until?: Promise<unknown>
}

/** A fault that was set, with how many requests it still waits for. */
export interface SetFault {
  readonly fault: Fault
  left: number
}

/** The fault that the next request of this kind meets, used up by one. */
export function takeFault(faults: readonly SetFault[], method: string, route: string): Fault | null {
  const found = faults.find(({ fault, left }) => left > 0 && fault.method === method && matches(fault.route, route))
  if (found === undefined) return null
  found.left -= 1
  return found.fault
}

/** Whether it is more than a delay. */
export function answers({ how, status }: Fault): boolean {
  return how !== undefined || status !== undefined
}

/** Null where nothing is answered. */
export function faultAnswer(fault: Fault): Answer | null {
  if (fault.how === 'drop' || fault.how === 'hang') return null
  const { status = 500, code = 0, message = 'fault', errors, html } = fault
  if (html === true) return { status, body: '<html>blocked</html>', headers: { 'content-type': 'text/html' } }
  if (status === 429) return tooMany(fault.retryAfter ?? 1, {}, code)
  return { status, body: { message, code, ...(errors && { errors }) } }
}

function matches(route: string | RegExp, actual: string): boolean {
  return typeof route === 'string' ? route === actual : route.test(actual)
}
