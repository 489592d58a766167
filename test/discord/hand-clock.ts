import type { Clock } from '../../src/core/ports.ts'

/** A clock that stands still until it is moved by hand. */
export interface HandClock extends Clock {
  /** Moves on and wakes whoever's sleep is over. */
  advance(ms: number): void
  /** How long each of those who sleep now wanted to, in milliseconds. */
  sleeping(): readonly number[]
}

interface Sleeper {
  readonly ms: number
  readonly until: number
  wake(): void
}

/** It begins at the present, for ids that look real. */
export function createHandClock(): HandClock {
  const start = Date.now()
  let now = start
  const sleepers = new Set<Sleeper>()
  return {
    now: () => now,
    monotonic: () => now - start,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const stop = () => {
          sleepers.delete(sleeper)
          reject(signal.reason)
        }
        const sleeper: Sleeper = {
          ms,
          until: now + ms,
          wake: () => {
            sleepers.delete(sleeper)
            signal.removeEventListener('abort', stop)
            resolve()
          },
        }
        signal.addEventListener('abort', stop, { once: true })
        sleepers.add(sleeper)
      }),
    advance: (ms) => {
      now += ms
      for (const sleeper of [...sleepers]) if (sleeper.until <= now) sleeper.wake()
    },
    sleeping: () => [...sleepers].map(({ ms }) => ms),
  }
}
