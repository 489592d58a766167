import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api'
import { AppError, type FailureCode } from '../core/failure.ts'

/** What a refusal of Slack means for us; each asks for something else to be done. */
export type Fault =
  /** The bot is not in that conversation: answer by the response URL or in a direct message. */
  | 'absent'
  /** The conversation takes no posts: the same, but an invitation would not help. */
  | 'closed'
  /** The message is not of a form that Slack takes: send its short form. */
  | 'unfit'
  /** Asked to wait. */
  | 'limited'
  /** The message can't be edited any more: post a new one. */
  | 'gone'
  /** The thread is gone: post outside it. */
  | 'threadless'
  /** The three seconds of a trigger are over. */
  | 'late'
  /** We did something wrong. */
  | 'ours'
  /** Nothing that we know of: another way may work. */
  | 'unknown'
  /** A file is not there, or not for us. */
  | 'file_gone'
  /** The workspace takes no such upload. */
  | 'upload_refused'
  /** The app lacks a scope: an administrator has to install it again. */
  | 'scope'
  /** The token is no longer good. */
  | 'signed_out'
  /** The response URL is used up or too old. */
  | 'spent'
  /** May work a little later. */
  | 'passing'

const codes: Readonly<Record<Fault, FailureCode>> = {
  absent: 'permission_missing',
  closed: 'delivery_refused',
  unfit: 'delivery_refused',
  limited: 'rate_limited',
  gone: 'delivery_gone',
  threadless: 'delivery_gone',
  late: 'delivery_gone',
  ours: 'internal',
  unknown: 'internal',
  file_gone: 'input_gone',
  upload_refused: 'delivery_refused',
  scope: 'permission_missing',
  signed_out: 'token_rejected',
  spent: 'delivery_gone',
  passing: 'surface_unavailable',
}

/** Slack's error names by what they mean (docs.slack.dev, the errors of each method used). */
const faults: Readonly<Record<Fault, readonly string[]>> = {
  absent: ['not_in_channel', 'channel_not_found', 'user_not_in_channel'],
  closed: ['is_archived', 'is_inactive', 'messages_tab_disabled', 'cannot_dm_bot', 'ekm_access_denied'],
  unfit: ['msg_too_long', 'msg_blocks_too_long', 'invalid_blocks', 'invalid_blocks_format', 'no_text'],
  limited: ['ratelimited', 'rate_limited', 'message_limit_exceeded'],
  gone: [
    'message_not_found',
    'cant_update_message',
    'edit_window_closed',
    'streaming_state_conflict',
    'block_mismatch',
    'cant_delete_message',
  ],
  threadless: ['thread_not_found', 'invalid_thread_ts', 'cannot_reply_to_message'],
  late: ['expired_trigger_id', 'exchanged_trigger_id', 'invalid_trigger_id'],
  ours: ['view_too_large', 'hash_conflict', 'duplicate_external_id', 'invalid_arguments', 'missing_argument'],
  unknown: [],
  file_gone: ['file_not_found', 'file_deleted', 'cant_delete_file', 'not_visible', 'check_file_info'],
  upload_refused: ['file_type_not_allowed', 'storage_limit_reached', 'posting_to_channel_denied'],
  scope: ['missing_scope', 'not_allowed_token_type', 'no_permission'],
  signed_out: [
    'invalid_auth',
    'not_authed',
    'token_revoked',
    'token_expired',
    'account_inactive',
    'team_access_not_granted',
    'user_removed_from_team',
    'team_disabled',
  ],
  spent: ['used_url', 'expired_url'],
  passing: ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org'],
}
const faultByName: ReadonlyMap<string, Fault> = new Map(
  Object.entries(faults).flatMap(([fault, names]) => names.map((name): [string, Fault] => [name, fault as Fault])),
)
const families: readonly (readonly [RegExp, Fault])[] = [
  [/^restricted_action/, 'closed'],
  [/^file_uploads?_/, 'upload_refused'],
  [/^slack_connect_\w+_blocked$/, 'upload_refused'],
]

/** An AppError that remembers what Slack's refusal means. */
interface Refusal {
  readonly fault: Fault
  /** Slack's name for it. */
  readonly name: string
  /** What Slack says about the form of the message, for the log. */
  readonly messages: readonly string[]
}
const refusals = new WeakMap<AppError, Refusal>()

/** What a failure means in Slack's terms; null for a failure that is not Slack's. */
export function faultOf(error: unknown): Fault | null {
  return error instanceof AppError ? (refusals.get(error)?.fault ?? null) : null
}

/** What Slack said about the form of the message that it refused. */
export function remarksOf(error: unknown): readonly string[] {
  return error instanceof AppError ? (refusals.get(error)?.messages ?? []) : []
}

/** Whether a message was refused for a picture in it that Slack can't show (yet). */
export function isUnreadyFile(error: unknown): boolean {
  const said = error instanceof AppError ? refusals.get(error) : undefined
  if (said === undefined || !said.name.startsWith('invalid_blocks')) return false
  return said.messages.length === 0 || said.messages.some((remark) => /slack[ _]?file|image/i.test(remark))
}

/** The failure for an error name of Slack's; an unknown name is `unknown`. `messages` are Slack's remarks. */
export function refusal(
  name: string,
  options: { cause?: unknown; messages?: readonly string[]; needed?: string } = {},
): AppError {
  // An answer that is no JSON (a proxy's page) comes as the "name".
  if (!/^[\w:.-]{1,80}$/.test(name)) return passing('Slack: an answer that makes no sense', options.cause)
  const fault = faultByName.get(name) ?? families.find(([pattern]) => pattern.test(name))?.[1] ?? 'unknown'
  const wanted = options.needed === undefined ? '' : ` (needed: ${options.needed.slice(0, 100)})`
  const error = new AppError(codes[fault], { detail: `Slack: ${name}${wanted}`, cause: options.cause })
  refusals.set(error, { fault, name, messages: options.messages ?? [] })
  return error
}

function passing(detail: string, cause: unknown): AppError {
  const error = new AppError('surface_unavailable', { detail, cause })
  refusals.set(error, { fault: 'passing', name: 'passing', messages: [] })
  return error
}

/** The failure for being told to wait. */
export function limited(retryAfterMs: number, cause?: unknown): AppError {
  const error = new AppError('rate_limited', { detail: 'Slack: ratelimited', retryAfterMs, cause })
  refusals.set(error, { fault: 'limited', name: 'ratelimited', messages: [] })
  return error
}

/** The failure for an HTTP status that no Slack error name came with. */
export function httpFailure(status: number, cause?: unknown): AppError {
  return passing(`Slack: HTTP ${status}`, cause)
}

/** Classifies whatever the SDK or the network threw. AppErrors of our own (the gate's) come out as they went in. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof WebAPIPlatformError) return platformFailure(error)
  if (error instanceof WebAPIRateLimitedError) return limited(error.retryAfter * 1000, error)
  if (error instanceof WebAPIHTTPError) return httpFailure(error.statusCode, error)
  if (error instanceof WebAPIRequestError) {
    return error.original instanceof AppError ? error.original : passing('Slack can’t be reached', error.original)
  }
  return passing('Slack can’t be reached', error)
}

function platformFailure(error: WebAPIPlatformError): AppError {
  const { data } = error
  const needed = 'needed' in data && typeof data.needed === 'string' ? { needed: data.needed } : {}
  return refusal(data.error, { cause: error, messages: data.response_metadata?.messages ?? [], ...needed })
}
