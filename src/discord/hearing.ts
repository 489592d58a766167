import type { GatewayMessageCreateDispatchData } from 'discord.js'
import { failureOf } from '../core/failure.ts'
import type { Clock } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import { type Heard, type Listener, parseMessage, type Sender, toAsk, wantsHelp } from './message.ts'
import { createMessageReply, tellSender } from './message-reply.ts'
import { findMeant } from './replied-to.ts'
import type { ReplyOptions } from './reply.ts'

/** Hears what people say, and answers what is meant for the bot. */
export interface Hearing {
  hear(message: GatewayMessageCreateDispatchData, listener: Listener, receivedAt: number, studio: Studio): Promise<void>
}

/** People under a result mostly talk to each other: nobody is told more than once an hour why the bot does not answer. */
const toldAgainMs = 3_600_000
const toldMost = 1_000

export function createHearing(options: ReplyOptions): Hearing {
  const told = createTold(options.tools.clock)

  async function noticeFor(heard: Heard, listener: Listener, receivedAt: number, studio: Studio) {
    if (wantsHelp(heard)) return { kind: 'help' as const }
    try {
      return await asked(heard, listener, receivedAt, studio)
    } catch (error) {
      options.tools.log.error({ message: heard.messageId, ...failureOf(error) }, 'request not handled')
      return { kind: 'failure' as const, failure: failureOf(error) }
    }
  }

  /** What the sender is told besides what the studio says. */
  async function asked(heard: Heard, { apiUrl }: Listener, receivedAt: number, studio: Studio): Promise<Notice | null> {
    const { platform, signal } = options
    const found = await findMeant(heard, { studio, platform, apiUrl, signal })
    if (found.kind === 'chatter') return null
    if (found.kind === 'told') return found.notice
    await studio.imagine(toAsk(heard, found.meant, receivedAt), createMessageReply(heard, options))
    return null
  }

  return {
    hear: async (message, listener, receivedAt, studio) => {
      const heard = parseMessage(message, listener)
      if (heard === null) return
      if (heard.kind === 'unread') {
        if (told.isFirst(heard)) await tellSender(heard, { kind: 'unread' }, options)
        return
      }
      const notice = await noticeFor(heard, listener, receivedAt, studio)
      if (notice !== null) await tellSender(heard, notice, options)
    },
  }
}

/** Who was told lately, in which channel. */
function createTold({ now }: Pick<Clock, 'now'>) {
  const when = new Map<string, number>()
  return {
    isFirst: ({ person, place }: Sender) => {
      const key = `${place.channelId}:${person.id}`
      const last = when.get(key)
      if (last !== undefined && now() - last < toldAgainMs) return false
      when.delete(key)
      when.set(key, now())
      const [oldest] = when.keys()
      if (when.size > toldMost && oldest !== undefined) when.delete(oldest)
      return true
    },
  }
}
