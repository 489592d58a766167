import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { Address } from '../core/job.ts'
import { snowflake } from './snowflake.ts'

/** The workspace of everything outside servers, as Discord itself names it in links. */
export const directMessages = '@me'

const atSchema = z.strictObject({
  /** Version 1 knew no replies; it is read as 2. */
  version: z.union([z.literal(1), z.literal(2)]).transform((): 2 => 2),
  applicationId: snowflake,
  channelId: snowflake,
  /** Null until Discord has told it. */
  messageId: snowflake.nullable(),
  /** Whether only the asker sees the message, as Discord decided it. */
  ephemeral: z.boolean(),
  /** Null in direct messages. */
  guildId: snowflake.nullable(),
  /** Whether the bot's own token reaches the channel: the app is installed in the server, or it is the bot's own DM. */
  botReaches: z.boolean(),
  /** Largest file that the interaction's token may upload, in bytes. */
  uploadBytes: z.int().positive(),
  /** The person's message that the job's message answers; null where an interaction is answered. */
  replyTo: snowflake.nullable().default(null),
  /** Whether pictures are hidden there until somebody clicks on them, as in an age-restricted channel. */
  spoiler: z.boolean().default(false),
})

const secretSchema = z.strictObject({
  /** The interaction's token. */
  token: z.string().min(1),
  /** When Discord issued it: milliseconds since the epoch, by Discord's clock. */
  issuedAt: z.int().nonnegative(),
})

/** Where a job's message is. `secret` is null once it is erased, or when the message is not the interaction's reply. */
export type Place = Readonly<z.output<typeof atSchema>> & {
  readonly secret: Readonly<z.output<typeof secretSchema>> | null
}

export function addressOf({ secret, ...at }: Place): Address {
  return { at, secret }
}

/** Throws `internal` for an address that this adapter did not write. */
export function placeOf(address: Address): Place {
  const at = atSchema.safeParse(address.at)
  const secret = secretSchema.nullable().safeParse(address.secret)
  if (!at.success || !secret.success) throw new AppError('internal', { detail: 'not a Discord address' })
  return { ...at.data, secret: secret.data }
}

/** Finds the job of a message again. */
export function messageKeyOf({ channelId, messageId }: Pick<Place, 'channelId' | 'messageId'>): string | null {
  return messageId === null ? null : `${channelId}:${messageId}`
}
