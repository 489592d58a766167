import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { Address, Json } from '../core/job.ts'

const addressSchema = z.object({ messageId: z.string() })

/** Where a job's message is: at the person's own message with this id. */
export function toAddress(messageId: string): Address {
  return { at: { messageId }, secret: null }
}

/** The id of the person's message. Throws an AppError `internal` for what this surface did not write. */
export function messageIdOf({ at }: { readonly at: Json }): string {
  const parsed = addressSchema.safeParse(at)
  if (!parsed.success) throw new AppError('internal', { detail: 'not an address of the playground' })
  return parsed.data.messageId
}
