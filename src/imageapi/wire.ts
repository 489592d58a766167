import { z } from 'zod'
import { apiLimits } from './limits.ts'
import { resultUrls } from './results.ts'

/** What the API says went wrong, in whatever place and form. Texts are foreign and may repeat the prompt. */
export interface ApiError {
  readonly code: number | null
  readonly type: string
  readonly message: string
}

/** The parts of an answer that say whether it is one. */
export interface Envelope {
  /** The body's own code; null when it has none. */
  readonly code: number | null
  readonly error: ApiError | null
}

export type TaskAnswer =
  | { readonly state: 'working' }
  | { readonly state: 'completed'; readonly urls: readonly string[] }
  | { readonly state: 'failed'; readonly error: ApiError }
  /** A state we have no word for. */
  | { readonly state: 'unknown'; readonly word: string }

const done: ReadonlySet<string> = new Set(['completed', 'complete', 'success', 'succeeded', 'successful', 'finished'])
const failed: ReadonlySet<string> = new Set([
  ...['failed', 'fail', 'failure', 'error', 'rejected', 'expired', 'timeout'],
  ...['cancelled', 'canceled'],
])
const working: ReadonlySet<string> = new Set([
  ...['in_progress', 'pending', 'queued', 'queuing', 'queueing', 'in_queue', 'waiting', 'processing', 'generating'],
  ...['running', 'created', 'submitted', 'accepted', 'starting', 'started'],
])

// Fields that we can do without: of another type than expected they count as missing.
const code = z.union([z.int(), z.stringFormat('digits', /^\d{1,6}$/).transform(Number)])
const text = z.string()
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)

const errorObject = z.object({
  code: optional(z.union([code, text])),
  type: optional(text),
  message: optional(text),
  msg: optional(text),
})
const errorField = z.union([
  text.min(1).transform((message): ApiError => ({ code: null, type: '', message })),
  errorObject.transform(
    (error): ApiError => ({
      code: typeof error.code === 'number' ? error.code : null,
      // OpenAI puts words (`content_policy_violation`) in `code` and `invalid_request_error` in `type`.
      type: [error.type, error.code].filter((part) => typeof part === 'string').join(' '),
      message: error.message ?? error.msg ?? '',
    }),
  ),
])

const envelope = z.object({
  code: optional(code),
  message: optional(text),
  msg: optional(text),
  error: optional(errorField),
})

/** Reads `{error:{code,message,type}}`, `{error:"…"}` and `{code,message|msg}`; null for what is not the API's JSON. */
export function readEnvelope(json: unknown): Envelope | null {
  const parsed = envelope.safeParse(json)
  if (!parsed.success) return null
  const { code = null, message, msg, error } = parsed.data
  if (error !== undefined) return { code, error: { ...error, code: error.code ?? code } }
  if (code === null || isSuccess(code)) return { code, error: null }
  return { code, error: { code, type: '', message: message ?? msg ?? '' } }
}

/** Whether a body's own code means success: 200 on the product page, other 2xx and 0 elsewhere. */
function isSuccess(code: number): boolean {
  return code === 0 || (code >= 200 && code < 300)
}

const taskId = z.union([text, z.int().transform(String)]).refine(isUsableTaskId)

/** A task id that can stand in a path: not empty, not too long, no lone surrogates, no dot segment. */
export function isUsableTaskId(id: string): boolean {
  return id.trim() !== '' && id.length <= apiLimits.taskIdChars && id.isWellFormed() && id !== '.' && id !== '..'
}

// Named as a task's: product page; siblings.
const namedIds: readonly z.ZodType<string>[] = [
  z.object({ data: z.object({ task_id: taskId }) }).transform(({ data }) => data.task_id),
  z.object({ data: z.object({ taskId }) }).transform(({ data }) => data.taskId),
  z.object({ data: z.tuple([z.object({ task_id: taskId })], z.unknown()) }).transform(({ data }) => data[0].task_id),
  z.object({ task_id: taskId }).transform((body) => body.task_id),
  z.object({ taskId }).transform((body) => body.taskId),
]
// The older page's flat shape; in an error a bare `id` may be the request's.
const bareIds: readonly z.ZodType<string>[] = [
  z.object({ data: z.object({ id: taskId }) }).transform(({ data }) => data.id),
  z.object({ id: taskId }).transform(({ id }) => id),
]

/** The id of the task that a submit's answer tells of, or null. */
export function readTaskId(json: unknown): string | null {
  const found = firstOf(namedIds, json)
  if (found !== null) return found
  return readEnvelope(json)?.error === null ? firstOf(bareIds, json) : null
}

const taskBody = z.object({
  status: optional(text),
  state: optional(text),
  task_status: optional(text),
  error: optional(errorField),
  error_message: optional(text),
  errorMessage: optional(text),
  fail_reason: optional(text),
  failCode: optional(z.union([code, text])),
  failMsg: optional(text),
})
type TaskBody = z.output<typeof taskBody>
const looseTask = taskBody.loose()
const wrapped = z
  .object({ data: z.union([looseTask, z.tuple([looseTask], z.unknown()).transform(([first]) => first)]) })
  .transform(({ data }) => data)
// With these an envelope says that it had no time for the question: whatever else it holds is not about the task.
const busyCodes: ReadonlySet<number> = new Set([429, 455, 503])

/**
 * The state of a task from a look's answer, or null when the answer is about no task. The task stands in `data`, or is
 * the whole answer; there a failure counts only beside an id, for it may be the question that failed.
 */
export function readTask(json: unknown): TaskAnswer | null {
  const outer = taskBody.safeParse(json)
  const code = readEnvelope(json)?.code ?? null
  if (!outer.success || (code !== null && busyCodes.has(code))) return null
  const inner = wrapped.safeParse(json)
  const task = inner.success ? inner.data : outer.data
  const said = stateOf(task)
  const word = said ?? stateOf(outer.data)
  const holder = inner.success ? inner.data : json
  if (word === undefined) return withoutState(holder, json)
  if (working.has(word)) return { state: 'working' }
  if (done.has(word)) return { state: 'completed', urls: resultUrls(holder, json) }
  const own = (inner.success && said !== undefined) || firstOf([...namedIds, ...bareIds], json) !== null
  if (!own) return null
  return failed.has(word) ? { state: 'failed', error: failureIn(task, json) } : { state: 'unknown', word }
}

function stateOf(task: TaskBody): string | undefined {
  const said = task.status ?? task.state ?? task.task_status
  return said
    ?.trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
}

/** No state at all: a result speaks for itself. */
function withoutState(inner: unknown, outer: unknown): TaskAnswer | null {
  const urls = resultUrls(inner, outer)
  return urls.length > 0 ? { state: 'completed', urls } : null
}

function failureIn(body: TaskBody, outer: unknown): ApiError {
  if (body.error !== undefined) return body.error
  const message = body.fail_reason ?? body.failMsg ?? body.error_message ?? body.errorMessage
  if (message !== undefined || body.failCode !== undefined)
    return {
      code: typeof body.failCode === 'number' ? body.failCode : null,
      type: typeof body.failCode === 'string' ? body.failCode : '',
      message: message ?? '',
    }
  return readEnvelope(outer)?.error ?? { code: null, type: '', message: '' }
}

function firstOf(shapes: readonly z.ZodType<string>[], json: unknown): string | null {
  for (const shape of shapes) {
    const parsed = shape.safeParse(json)
    if (parsed.success) return parsed.data
  }
  return null
}
