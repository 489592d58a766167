import { setTimeout as after } from 'node:timers/promises'
import type { Clock } from './ports.ts'

/** Wall and monotonic time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await after(ms, undefined, { signal })
    } catch (error) {
      // node rejects with its own AbortError; callers want the reason that was given.
      throw signal.aborted ? signal.reason : error
    }
  },
}
