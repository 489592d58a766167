import { AppError, type Failure, type FailureCode } from '../core/failure.ts'
import type { SubmitAnswer } from '../core/ports.ts'
import { retryAfterMs } from '../media/retry-after.ts'
import type { Answer } from './answer.ts'
import { excerpt } from './excerpt.ts'
import { type ApiError, readEnvelope, readTaskId } from './wire.ts'

const statusCodes: Readonly<Record<number, FailureCode>> = {
  400: 'invalid_request',
  401: 'key_rejected',
  402: 'credits_exhausted',
  403: 'key_rejected',
  409: 'invalid_request',
  413: 'invalid_request',
  415: 'invalid_request',
  422: 'invalid_request',
  429: 'rate_limited',
  451: 'content_rejected',
  455: 'maintenance',
  503: 'maintenance',
}
// A person's request, or what was made of it, was judged: only there can words about content mean that.
const judging: ReadonlySet<number> = new Set([400, 403, 422])
const policyWords =
  /content[\s_-]*(policy|filter|violation|rejected|not allowed)|policy[\s_-]*violation|usage polic|moderat|safety|nsfw|prohibited|sensitive|inappropriate|flagged|violat/i

/** The failure that a status (of HTTP or of the body) and the API's words amount to. */
function codeOf(status: number, error: ApiError | null): FailureCode {
  if (error !== null && judging.has(status) && isPolicy(error)) return 'content_rejected'
  // A 403 without the API's words comes from something in between, about this one request and not about the key.
  if (status === 403 && error === null) return 'unexpected_answer'
  return statusCodes[status] ?? (status >= 500 ? 'upstream_unavailable' : 'unexpected_answer')
}

/** Why a task failed that the API had taken. `secrets` never show up in the detail. */
export function taskFailure(error: ApiError, secrets: readonly string[]): Failure {
  const detail = wordsOf(error, secrets)
  if (isPolicy(error)) return { code: 'content_rejected', detail }
  const code = error.code === null ? undefined : statusCodes[error.code]
  return { code: code === 'invalid_request' || code === 'credits_exhausted' ? code : 'upstream_failed', detail }
}

/**
 * What a submit's answer means: the table in ARCHITECTURE.md. `not_taken` only where the API itself says so; whatever
 * might have been taken is `unknown`.
 */
export function submitAnswer(answer: Answer, secrets: readonly string[]): SubmitAnswer {
  const { status, headers, json } = answer
  const envelope = readEnvelope(json)
  const error = envelope?.error ?? null
  const taskId = readTaskId(json)
  if (isOk(status)) {
    if (taskId !== null) return { kind: 'taken', taskId }
    if (error === null || envelope?.code === 200) return unknown(`HTTP ${status} without a task id`)
    return refusedInBody(answer, error, secrets)
  }
  const failure: Failure = { code: codeOf(status, error), detail: describe(status, error, secrets) }
  if (status === 429 || status === 503) {
    return taskId === null && isOwnRefusal(status, error)
      ? { kind: 'not_taken', failure, retryAfterMs: retryAfterMs(headers) }
      : unknown(`HTTP ${status} that is not the API's own`)
  }
  if (status >= 400 && status < 500)
    // 404 is about the address asked, not about a task: there is none yet.
    return { kind: 'refused', failure: status === 404 ? { ...failure, code: 'unexpected_answer' } : failure }
  return unknown(describe(status, error, secrets))
}

/**
 * Whether the API itself turned the request away. A 503 may come from something in between that had passed it on: it must
 * have the code or the type of the API's own errors.
 */
function isOwnRefusal(status: number, error: ApiError | null): boolean {
  if (error === null) return false
  return status === 429 || error.code !== null || error.type !== ''
}

/**
 * HTTP 200 around the API's own error. A 429 is said at the door, before any work: the same as with the status 429.
 * Everything else, a 503 too, is final: it may have been said after work had begun, so it is never sent again.
 */
function refusedInBody({ status, headers }: Answer, error: ApiError, secrets: readonly string[]): SubmitAnswer {
  const failure: Failure = {
    code: error.code === null ? wordCode(error) : codeOf(error.code, error),
    detail: describe(status, error, secrets),
  }
  if (error.code === 429) return { kind: 'not_taken', failure, retryAfterMs: retryAfterMs(headers) }
  return { kind: 'refused', failure }
}

/** The error that a look throws which told nothing about its task. */
export function lookError({ status, headers, json, text }: Answer, secrets: readonly string[]): AppError {
  const error = readEnvelope(json)?.error ?? null
  const effective = isOk(status) ? (error?.code ?? status) : status
  const detail = describe(status, error, secrets)
  const options = { detail, retryAfterMs: retryAfterMs(headers) ?? undefined }
  if (text === null && isOk(status)) return new AppError('upstream_unavailable', { detail: 'the answer broke off' })
  // Only the API itself can say that it does not know a task; a 404 page of something in between can't.
  if (effective === 404 && error !== null) return new AppError('task_unknown', options)
  return new AppError(codeOf(effective, error), options)
}

function isPolicy({ type, message }: ApiError): boolean {
  return policyWords.test(type) || policyWords.test(message)
}

/** For errors in words alone. */
function wordCode(error: ApiError): FailureCode {
  if (isPolicy(error)) return 'content_rejected'
  return /invalid/i.test(error.type) ? 'invalid_request' : 'upstream_failed'
}

function unknown(detail: string): SubmitAnswer {
  return { kind: 'unknown', failure: { code: 'outcome_unknown', detail } }
}

function describe(status: number, error: ApiError | null, secrets: readonly string[]): string {
  return error === null ? `HTTP ${status}` : `HTTP ${status}: ${wordsOf(error, secrets)}`
}

function wordsOf(error: ApiError, secrets: readonly string[]): string {
  return [error.code, excerpt(error.type, secrets), excerpt(error.message, secrets)]
    .filter((part) => part !== null && part !== '')
    .join(' ')
}

function isOk(status: number): boolean {
  return status >= 200 && status < 300
}
