import type { Call, Reply } from '../core/ports.ts'
import type { Notice } from '../core/view.ts'
import { type Listener, sayAside } from './aside.ts'
import { definitions } from './commands.ts'
import { faultOf, toAppError } from './errors.ts'
import type { Asked } from './parse.ts'
import type { Poster } from './poster.ts'
import { type Message, renderNotice } from './render.ts'
import type { ResponseUrls } from './response-url.ts'

/** Answers an event before it becomes a job. */
export interface SlackReply extends Reply {
  /** Acks what nobody answered: a duplicate stays silent, but Slack has to know that it came. */
  settle(): Promise<void>
  /** Answers with words that are drawn already, for the asker alone. */
  say(words: Message): Promise<void>
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
  const say = async (words: Message) => {
    if (!once.done()) return once.ack(words)
    const { response } = asked.origin
    if (response !== null) await responses.post(responses.use(response), words, 'ephemeral', call)
  }
  return { ...once.reply, ...speaking(say, asked.command) }
}

/** Answers a mention or a direct message: with words that only the asker sees. */
export function messageReply(asked: Asked, ack: Ack, { poster, call }: ReplyDeps): SlackReply {
  const once = acking(ack)
  const { team, enterprise, channel, user, thread } = asked.origin
  const workspace = { team, enterprise }
  const say = async (words: Message) => {
    await once.reply.settle()
    try {
      await poster.whisper({ workspace, channel, user, thread, direct: asked.direct }, words, call)
    } catch (error) {
      if (faultOf(error) !== 'absent') throw error
      await poster.whisper({ workspace, channel: user, user, thread: null, direct: true }, words, call)
    }
  }
  return { ...once.reply, ...speaking(say, asked.command) }
}

/** Answers a button or a form that starts something: with words for one person where it does not start. */
export function pressReply(to: Listener, ack: Ack, deps: ReplyDeps): SlackReply {
  const once = acking(ack)
  const say = async (words: Message) => {
    await once.reply.settle()
    await sayAside(to, words, deps)
  }
  return { ...once.reply, ...speaking(say, definitions.command.command) }
}

/** `command` as it is typed there. */
function speaking(say: SlackReply['say'], command: string): Pick<SlackReply, 'say' | 'refuse'> {
  return { say, refuse: (notice: Notice) => say(renderNotice(notice, locale, command)) }
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
