import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { Json } from '../core/job.ts'
import type { Message } from './platform.ts'
import { snowflake } from './snowflake.ts'

/** The durable handle of a picture shown in a message. */
const fileSchema = z.strictObject({
  channelId: snowflake,
  messageId: snowflake,
  attachmentId: snowflake,
  /** Signed, and valid for about a day. */
  url: z.string(),
  /** Whether only its reader's interactions can find the message again. */
  ephemeral: z.boolean(),
})
export type ResultFile = Readonly<z.output<typeof fileSchema>>

/** The handles of the files with these names, in their order. */
export function filesOf(message: Message, names: readonly string[], ephemeral: boolean): readonly Json[] {
  return names.flatMap((name, at): Json[] => {
    // Discord keeps plain names; the order is the one of the upload either way.
    const found = message.attachments.find(({ filename }) => filename === name) ?? message.attachments[at]
    if (found === undefined) return []
    const file: ResultFile = {
      channelId: message.channel_id,
      messageId: message.id,
      attachmentId: found.id,
      url: found.url,
      ephemeral,
    }
    return [{ ...file }]
  })
}

/** Throws `input_gone` where there is no such picture. */
export function readFile(files: readonly Json[], n: number): ResultFile {
  const parsed = fileSchema.safeParse(files[n - 1])
  if (!parsed.success) throw new AppError('input_gone', { detail: `no picture ${n} in the receipt` })
  return parsed.data
}

/** When a signed URL expires, in milliseconds since the epoch; null where it does not say. D reference, Signed attachment URLs. */
export function expiryOf(url: string): number | null {
  const ex = URL.parse(url)?.searchParams.get('ex') ?? ''
  return /^[0-9a-f]{1,12}$/i.test(ex) ? Number.parseInt(ex, 16) * 1000 : null
}
