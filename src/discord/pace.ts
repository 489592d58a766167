import type { Clock } from '../core/ports.ts'
import { editMs, firstEditMs, longestEditMs, sharedEditMs, slowAfterMs, slowEditMs } from './limits.ts'

/** What slows progress down besides the job's own age. */
export interface Pacing {
  readonly clock: Pick<Clock, 'monotonic'>
  /** When a rate limit was last met, on the monotonic clock. */
  limitedAt(): number | null
}

/** After a rate limit was met, progress is half as frequent for this long. */
const cautionMs = 60_000

/** Milliseconds from one progress edit to the next. The first one is never late: it brings the Cancel button. */
export function paceOf(elapsedMs: number, live: number, { clock, limitedAt }: Pacing): number {
  if (elapsedMs < firstEditMs) return firstEditMs
  const own = elapsedMs < slowAfterMs ? editMs : slowEditMs
  const shared = Math.min(live * sharedEditMs, longestEditMs)
  const limited = limitedAt()
  const caution = limited !== null && clock.monotonic() - limited < cautionMs ? 2 : 1
  return Math.min(Math.max(own, shared) * caution, longestEditMs)
}
