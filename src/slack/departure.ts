import { z } from 'zod'

const departureSchema = z.object({
  /** In seconds. */
  event_time: z.number().default(0),
  event: z.discriminatedUnion('type', [
    z.object({ type: z.literal('app_uninstalled') }),
    z.object({ type: z.literal('tokens_revoked'), tokens: z.object({ bot: z.array(z.unknown()).default([]) }) }),
  ]),
})

/** When the bot lost its workspace, in milliseconds since the epoch; null for an event that does not say so. */
export function parseDeparture(body: unknown): number | null {
  const parsed = departureSchema.safeParse(body)
  if (!parsed.success) return null
  const { event, event_time: seconds } = parsed.data
  // People's own tokens are none of ours.
  if (event.type === 'tokens_revoked' && event.tokens.bot.length === 0) return null
  return seconds * 1000
}
