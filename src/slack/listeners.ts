import type { App } from '@slack/bolt'
import { type Failure, failureOf } from '../core/failure.ts'
import type { AdapterTools } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import { type Acks, acknowledge } from './acks.ts'
import type { Identity } from './identity.ts'
import { type Asked, type Pointed, parseCommand, parseMessage, parsePress, toAsk, wantsHelp } from './parse.ts'
import { type Ack, answerPress, commandReply, messageReply, type ReplyDeps, type SlackReply } from './reply.ts'
import { picturesOfThread } from './thread.ts'
import type { SlackApi } from './web-api.ts'

export interface ListenersDeps {
  readonly app: App
  readonly api: SlackApi
  readonly reply: ReplyDeps
  readonly tools: AdapterTools
}

/** What is done when Slack tells of something. */
export interface Listeners {
  /** Begins to hand what people ask to the studio. */
  serve(studio: Studio, identity: Identity): void
  /** Resolves when nothing that arrived is still being answered. */
  idle(): Promise<void>
}

export function createListeners({ app, api, reply, tools }: ListenersDeps): Listeners {
  const { clock, log } = tools
  const busy = new Set<Promise<unknown>>()
  const acks: Acks = acknowledge(app, log)

  /** Remembers what is under way; a failure goes on to Bolt, which leaves the event unacked. */
  async function during<T>(task: Promise<T>): Promise<T> {
    busy.add(task)
    try {
      return await task
    } finally {
      busy.delete(task)
    }
  }

  async function answer(asked: Asked, own: SlackReply, studio: Studio, receivedAt: number): Promise<void> {
    if (wantsHelp(asked)) return own.refuse({ kind: 'help' })
    const pointed = await pointedAt(asked, studio)
    if ('code' in pointed) return own.refuse({ kind: 'failure', failure: pointed })
    await studio.imagine(toAsk(asked, pointed, receivedAt), own)
    await own.settle()
  }

  /** The pictures of the thread; a failure when we can't see whether it has any, for words alone may then be wrong. */
  async function pointedAt(asked: Asked, studio: Studio): Promise<Pointed | Failure> {
    const { thread } = asked.origin
    if (thread === null || asked.inputs.length > 0 || asked.problems.length > 0) return { inputs: [], parent: null }
    try {
      return await picturesOfThread(asked.origin, studio, api)
    } catch (error) {
      const { code, detail } = failureOf(error)
      log.warn({ failure: code, detail }, 'the first message of a thread can’t be read')
      return { code: code === 'store_unavailable' ? code : 'input_unreachable' }
    }
  }

  async function press(body: unknown, studio: Studio): Promise<void> {
    const pressed = parsePress(body)
    if (pressed === null) return
    const { button, userId, responseUrl, thread } = pressed
    const notice = await outcomeOf(button?.cancel ?? null, userId, studio)
    if (notice !== null && responseUrl !== null) await answerPress(responseUrl, thread, notice, clock.now(), reply)
  }

  /** What to say to a press; null when its message itself shows that it worked. */
  async function outcomeOf(jobId: string | null, personId: string, studio: Studio): Promise<Notice | null> {
    if (jobId === null) return { kind: 'old_button' }
    try {
      const answer = await studio.cancel({ jobId, personId, mayManage: false })
      return answer === 'cancelled' ? null : { kind: 'cancel', answer }
    } catch (error) {
      log.error({ err: error }, 'a press was not answered')
      return { kind: 'failure', failure: { code: failureOf(error).code } }
    }
  }

  function serve(studio: Studio, identity: Identity): void {
    // Any name: whoever runs the bot may have called the command otherwise.
    app.command(/^\//, async ({ payload, ack }) => {
      const receivedAt = clock.monotonic()
      const asked = parseCommand(payload, clock.now())
      if (asked === null) return ack()
      const send: Ack = (words) =>
        ack(words === undefined ? undefined : { ...words, blocks: [...words.blocks], response_type: 'ephemeral' })
      await during(answer(asked, commandReply(asked, send, reply), studio, receivedAt))
    })
    const message = async (body: object) => {
      const receivedAt = clock.monotonic()
      const asked = parseMessage(body, identity.botUserId)
      if (asked === null) return
      await during(
        answer(
          asked,
          messageReply(asked, () => acks.of(body), reply),
          studio,
          receivedAt,
        ),
      )
    }
    app.event('app_mention', ({ body }) => message(body))
    app.event('message', ({ body }) => message(body))
    // Old buttons too: what is not acked shows a warning sign.
    app.action(/.*/, async ({ body, ack }) => {
      await ack()
      await during(press(body, studio))
    })
  }

  return {
    serve,
    idle: async () => {
      await Promise.allSettled([...busy])
    },
  }
}
