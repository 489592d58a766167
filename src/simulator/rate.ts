import type { Clock } from '../core/ports.ts'

/** Counts what happened within the last second. */
export interface Rate {
  /** Counts one more unless that would be more than `limit` within a second; says whether it was counted. */
  admit(key: string, limit: number): boolean
}

const windowMs = 1000

export function createRate(clock: Clock): Rate {
  const seen = new Map<string, number[]>()
  return {
    admit: (key, limit) => {
      const now = clock.monotonic()
      if (seen.size > 10_000) seen.clear()
      const recent = (seen.get(key) ?? []).filter((at) => now - at < windowMs)
      const admitted = recent.length < limit
      if (admitted) recent.push(now)
      seen.set(key, recent)
      return admitted
    },
  }
}
