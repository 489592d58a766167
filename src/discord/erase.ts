import type { Job } from '../core/job.ts'
import { placeOf } from './address.ts'
import type { ButtonPress } from './parse.ts'
import type { ReplyOptions } from './reply.ts'

const terms = { patienceMs: 5_000, timeoutMs: 10_000 }

/** Deletes the pressed message and, where that is another one, the job's own; what is gone already is no failure. */
export async function eraseMessages(
  { caller, place, pressed }: ButtonPress,
  job: Job | null,
  { platform, tools, signal }: ReplyOptions,
): Promise<void> {
  const { applicationId, token } = caller.door
  const byToken = await platform.deleteReply({ applicationId, token }, { signal, ...terms })
  const own = job?.state === 'delivered' ? placeOf(job.receipt.address) : null
  const others = [
    ...(!byToken.ok && byToken.trouble !== 'message_gone' && !pressed.ephemeral && place.botReaches
      ? [{ channelId: place.channelId, messageId: pressed.messageId }]
      : []),
    ...(own !== null &&
    own.messageId !== null &&
    own.messageId !== pressed.messageId &&
    own.botReaches &&
    !own.ephemeral
      ? [{ channelId: own.channelId, messageId: own.messageId }]
      : []),
  ]
  for (const { channelId, messageId } of others) {
    const said = await platform.deleteMessage(channelId, messageId, { signal, ...terms })
    if (!said.ok && said.trouble !== 'message_gone')
      tools.log.warn({ detail: said.error.detail }, 'message not deleted')
  }
}
