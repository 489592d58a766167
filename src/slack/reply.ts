import type { Call, Reply } from '../core/ports.ts'
import type { Notice } from '../core/view.ts'
import type { ResponseUrl } from './address.ts'
import { faultOf, toAppError } from './errors.ts'
import type { Asked } from './parse.ts'
import type { Poster } from './poster.ts'
import { type Message, renderNotice } from './render.ts'
import type { ResponseUrls } from './response-url.ts'

/** Answers an event before it becomes a job. */
export interface SlackReply extends Reply {
  /** Acks what nobody answered: a duplicate stays silent, but Slack has to know that it came. */
  settle(): Promise<void>
}

/** Sends the ack; with words where the event takes them. */
export type Ack = (words?: Message) => Promise<void>

export interface ReplyDeps {
  readonly poster: Poster
  readonly responses: ResponseUrls
  readonly call: Call
}

/** Slack does not say which language a person reads. */
const locale = 'en'

/** Answers a slash command: with the ack itself while that is not sent, by the response URL afterwards. */
export function commandReply(asked: Asked, ack: Ack, { responses, call }: ReplyDeps): SlackReply {
  const once = acking(ack)
  return {
    ...once.reply,
    refuse: async (notice) => {
      const words = renderNotice(notice, locale, asked.command)
      if (!once.done()) return once.ack(words)
      const { response } = asked.origin
      if (response !== null) await responses.post(response, words, 'ephemeral', call)
    },
  }
}

/** Answers a mention or a direct message: with words that only the asker sees. */
export function messageReply(asked: Asked, ack: Ack, { poster, call }: ReplyDeps): SlackReply {
  const once = acking(ack)
  const { channel, user, thread } = asked.origin
  return {
    ...once.reply,
    refuse: async (notice) => {
      await once.reply.settle()
      const words = renderNotice(notice, locale, asked.command)
      const reader = { channel, user, thread, direct: asked.direct }
      try {
        await poster.whisper(reader, words, call)
      } catch (error) {
        if (faultOf(error) !== 'absent') throw error
        await poster.whisper({ channel: user, user, thread: null, direct: true }, words, call)
      }
    },
  }
}

/** Answers a pressed button that did not do what it says. */
export async function answerPress(
  responseUrl: string,
  thread: string | null,
  notice: Notice,
  nowMs: number,
  { responses, call }: ReplyDeps,
): Promise<void> {
  const response: ResponseUrl = { responseUrl, issuedAt: nowMs, uses: 0 }
  const words = renderNotice(notice, locale, '')
  const inThread = thread === null ? {} : { thread_ts: thread }
  await responses.post(response, { ...words, ...inThread }, 'ephemeral', call)
}

function acking(send: Ack) {
  let done = false
  const ack = async (words?: Message) => {
    done = true
    try {
      await send(words)
    } catch (error) {
      // The socket it came by is closed.
      throw toAppError(error)
    }
  }
  const settle = async () => {
    if (!done) await ack()
  }
  const reply = {
    // The command's own message is no placeholder: that is posted by the first step of the job.
    accept: async () => {
      await settle()
      return null
    },
    defer: settle,
    settle,
  }
  return { ack, reply, done: () => done }
}
