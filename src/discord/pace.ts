import type { Clock } from '../core/ports.ts'
import { channelEditMs, editMs, firstEditMs, longestEditMs, slowAfterMs, slowEditMs, surfaceEditMs } from './limits.ts'

/** What slows progress down besides the jobs themselves. */
export interface Pacing {
  readonly clock: Pick<Clock, 'monotonic'>
  /** When a rate limit was last met, on the monotonic clock. */
  limitedAt(): number | null
}

/** A job, and its company. */
export interface Paced {
  readonly elapsedMs: number
  /** Jobs under way on Discord. */
  readonly live: number
  /** Jobs under way in the same channel. */
  readonly inChannel: number
}

/** After a rate limit was met, progress is half as frequent for this long. */
const cautionMs = 60_000

/** Milliseconds from one progress edit to the next. The first one is never late: it brings the Cancel button. */
export function paceOf({ elapsedMs, live, inChannel }: Paced, { clock, limitedAt }: Pacing): number {
  if (elapsedMs < firstEditMs) return firstEditMs
  const own = elapsedMs < slowAfterMs ? editMs : slowEditMs
  const shared = Math.max(inChannel * channelEditMs, live * surfaceEditMs)
  const limited = limitedAt()
  const caution = limited !== null && clock.monotonic() - limited < cautionMs ? 2 : 1
  return Math.min(Math.max(own, shared) * caution, longestEditMs)
}
