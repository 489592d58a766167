import type { Random } from './ports.ts'

export interface Backoff {
  readonly firstMs: number
  readonly mostMs: number
}

/** The wait before try `attempt` (1 = the first repeat), doubled each time, with up to a quarter taken off at random. */
export function backoffMs(backoff: Backoff, attempt: number, random: Random): number {
  const full = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.max(0, attempt - 1))
  return full * (1 - random() / 4)
}
