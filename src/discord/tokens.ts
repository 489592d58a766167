import { z } from 'zod'
import type { Drafts } from '../core/ports.ts'
import type { Place } from './address.ts'
import { tokenMs } from './limits.ts'

export type Token = NonNullable<Place['secret']>

/**
 * Interaction tokens that a press brought for a job's message after its own was over: every replica finds them, until
 * they are over themselves.
 */
export interface FreshTokens {
  put(jobId: string, token: Token): Promise<void>
  find(jobId: string): Promise<Token | null>
}

const tokenSchema = z.strictObject({ token: z.string().min(1), issuedAt: z.int().nonnegative() })

export function createFreshTokens(drafts: Drafts): FreshTokens {
  const idOf = (jobId: string) => `discord-token-${jobId}`
  return {
    put: (jobId, token) => drafts.put(idOf(jobId), { ...token }, tokenMs),
    find: async (jobId) => tokenSchema.safeParse(await drafts.get(idOf(jobId))).data ?? null,
  }
}
