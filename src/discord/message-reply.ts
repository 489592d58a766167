import type { Reply } from '../core/ports.ts'
import type { Notice } from '../core/view.ts'
import { messageLocale, type Sender } from './message.ts'
import { nonceOf, post } from './post.ts'
import { renderNotice } from './render.ts'
import type { ReplyOptions } from './reply.ts'

/** Words that answer a message are not in a hurry. */
const terms = { patienceMs: 5_000, timeoutMs: 10_000 }

/** A message to the bot, for the studio: nobody waits for an ack, and the surface posts the job's message by itself. */
export function createMessageReply(sender: Sender, options: ReplyOptions): Reply {
  return {
    defer: async () => undefined,
    accept: async () => null,
    refuse: (notice) => tellSender(sender, notice, options),
  }
}

/** Answers a message with words, once however often it was delivered. Throws an AppError when Discord does not take them. */
export async function tellSender(
  { messageId, place }: Sender,
  notice: Notice,
  { platform, signal }: ReplyOptions,
): Promise<void> {
  const { channelId, replyTo } = place
  const message = renderNotice(notice, messageLocale)
  const said = await post(
    platform,
    { channelId, replyTo, message, nonce: nonceOf(messageId, 'words') },
    { signal, ...terms },
  )
  if (!said.ok) throw said.error
}
