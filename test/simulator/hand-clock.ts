import type { Clock } from '../../src/core/ports.ts'

/** A clock that stands still until it is moved by hand. */
export interface HandClock extends Clock {
  /** Moves on and wakes whoever's sleep is over, in order. */
  advance(ms: number): Promise<void>
}

interface Sleeper {
  readonly until: number
  wake(): void
}

export function createHandClock(start = Date.UTC(2026, 0, 1)): HandClock {
  let now = start
  const sleepers = new Set<Sleeper>()
  return {
    now: () => now,
    monotonic: () => now - start,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const sleeper: Sleeper = {
          until: now + ms,
          wake: () => {
            sleepers.delete(sleeper)
            signal.removeEventListener('abort', stop)
            resolve()
          },
        }
        const stop = () => {
          sleepers.delete(sleeper)
          reject(signal.reason)
        }
        signal.addEventListener('abort', stop, { once: true })
        if (ms <= 0) sleeper.wake()
        else sleepers.add(sleeper)
      }),
    advance: async (ms) => {
      now += ms
      const due = [...sleepers].filter(({ until }) => until <= now).sort((a, b) => a.until - b.until)
      for (const sleeper of due) sleeper.wake()
      // What was woken gets to run before the test goes on.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
