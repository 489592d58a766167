import type { Clock, ImageApi, Order, Picture, SubmitAnswer, TaskStatus } from '../../src/core/ports.ts'

interface FakeSubmit {
  readonly order: Order
  readonly at: number
  readonly answer: SubmitAnswer
}

export interface FakeImageApi extends ImageApi {
  /** Every POST that passed the gate and reached the service, in order. */
  readonly submits: readonly FakeSubmit[]
  /** Every status query, in order. */
  readonly looks: readonly { readonly taskId: string; readonly at: number }[]
  /** POSTs that the service took: what would be charged. */
  readonly accepted: number
}

export interface FakeImageApiOptions {
  readonly clock: Clock
  /** How long a POST is on its way, in milliseconds. */
  readonly answerMs?: number
  /** How long a task takes, by its number (1, 2, …), in milliseconds. */
  readonly takesMs?: (nth: number) => number
  /** The answer of a POST, by its number; undefined: taken. What it throws is thrown. */
  readonly onSubmit?: (nth: number, order: Order) => SubmitAnswer | undefined
  /** The answer of a look, by its number; undefined: by the task's time. What it throws is thrown. */
  readonly onLook?: (nth: number, taskId: string) => TaskStatus | undefined
  /** What a result URL serves; what it throws is thrown when the picture is opened. */
  readonly onOpen?: (url: string) => Uint8Array
}

/** An image API that takes everything and draws nothing, unless its script says otherwise. */
export function createFakeImageApi(options: FakeImageApiOptions): FakeImageApi {
  const { clock } = options
  const takesMs = options.takesMs ?? (() => 5_000)
  const submits: FakeSubmit[] = []
  const looks: { taskId: string; at: number }[] = []
  const doneAt = new Map<string, number>()

  return {
    submits,
    looks,
    get accepted() {
      return doneAt.size
    },
    submit: async (order, call) => {
      call.signal.throwIfAborted()
      call.gate()
      const nth = submits.length + 1
      const taskId = `task-${nth}`
      const answer = options.onSubmit?.(nth, order) ?? { kind: 'taken', taskId }
      submits.push({ order, at: clock.now(), answer })
      if (answer.kind === 'taken') doneAt.set(answer.taskId, clock.monotonic() + takesMs(nth))
      try {
        if (options.answerMs !== undefined) await clock.sleep(options.answerMs, call.signal)
      } catch {
        // Cut short: the POST may have arrived.
        return { kind: 'unknown', failure: { code: 'outcome_unknown' } }
      }
      return answer
    },
    look: async (taskId, signal) => {
      signal.throwIfAborted()
      looks.push({ taskId, at: clock.now() })
      const scripted = options.onLook?.(looks.length, taskId)
      if (scripted !== undefined) return scripted
      const at = doneAt.get(taskId)
      return at !== undefined && clock.monotonic() >= at
        ? { state: 'completed', urls: [`https://images.test/${taskId}.png`] }
        : { state: 'working' }
    },
    result: (url) => pictureOf(() => options.onOpen?.(url) ?? bytesOf(url)),
  }
}

/** The bytes that stand for the picture behind a URL. */
export function bytesOf(url: string): Uint8Array {
  return new TextEncoder().encode(`PNG of ${url}`)
}

/** A picture that can be opened again and again. */
export function pictureOf(bytes: () => Uint8Array): Picture {
  return {
    open: async (signal) => {
      signal.throwIfAborted()
      const whole = bytes()
      return { type: 'image/png', size: whole.byteLength, body: once(whole) }
    },
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
