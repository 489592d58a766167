/**
 * Every way in which a request can fail, as a closed set. The code decides the words a person reads
 * (`messages`) and whether trying again can help (`isPassing`).
 */
export const failureCodes = [
  // The request itself.
  'invalid_request',
  'content_rejected',
  'workspace_not_allowed',
  'day_spent',
  'person_day_spent',
  // Pictures handed in.
  'input_unreachable',
  'input_not_picture',
  'input_empty',
  'input_too_large',
  'input_too_many_pixels',
  'input_needs_public_url',
  'input_gone',
  // The image API.
  'key_rejected',
  'credits_exhausted',
  'rate_limited',
  'maintenance',
  'upstream_unavailable',
  'upstream_failed',
  'unexpected_answer',
  'outcome_unknown',
  'task_unknown',
  'timed_out',
  'result_gone',
  'result_not_picture',
  // The chat.
  'delivery_gone',
  'delivery_refused',
  'permission_missing',
  'result_too_large',
  'surface_unavailable',
  'token_rejected',
  // This program.
  'store_unavailable',
  'accept_unknown',
  'not_ours',
  'configuration',
  'internal',
] as const
export type FailureCode = (typeof failureCodes)[number]

/** A failure as it is stored and shown. `detail` is for the log and the operator: never shown raw, never secret. */
export interface Failure {
  readonly code: FailureCode
  readonly detail?: string
}

/** Codes for which the same call may succeed a little later. */
const passing: ReadonlySet<FailureCode> = new Set([
  'rate_limited',
  'maintenance',
  'upstream_unavailable',
  'surface_unavailable',
  'store_unavailable',
])

export interface AppErrorOptions {
  readonly detail?: string | undefined
  readonly cause?: unknown
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** The answer was lost, not the question: it may have been done all the same. */
  readonly unheard?: boolean
}

/** The one error class. Foreign errors are classified into it once, at the edge that met them. */
export class AppError extends Error {
  readonly code: FailureCode
  readonly detail: string | undefined
  readonly retryAfterMs: number | undefined
  readonly unheard: boolean

  constructor(code: FailureCode, options: AppErrorOptions = {}) {
    super(options.detail === undefined ? code : `${code}: ${options.detail}`, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.detail = options.detail
    this.retryAfterMs = options.retryAfterMs
    this.unheard = options.unheard ?? false
  }

  get failure(): Failure {
    return this.detail === undefined ? { code: this.code } : { code: this.code, detail: this.detail }
  }
}

export function isPassing(code: FailureCode): boolean {
  return passing.has(code)
}

/** The failure to store for whatever was thrown; what nobody classified is `internal`. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AppError) return error.failure
  // Foreign messages may quote a URL, and with it a token.
  const text = error instanceof Error ? error.message.replace(/https?:\/\/\S+/g, '[url]') : 'thrown value'
  return { code: 'internal', detail: text.slice(0, 300) }
}
