import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { Call, Log } from '../core/ports.ts'
import type { Place } from './address.ts'
import { faultOf, refusal, remarksOf } from './errors.ts'
import { cut, slackLimits } from './limits.ts'
import type { Message } from './render.ts'
import type { Audience, ResponseUrls } from './response-url.ts'
import type { Again, SlackApi } from './web-api.ts'

/** A message in both of its forms. */
export interface Draft {
  readonly full: Message
  /** What is sent when Slack does not take the full form. */
  readonly short: Message
}

/** Who is to read words that are for one person. */
interface Reader {
  readonly channel: string
  readonly user: string
  readonly thread: string | null
  /** Whether `channel` is the person's own conversation with the bot. */
  readonly direct: boolean
}

/** The requests that write messages. Each throws an AppError, whose fault says what else to try. */
export interface Poster {
  /** A new message, in the thread or in a direct message as the place says; gives the place with it. */
  post(place: Place, draft: Draft, call: Call): Promise<Place>
  /** A new version of the place's message. */
  edit(message: NonNullable<Place['message']>, draft: Draft, call: Call, again: Again): Promise<void>
  /** A message by the response URL; gives the place with the use counted. */
  respond(place: Place, draft: Draft, audience: Audience, call: Call): Promise<Place>
  /** Words that only one person sees. */
  whisper(reader: Reader, message: Message, call: Call): Promise<void>
}

const postedSchema = z.object({ channel: z.string(), ts: z.string() })
const unfurling = { unfurl_links: false, unfurl_media: false } as const

export function createPoster({
  api,
  responses,
  log,
}: {
  readonly api: SlackApi
  readonly responses: ResponseUrls
  readonly log: Log
}): Poster {
  /** Sends the short form where the full one is refused for its form. Pictures that are not ready are not a matter of form. */
  async function fitting<T>({ full, short }: Draft, send: (message: Message) => Promise<T>): Promise<T> {
    try {
      return await send(full)
    } catch (error) {
      const hasPictures = full.blocks.some(({ type }) => type === 'image')
      if (faultOf(error) !== 'unfit' || hasPictures) throw error
      log.error({ remarks: remarksOf(error) }, 'Slack does not take the form of a message')
      return send(short)
    }
  }

  async function post(place: Place, draft: Draft, call: Call): Promise<Place> {
    const direct = place.route === 'person'
    const thread = direct ? null : place.thread
    const answer = await fitting(draft, (message) =>
      api.ask(call, 'refused', (client) =>
        client.chat.postMessage({
          ...bodyOf(message),
          ...unfurling,
          channel: direct ? place.user : place.channel,
          ...(thread === null ? {} : { thread_ts: thread }),
        }),
      ),
    )
    const posted = postedSchema.safeParse(answer)
    if (!posted.success) throw new AppError('surface_unavailable', { detail: 'Slack: posted, but not where' })
    // For a person's id Slack answers with the conversation's, and only that one can be edited in.
    return { ...place, message: { ...posted.data, thread } }
  }

  return {
    post,
    edit: async ({ channel, ts }, draft, call, again) => {
      await fitting(draft, (message) =>
        api.ask(call, again, (client) => client.chat.update({ ...bodyOf(message), channel, ts })),
      )
    },
    respond: async (place, draft, audience, call) => {
      const { response } = place
      if (response === null) throw refusal('expired_url')
      const used = await fitting(draft, (message) => responses.post(response, message, audience, call))
      return { ...place, response: used }
    },
    whisper: async ({ channel, user, thread, direct }, message, call) => {
      const inThread = thread === null ? {} : { thread_ts: thread }
      await api.ask(call, 'refused', (client) =>
        direct
          ? client.chat.postMessage({ ...bodyOf(message), ...unfurling, ...inThread, channel })
          : client.chat.postEphemeral({ ...bodyOf(message), ...inThread, channel, user }),
      )
    },
  }
}

function bodyOf({ text, blocks }: Message) {
  // Without blocks, `text` alone also removes those of the version before.
  const short = cut(text, slackLimits.updateText)
  return blocks.length === 0 ? { text: short } : { text: short, blocks: [...blocks] }
}
