import { createHash } from 'node:crypto'
import { nonceLength } from './limits.ts'
import type { MessageBody } from './message-body.ts'
import type { Message, Platform, Said } from './platform.ts'
import type { Terms } from './rest.ts'

export interface Post {
  readonly channelId: string
  /** The message that this one answers; null: none. */
  readonly replyTo: string | null
  readonly message: MessageBody
  /** The same for every try of this post, and for nothing else. */
  readonly nonce: string
}

/** Posts a message once, as an answer to another where it has one and the bot may answer there. Nobody is pinged by it. */
export async function post(platform: Platform, asked: Post, terms: Terms): Promise<Said<Message>> {
  const { channelId, replyTo, message, nonce } = asked
  if (replyTo === null) return platform.post(channelId, message, nonce, terms)
  const answer = {
    ...message,
    allowed_mentions: { ...message.allowed_mentions, replied_user: false },
    // The question may be deleted meanwhile.
    message_reference: { message_id: replyTo, fail_if_not_exists: false },
  }
  const said = await platform.post(channelId, answer, nonce, terms)
  if (said.ok || said.trouble !== 'unreferable') return said
  return platform.post(channelId, message, nonce, terms)
}

/** A nonce of Discord's length for whatever these parts name. */
export function nonceOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, nonceLength)
}
