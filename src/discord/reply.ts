import type { Receipt } from '../core/job.ts'
import type { AdapterTools, Reply } from '../core/ports.ts'
import type { Notice } from '../core/view.ts'
import { addressOf, messageKeyOf, type Place } from './address.ts'
import type { Callback } from './callback.ts'
import { ackMs } from './limits.ts'
import type { MessageBody } from './message-body.ts'
import type { Acknowledged, Door, Platform, Said } from './platform.ts'
import type { PlatformTime } from './platform-time.ts'
import { renderNotice } from './render.ts'
import { timeOf } from './snowflake.ts'
import { within } from './within.ts'

export interface ReplyOptions {
  readonly platform: Platform
  readonly time: PlatformTime
  readonly tools: Pick<AdapterTools, 'log' | 'clock'>
  /** Aborts when the adapter has stopped and waited long enough. */
  readonly signal: AbortSignal
}

/** An interaction that is not answered yet, and the asker's language. */
export interface Caller {
  readonly door: Door
  readonly locale: string
}

/** One try of an ack: two of them fit into the 3 seconds. */
const tryMs = 1_300
/** A rate limit of a second, as Discord counts them, is waited for within a try. */
const limitMs = 1_100
const retryMs = 150
/** So much before its end a new try can't succeed any more. */
const lateMs = 300
/** After this long without an answer to give, time is bought. */
const slowMs = 1_000
/** Words after a placeholder are not in a hurry. */
const laterTerms = { patienceMs: 5_000, timeoutMs: 10_000 }

/**
 * Answers an interaction, within its 3 seconds. A second try is no risk: Discord takes one callback and says so, which
 * is as good as having taken this one.
 */
export async function acknowledge(door: Door, callback: Callback, options: ReplyOptions): Promise<Said<Acknowledged>> {
  const { platform, time, tools, signal } = options
  const until = timeOf(door.interactionId) + ackMs - lateMs
  const terms = { signal, patienceMs: limitMs, timeoutMs: tryMs }
  for (;;) {
    const said = await platform.acknowledge(door, callback, terms)
    if (said.ok || said.trouble === 'acknowledged') return said
    if (said.trouble !== 'unavailable' || time.now() >= until) {
      tools.log.warn({ trouble: said.trouble, detail: said.error.detail }, 'interaction not answered')
      return said
    }
    await tools.clock.sleep(retryMs, signal)
  }
}

/** The unanswered command, for the studio. `isPrivate`: the placeholder is only for the asker. */
export function createReply({ door, locale }: Caller, place: Place, options: ReplyOptions): Reply {
  let placeholder: Promise<Said<Acknowledged>> | null = null
  const openPlaceholder = () => {
    placeholder ??= acknowledge(door, { kind: 'placeholder', ephemeral: place.ephemeral }, options)
    return placeholder
  }

  return {
    defer: async () => {
      await openPlaceholder()
    },
    accept: async (): Promise<Receipt | null> => {
      const said = await openPlaceholder()
      if (said.ok) {
        const { messageId, ephemeral } = said.body
        // Discord decides: where the app is only installed by its user, a reply may be made ephemeral.
        const at: Place = { ...place, messageId, ephemeral: ephemeral ?? place.ephemeral }
        return { address: addressOf(at), messageKey: messageKeyOf(at), files: [] }
      }
      // Taken after all; the first edit tells which message it is.
      if (said.trouble === 'acknowledged') return { address: addressOf(place), messageKey: null, files: [] }
      // Too late: the job is accepted all the same, and its message is found or made by the surface.
      return null
    },
    refuse: async (notice) => {
      if (placeholder === null) return tell({ door, locale }, notice, options)
      const said = await placeholder
      // Another replica answered this interaction, and perhaps accepted it: what it says counts.
      if (!said.ok && said.trouble === 'acknowledged') return
      await fill({ door, locale }, notice, options)
    },
  }
}

/** Answers with words that only the asker sees. */
export async function tell({ door, locale }: Caller, notice: Notice, options: ReplyOptions): Promise<void> {
  await acknowledge(door, { kind: 'words', message: renderNotice(notice, locale) }, options)
}

/**
 * Answers a press when it is known what became of it: with words for the presser alone, or, where there are none, by the
 * message itself. What takes long is answered with nothing at first. Rejects when that can't be known.
 */
export async function answerPress(
  { door }: Caller,
  outcome: Promise<MessageBody | null>,
  options: ReplyOptions,
): Promise<void> {
  const { tools, signal } = options
  const soon = await within(slowMs, outcome, { clock: tools.clock, signal })
  if (soon !== null && soon.value !== null) {
    await acknowledge(door, { kind: 'words', message: soon.value }, options)
    return
  }
  const said = await acknowledge(door, { kind: 'nothing' }, options)
  if (soon !== null) return
  const words = await outcome
  // Another replica that answered the press says the words, too.
  if (words !== null && said.ok) await sayMore(door, words, options)
}

/** Says something to the presser alone after the press was answered. */
export async function sayMore(
  { applicationId, token }: Door,
  message: MessageBody,
  { platform, signal }: ReplyOptions,
): Promise<void> {
  const said = await platform.followUp({ applicationId, token }, message, { signal, ...laterTerms })
  if (!said.ok) throw said.error
}

/** A press that something is posted for: the press itself is answered by nothing. */
export function createQuietReply({ door, locale }: Caller, options: ReplyOptions): Reply {
  let answered: Promise<Said<Acknowledged>> | null = null
  const answer = () => {
    answered ??= acknowledge(door, { kind: 'nothing' }, options)
    return answered
  }
  return {
    defer: async () => {
      await answer()
    },
    accept: async () => {
      await answer()
      return null
    },
    refuse: async (notice) => {
      if (answered === null) return tell({ door, locale }, notice, options)
      if ((await answered).ok) await sayMore(door, renderNotice(notice, locale), options)
    },
  }
}

/** Words into the placeholder. */
async function fill({ door, locale }: Caller, notice: Notice, { platform, signal }: ReplyOptions): Promise<void> {
  const { applicationId, token } = door
  const edit = { message: renderNotice(notice, locale), form: null }
  const said = await platform.editReply({ applicationId, token }, edit, { signal, ...laterTerms })
  if (!said.ok) throw said.error
}
