import { resultInputs } from '../core/follow-up.ts'
import { isLive, type Omitted } from '../core/job.ts'
import { messagesFor } from '../core/messages.ts'
import type { Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import { messageKeyOf } from './address.ts'
import { type Heard, lookAt, type Meant, messageLocale, type RepliedTo } from './message.ts'
import type { Platform } from './platform.ts'
import { type Pointed, results } from './pointed.ts'
import type { Terms } from './rest.ts'

export interface Seeking {
  readonly studio: Pick<Studio, 'findByMessage'>
  readonly platform: Pick<Platform, 'lookUp'>
  readonly apiUrl: string
  readonly signal: AbortSignal
}

export type Found =
  | { readonly kind: 'meant'; readonly meant: Meant }
  /** There is a picture that was meant, and it can't be had: a request without it would be paid for nothing. */
  | { readonly kind: 'told'; readonly notice: Notice }
  /** Not for the bot after all. */
  | { readonly kind: 'chatter' }

const lookTerms: Omit<Terms, 'signal'> = { patienceMs: 5_000, timeoutMs: 10_000 }

/**
 * The pictures that somebody means: attached ones first, then those of the message replied to, of what it forwards, or
 * the result in it.
 */
export async function findMeant(heard: Heard, seeking: Seeking): Promise<Found> {
  const { own, repliedTo, called } = heard
  if (repliedTo === null) return meant(own)
  const key = messageKeyOf(repliedTo)
  const job = key === null ? null : await seeking.studio.findByMessage('discord', key)
  if (job !== null) {
    if (isLive(job)) return { kind: 'told', notice: { kind: 'no_job', why: 'live' } }
    const made = resultInputs(job)
    // Of a request that failed its own pictures are still to be changed; without any, new words are a new request.
    const inputs = made.length > 0 ? made : job.inputs
    if (inputs.length > 0) return meant([...own, ...results(inputs)], job)
  }
  if (!called) return { kind: 'chatter' }
  if (job !== null) return meant(own)
  const { pointed, sight } = repliedTo.sight === 'untold' ? await lookedUp(repliedTo, seeking) : repliedTo
  if (sight === 'seen') return meant([...own, ...pointed])
  const gone = sight === 'deleted'
  if (own.length > 0) return meant([...own, leftOut(gone ? 'gone' : 'not_visible')])
  return { kind: 'told', notice: gone ? { kind: 'failure', failure: { code: 'input_gone' } } : { kind: 'unseen' } }
}

function meant(pointed: readonly Pointed[], parent: Meant['parent'] = null): Found {
  return { kind: 'meant', meant: { pointed, parent } }
}

function leftOut(why: Omitted['why']): Pointed {
  return { kind: 'useless', omitted: { name: messagesFor(messageLocale).labels.repliedTo, why } }
}

/** Discord leaves out what it has no time for; asked for by name it gives what we may see. */
async function lookedUp(
  { channelId, messageId }: RepliedTo,
  { platform, apiUrl, signal }: Seeking,
): Promise<Pick<RepliedTo, 'pointed' | 'sight'>> {
  const said = await platform.lookUp(channelId, messageId, { signal, ...lookTerms })
  if (said.ok) return lookAt(said.body, apiUrl)
  return { pointed: [], sight: said.trouble === 'message_gone' ? 'deleted' : 'hidden' }
}
