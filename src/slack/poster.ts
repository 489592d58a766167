import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { Call, Log } from '../core/ports.ts'
import type { Place } from './address.ts'
import type { Course } from './course.ts'
import { faultOf, refusal, remarksOf } from './errors.ts'
import { cut, slackLimits } from './limits.ts'
import type { Message } from './render.ts'
import type { Audience, ResponseUrls } from './response-url.ts'
import type { Workspace } from './tokens.ts'
import type { Again, SlackApi } from './web-api.ts'

/** A message in both of its forms. */
export interface Draft {
  readonly full: Message
  /** What is sent when Slack does not take the full form. */
  readonly short: Message
}

/** Who is to read words that are for one person. */
interface Reader {
  readonly workspace: Workspace
  readonly channel: string
  readonly user: string
  readonly thread: string | null
  /** Whether `channel` is the person's own conversation with the bot. */
  readonly direct: boolean
}

type Posted = NonNullable<Place['message']>

/** The requests that write messages. Each throws an AppError, whose fault says what else to try. */
export interface Poster {
  /** A new message, in the thread or in a direct message as the place says; the course then has it. */
  post(course: Course, draft: Draft): Promise<void>
  /** A new version of the place's message. */
  edit(course: Course, message: Posted, draft: Draft, again: Again): Promise<void>
  /** A message by the response URL, its use counted for good before. */
  respond(course: Course, draft: Draft, audience: Audience): Promise<void>
  /** Words that only one person sees. */
  whisper(reader: Reader, message: Message, call: Call): Promise<void>
  /** Deletes a message of ours, also one that is gone already. */
  remove(workspace: Workspace, message: Pick<Posted, 'channel' | 'ts'>, call: Call): Promise<void>
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

  async function post(course: Course, draft: Draft): Promise<void> {
    const place = course.at()
    const direct = place.route === 'person'
    const thread = direct ? null : place.thread
    const answer = await fitting(draft, (message) =>
      api.ask(place, course.call, 'refused', (client) =>
        client.chat.postMessage({
          ...bodyOf(message),
          ...unfurling,
          channel: direct ? place.user : place.channel,
          ...inThread(thread),
        }),
      ),
    )
    const posted = postedSchema.safeParse(answer)
    if (!posted.success) throw new AppError('surface_unavailable', { detail: 'Slack: posted, but not where' })
    // For a person's id Slack answers with the conversation's, and only that one can be edited in.
    course.move({ ...place, message: { ...posted.data, thread } })
  }

  async function respond(course: Course, draft: Draft, audience: Audience): Promise<void> {
    await fitting(draft, async (message) => {
      const place = course.at()
      if (place.response === null) throw refusal('expired_url')
      const response = responses.use(place.response)
      await course.keep({ ...place, response })
      await responses.post(response, { ...message, ...inThread(place.thread) }, audience, course.call)
    })
  }

  return {
    post,
    respond,
    edit: async (course, { channel, ts }, draft, again) => {
      await fitting(draft, (message) =>
        api.ask(course.at(), course.call, again, (client) => client.chat.update({ ...bodyOf(message), channel, ts })),
      )
    },
    whisper: async ({ workspace, channel, user, thread, direct }, message, call) => {
      await api.ask(workspace, call, 'refused', (client) =>
        direct
          ? client.chat.postMessage({ ...bodyOf(message), ...unfurling, ...inThread(thread), channel })
          : client.chat.postEphemeral({ ...bodyOf(message), ...inThread(thread), channel, user }),
      )
    },
    remove: async (workspace, { channel, ts }, call) => {
      await api
        .ask(workspace, call, 'safely', (client) => client.chat.delete({ channel, ts }))
        .catch((error: unknown) => {
          if (faultOf(error) !== 'gone') throw error
        })
    },
  }
}

function inThread(thread: string | null): { readonly thread_ts?: string } {
  return thread === null ? {} : { thread_ts: thread }
}

function bodyOf({ text, blocks }: Message) {
  // Without blocks, `text` alone also removes those of the version before.
  const short = cut(text, slackLimits.updateText)
  return blocks.length === 0 ? { text: short } : { text: short, blocks: [...blocks] }
}
