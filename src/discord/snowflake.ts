import { z } from 'zod'

/** First second of 2015, where Discord's ids begin. D reference. */
const epochMs = 1_420_070_400_000

/** A Discord id. */
export const snowflake = z.string().regex(/^\d{17,20}$/)

/** When Discord made the thing with this id: milliseconds since the epoch, by Discord's clock. */
export function timeOf(id: string): number {
  return Number(BigInt(id) >> 22n) + epochMs
}
