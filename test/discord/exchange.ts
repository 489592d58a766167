import type { Operation } from './openapi-check.ts'

export interface RecordedFile {
  readonly name: string
  readonly contentType: string | null
  readonly bytes: Buffer
}

/** One request, as it came. */
export interface Recorded {
  readonly method: string
  /** Without `/api/v10`, decoded. */
  readonly path: string
  /** Discord's name for the path: `/webhooks/{webhook_id}/{webhook_token}/messages/@original`. */
  readonly route: string
  readonly authorized: boolean
  readonly body: unknown
  readonly files: readonly RecordedFile[]
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Null while it is not answered. */
  status: number | null
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A request to Discord's API that has been read. */
export interface ApiRequest {
  readonly method: string
  readonly operation: Operation
  readonly query: URLSearchParams
  readonly authorized: boolean
  readonly body: Readonly<Record<string, unknown>>
  readonly raw: unknown
  readonly files: readonly RecordedFile[]
}

export function failed(status: number, code: number, message: string): Answer {
  return { status, body: { message, code } }
}

/** `retryAfter` in seconds. */
export function tooMany(retryAfter: number, headers: Readonly<Record<string, string>>, code = 0): Answer {
  return {
    status: 429,
    body: { message: 'You are being rate limited.', retry_after: retryAfter, global: false, ...(code > 0 && { code }) },
    headers: {
      'retry-after': String(Math.ceil(retryAfter)),
      'x-ratelimit-scope': 'user',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-limit': '5',
      'x-ratelimit-reset-after': retryAfter.toFixed(3),
      ...headers,
    },
  }
}

export function namesOf(files: readonly RecordedFile[]): ReadonlyMap<number, string> {
  return new Map(files.map(({ name }, at) => [at, name]))
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
