import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { REST, type RESTOptions, type ResponseLike, type RouteLike } from 'discord.js'
import { Agent, type Dispatcher, request } from 'undici'
import { AppError } from '../core/failure.ts'
import type { AdapterTools, Gate } from '../core/ports.ts'
import { classify, type Trouble } from './errors.ts'
import type { Multipart } from './multipart.ts'
import type { PlatformTime } from './platform-time.ts'

/** One request to Discord's REST API. */
export interface PlatformRequest {
  readonly method: 'get' | 'post' | 'patch' | 'put' | 'delete'
  readonly route: RouteLike
  /** Whether it is made with the bot's token; interaction endpoints are not. */
  readonly auth: boolean
  readonly query?: URLSearchParams
  readonly body?: object
  /** Instead of `body`: a body with files. */
  readonly form?: Multipart
}

/** How long a request may take, and what stops it. */
export interface Terms {
  readonly signal: AbortSignal
  readonly gate?: Gate
  /** The longest wait for a rate limit, in milliseconds; a longer one ends the request as `limited`. */
  readonly patienceMs: number
  /** For the whole request, waits included, in milliseconds. */
  readonly timeoutMs: number
  /**
   * Once it is on the wire the request is awaited although the signal aborts: an edit that was given up could still
   * arrive, and then after the one that was sent next.
   */
  readonly finish?: boolean
}

type Answer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly trouble: Trouble; readonly error: AppError }

/** The one door to Discord's REST API: discord.js' rate limiter, our own transport. */
export interface Rest {
  /**
   * Sends once: nothing but a rate limit within `patienceMs` is repeated. Throws the signal's reason, the gate's
   * `not_ours`, and what a file's source threw; everything that Discord did is an answer.
   */
  send(request: PlatformRequest, terms: Terms): Promise<Answer>
  /** When a rate limit was last met, on the monotonic clock; null while none was. */
  limitedAt(): number | null
}

export interface RestOptions {
  readonly token: string
  /** Without a version and a trailing slash: `https://discord.com/api`. */
  readonly apiUrl: string
  readonly time: PlatformTime
  readonly tools: Pick<AdapterTools, 'clock' | 'log' | 'meter' | 'fatal'>
}

/** What the transport must know of the request that it is making; the limiter in between does not pass it on. */
interface Flight {
  readonly gate: Gate | undefined
  readonly patienceMs: number
  readonly form: Multipart | undefined
  onWire: boolean
}

/** Sockets at most: a burst of 200 acks shares them. */
const connections = 64
/** Invalid requests (401, 403, 429) from one log line to the next; 10,000 in 10 minutes shut the address out. D topics/rate-limits. */
const invalidPerWarning = 500

export function createRest({ token, apiUrl, time, tools }: RestOptions): Rest {
  const { clock, log, meter } = tools
  const agent = new Agent({ connections })
  const flights = new AsyncLocalStorage<Flight>()
  let limitedAt: number | null = null

  const options: Partial<RESTOptions> = {
    api: apiUrl,
    version: '10',
    // Its own retries know no back-off and repeat posts, too.
    retries: 0,
    // Each request has its own time-out.
    timeout: 600_000,
    invalidRequestWarningInterval: invalidPerWarning,
    makeRequest,
    rejectOnRateLimit: (limit) => {
      limitedAt = clock.monotonic()
      return limit.retryAfter > (flights.getStore()?.patienceMs ?? 0)
    },
  }
  const withToken = new REST(options).setToken(token)
  // Interaction endpoints are outside the bot's 50 requests a second, and a 401 there must not cost us the bot's token.
  const withoutToken = new REST({ ...options, globalRequestsPerSecond: Number.POSITIVE_INFINITY })
  for (const rest of [withToken, withoutToken])
    rest.on('invalidRequestWarning', ({ count }) => log.warn({ count }, 'Discord refuses many requests'))

  /** The last moment before the wire: also for a request that waited for a rate limit. */
  async function makeRequest(url: string, init: Parameters<RESTOptions['makeRequest']>[1]): Promise<ResponseLike> {
    const flight = flights.getStore()
    flight?.gate?.()
    if (flight !== undefined) flight.onWire = true
    const signal = init.signal ?? new AbortController().signal
    const { type, length, body } = bodyOf(init.body as string | null | undefined, flight, signal)
    try {
      const response = await request(url, {
        dispatcher: agent,
        method: (init.method ?? 'GET') as Dispatcher.HttpMethod,
        headers: {
          ...(init.headers as Record<string, string>),
          ...(type !== null && { 'content-type': type }),
          ...(length !== null && { 'content-length': String(length) }),
        },
        body,
        signal,
      })
      const text = await response.body.text()
      const { statusCode: status } = response
      const headers = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)])
      const answer = new Response(status === 204 ? null : text, { status, headers })
      // Without a time to wait, discord.js would ask again at once, and on and on.
      if (status === 429 && !(Number(answer.headers.get('retry-after')) > 0))
        answer.headers.set('retry-after', retryAfterIn(text))
      time.observe(answer.headers.get('date'))
      return answer
    } finally {
      if (flight !== undefined) flight.onWire = false
    }
  }

  async function send(asked: PlatformRequest, terms: Terms): Promise<Answer> {
    terms.signal.throwIfAborted()
    const { method, route, auth, query, body, form } = asked
    const flight: Flight = { gate: terms.gate, patienceMs: terms.patienceMs, form, onWire: false }
    // Stops the request: the caller's signal, unless it is to be finished, or the time-out.
    const stop = new AbortController()
    const done = new AbortController()
    let givenUp = false
    const giveUp = () => {
      if (terms.finish === true && flight.onWire) return
      givenUp = true
      stop.abort()
    }
    terms.signal.addEventListener('abort', giveUp, { once: true })
    const rest = auth ? withToken : withoutToken
    try {
      clock.sleep(terms.timeoutMs, done.signal).then(
        () => stop.abort(),
        // Answered in time.
        () => undefined,
      )
      const answer = await flights.run(flight, () =>
        rest[method](route, {
          auth,
          signal: stop.signal,
          ...(query && { query }),
          // With a form the limiter still wants a body; the transport replaces it.
          ...(form ? { body: '', passThroughBody: true } : body && { body }),
        }),
      )
      return { ok: true, body: answer }
    } catch (thrown) {
      if (givenUp) throw terms.signal.reason
      // Our own: the gate's, or that of a picture's source.
      if (thrown instanceof AppError) throw thrown
      const { trouble, error } = classify(thrown, { method: method.toUpperCase(), route, auth })
      meter.count('platform_errors', { surface: 'discord', kind: trouble })
      if (trouble === 'invalid') log.error({ detail: error.detail }, 'Discord finds a request wrong')
      if (trouble === 'signed_out') tools.fatal(signedOut())
      return { ok: false, trouble, error }
    } finally {
      terms.signal.removeEventListener('abort', giveUp)
      done.abort()
    }
  }

  return { send, limitedAt: () => limitedAt }
}

/** Seconds to wait by the body of a 429; something in between that says nothing gets one. */
function retryAfterIn(text: string): string {
  return /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(text)?.[1] ?? '1'
}

interface Body {
  /** Null where the limiter's own headers say it. */
  readonly type: string | null
  readonly length: number | null
  readonly body: string | Readable | null
}

/** What is gated is handed out part by part: the first one is asked for when there is a connection to write it to. */
function bodyOf(text: string | null | undefined, flight: Flight | undefined, signal: AbortSignal): Body {
  const { gate, form } = flight ?? {}
  if (form !== undefined)
    return { type: form.contentType, length: form.length, body: Readable.from(gated(form.stream(signal), gate)) }
  if (gate === undefined || typeof text !== 'string') return { type: null, length: null, body: text ?? null }
  const bytes = Buffer.from(text)
  return { type: null, length: bytes.length, body: Readable.from(gated([bytes], gate)) }
}

/** Connecting and uploading take their time: what is left stays here when the job was lost meanwhile, and Discord drops the rest. */
async function* gated(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  gate: Gate | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    gate?.()
    yield part
  }
}

/** The bot's token is wrong: words for the operator. */
export function signedOut(): AppError {
  return new AppError('token_rejected', {
    detail:
      'Discord does not accept DISCORD_TOKEN. Copy the bot’s token again from the developer portal (Bot, Reset Token).',
  })
}
