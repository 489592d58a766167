import type { Clock } from '../../src/core/ports.ts'

/** Time that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /**
   * Moves on by `ms`, waking each sleeper at its own time and in order; everything that a sleeper sets going without
   * further sleep runs before the next one wakes.
   */
  advance(ms: number): Promise<void>
  /** Lets everything run that waits for no time. */
  settle(): Promise<void>
  /** Sets the wall clock; the monotonic one and all sleepers stay as they are. */
  setWall(ms: number): void
  /** How many sleep: 0 when nothing was left behind. */
  readonly sleepers: number
}

interface Sleeper {
  readonly at: number
  wake(): void
}

/** A clock whose wall time begins at `startMs` (milliseconds since the epoch) and whose monotonic time begins at 0. */
export function createManualClock(startMs = Date.UTC(2026, 0, 15, 12)): ManualClock {
  const sleepers = new Set<Sleeper>()
  let elapsed = 0
  let wall = startMs

  const sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal.throwIfAborted()
      const leave = () => {
        sleepers.delete(sleeper)
        signal.removeEventListener('abort', stop)
      }
      const stop = () => {
        leave()
        reject(signal.reason)
      }
      const sleeper: Sleeper = {
        at: elapsed + Math.max(0, ms),
        wake: () => {
          leave()
          resolve()
        },
      }
      signal.addEventListener('abort', stop, { once: true })
      sleepers.add(sleeper)
    })

  function nextUntil(until: number): Sleeper | undefined {
    let next: Sleeper | undefined
    // The earliest; among equals the one that lay down first, which is the set's order.
    for (const sleeper of sleepers)
      if (sleeper.at <= until && (next === undefined || sleeper.at < next.at)) next = sleeper
    return next
  }

  async function advance(ms: number): Promise<void> {
    const until = elapsed + ms
    await idle()
    for (let next = nextUntil(until); next !== undefined; next = nextUntil(until)) {
      elapsed = Math.max(elapsed, next.at)
      next.wake()
      await idle()
    }
    elapsed = until
  }

  return {
    now: () => wall + elapsed,
    monotonic: () => elapsed,
    sleep,
    advance,
    settle: () => advance(0),
    setWall: (ms) => {
      wall = ms - elapsed
    },
    get sleepers() {
      return sleepers.size
    },
  }
}

/** One turn of the event loop: every chain of promises that waits for nothing outside has run by then. */
async function idle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
