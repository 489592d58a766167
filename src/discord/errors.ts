import { DiscordAPIError, HTTPError, RateLimitError, RESTJSONErrorCodes } from 'discord.js'
import { AppError, type FailureCode } from '../core/failure.ts'

/** What an unsuccessful request asks for: one kind for each different reaction. */
export type Trouble =
  /** A callback had already been taken: a retried one of ours, or another replica's. */
  | 'acknowledged'
  /** The interaction was not answered in time. */
  | 'interaction_gone'
  /** The interaction's token is over: the bot's own token may still do. */
  | 'token_over'
  /** Deleted, or an ephemeral message that the bot's own token does not see. */
  | 'message_gone'
  /** No such channel, or no access to it any more. */
  | 'place_gone'
  /** Nobody may write there now, but a new message wakes an archived thread. */
  | 'archived'
  | 'forbidden'
  /** Only without its reference: nobody may reply who may not read what was said before. */
  | 'unreferable'
  /** This person takes no direct messages from the bot. */
  | 'unwelcome'
  | 'too_large'
  /** Discord, or somebody's moderation, does not want this content. */
  | 'refused'
  | 'limited'
  | 'signed_out'
  /** The request is wrong: a bug of ours. */
  | 'invalid'
  | 'unavailable'

/** Source: D topics/opcodes-and-status-codes, JSON error codes, and what each of them means to a bot that shows pictures. */
const byCode: Readonly<Partial<Record<RESTJSONErrorCodes, Trouble>>> = {
  [RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged]: 'acknowledged',
  [RESTJSONErrorCodes.UnknownInteraction]: 'interaction_gone',
  [RESTJSONErrorCodes.InvalidWebhookToken]: 'token_over',
  [RESTJSONErrorCodes.UnknownWebhook]: 'token_over',
  [RESTJSONErrorCodes.UnknownMessage]: 'message_gone',
  [RESTJSONErrorCodes.UnknownChannel]: 'place_gone',
  [RESTJSONErrorCodes.UnknownGuild]: 'place_gone',
  [RESTJSONErrorCodes.MissingAccess]: 'place_gone',
  [RESTJSONErrorCodes.ThreadLocked]: 'place_gone',
  [RESTJSONErrorCodes.InvalidActionOnArchivedThread]: 'archived',
  [RESTJSONErrorCodes.MissingPermissions]: 'forbidden',
  [RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory]: 'unreferable',
  [RESTJSONErrorCodes.RequestEntityTooLarge]: 'too_large',
  [RESTJSONErrorCodes.FileUploadedExceedsMaximumSize]: 'too_large',
  [RESTJSONErrorCodes.ExplicitContentCannotBeSentToTheDesiredRecipient]: 'refused',
  [RESTJSONErrorCodes.MessageWasBlockedByAutomaticModeration]: 'refused',
  [RESTJSONErrorCodes.MessageBlockedByHarmfulLinksFilter]: 'refused',
  [RESTJSONErrorCodes.AccessToFileUploadsHasBeenLimitedForThisGuild]: 'refused',
  [RESTJSONErrorCodes.CannotSendMessagesToThisUser]: 'unwelcome',
  [RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds]: 'unwelcome',
  [RESTJSONErrorCodes.ThisInteractionHasHitTheMaximumNumberOfFollowUpMessages]: 'refused',
  [RESTJSONErrorCodes.MaximumNumberOfEditsToMessagesOlderThanOneHourReached]: 'limited',
  [RESTJSONErrorCodes.ChannelSendRateLimit]: 'limited',
  [RESTJSONErrorCodes.ActionCannotBePerformedDueToSlowmodeRateLimit]: 'limited',
  [RESTJSONErrorCodes.APIResourceOverloaded]: 'unavailable',
  [RESTJSONErrorCodes.InvalidToken]: 'signed_out',
}

const byStatus: Readonly<Record<number, Trouble>> = { 401: 'signed_out', 413: 'too_large', 429: 'limited' }

const failureCodes: Readonly<Record<Trouble, FailureCode>> = {
  acknowledged: 'internal',
  interaction_gone: 'delivery_gone',
  token_over: 'delivery_gone',
  message_gone: 'delivery_gone',
  place_gone: 'delivery_gone',
  archived: 'delivery_refused',
  forbidden: 'permission_missing',
  unreferable: 'permission_missing',
  unwelcome: 'delivery_gone',
  too_large: 'result_too_large',
  refused: 'delivery_refused',
  limited: 'rate_limited',
  // The process ends for it, and the next one, signed in again, shows the job.
  signed_out: 'surface_unavailable',
  invalid: 'internal',
  unavailable: 'surface_unavailable',
}

export interface Classified {
  readonly trouble: Trouble
  readonly error: AppError
}

/** What was asked, for the words in the log. */
export interface Asked {
  readonly method: string
  readonly route: string
  /** Whether the bot's token was sent. */
  readonly auth: boolean
}

/**
 * Classifies whatever a request threw. The error names the route without ids and tokens, and none of Discord's words:
 * the foreign error's own URL holds the interaction's token, its body the prompt.
 */
export function classify(thrown: unknown, asked: Asked): Classified {
  const trouble = troubleOf(thrown, asked.auth)
  const detail = `${asked.method} ${redacted(asked.route)}: ${describe(thrown)}`
  const retryAfterMs = thrown instanceof RateLimitError ? thrown.retryAfter : undefined
  return { trouble, error: new AppError(failureCodes[trouble], { detail, retryAfterMs }) }
}

/** A route as a pattern: no ids, no interaction tokens, no query. */
export function redacted(route: string): string {
  return route
    .replace(/\?.*$/, '')
    .replace(/^(\/webhooks\/\d+\/)[^/]+/, '$1:token')
    .replace(/^(\/interactions\/\d+\/)[^/]+/, '$1:token')
    .replaceAll(/\d{15,}/g, ':id')
}

function troubleOf(thrown: unknown, auth: boolean): Trouble {
  if (thrown instanceof RateLimitError) return 'limited'
  if (thrown instanceof HTTPError) return 'unavailable'
  if (!(thrown instanceof DiscordAPIError)) return 'unavailable'
  const known = byCode[Number(thrown.code) as RESTJSONErrorCodes]
  if (known !== undefined) return known
  // Without the bot's token only the interaction's can have been refused.
  if (thrown.status === 401 && !auth) return 'token_over'
  const status = byStatus[thrown.status]
  if (status !== undefined) return status
  // An answer without one of Discord's codes is not Discord's: something in between refuses for the time being.
  return typeof thrown.code === 'number' && thrown.code > 0 ? 'invalid' : 'unavailable'
}

function describe(thrown: unknown): string {
  if (thrown instanceof DiscordAPIError) {
    const name = RESTJSONErrorCodes[Number(thrown.code)] ?? 'unnamed'
    const fields = 'errors' in thrown.rawError ? fieldsOf(thrown.rawError.errors, '').join(', ') : ''
    return `HTTP ${thrown.status} ${Number(thrown.code) || 0} ${name}${fields === '' ? '' : ` (${fields})`}`
  }
  if (thrown instanceof HTTPError) return `HTTP ${thrown.status}`
  if (thrown instanceof RateLimitError) return `rate limited (${thrown.scope}) for ${Math.ceil(thrown.retryAfter)} ms`
  if (!(thrown instanceof Error)) return 'thrown value'
  const { code } = thrown as NodeJS.ErrnoException
  return typeof code === 'string' ? code : thrown.name
}

/** Paths and codes of the fields that Discord found wrong, without its words, which may quote what was sent. */
function fieldsOf(node: unknown, path: string): string[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node)
    .flatMap(([key, value]) => {
      if (key !== '_errors' || !Array.isArray(value)) return fieldsOf(value, path === '' ? key : `${path}.${key}`)
      return value.map((item: unknown) => `${path}: ${codeOf(item)}`)
    })
    .slice(0, 10)
}

function codeOf(item: unknown): string {
  if (typeof item !== 'object' || item === null || !('code' in item)) return 'wrong'
  return String(item.code).replace(/[^A-Z_]/g, '')
}
