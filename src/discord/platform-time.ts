import type { Clock } from '../core/ports.ts'

/** Discord's own clock, for ages of ids and tokens: this machine's, put right where it is clearly wrong. */
export interface PlatformTime {
  /** Milliseconds since the epoch. */
  now(): number
  /** Learns from an answer's `Date` header. */
  observe(date: string | null): void
}

/** The header has whole seconds and travelled: a smaller difference says nothing. */
const noiseMs = 2_000

export function createPlatformTime(clock: Pick<Clock, 'now'>): PlatformTime {
  let offsetMs = 0
  return {
    now: () => clock.now() + offsetMs,
    observe: (date) => {
      const sent = Date.parse(date ?? '')
      if (Number.isNaN(sent)) return
      const difference = sent - clock.now()
      offsetMs = Math.abs(difference) > noiseMs ? difference : 0
    },
  }
}
