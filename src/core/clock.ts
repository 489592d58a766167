import { setTimeout as after } from 'node:timers/promises'
import type { Clock } from './ports.ts'

/** node's timers fire at once for anything longer: 2^31 - 1 ms, 24 days. */
const longestMs = 2_147_483_647

/** Wall and monotonic time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await after(Math.min(ms, longestMs), undefined, { signal })
    } catch (error) {
      // node rejects with its own AbortError; callers want the reason that was given.
      throw signal.aborted ? signal.reason : error
    }
  },
}
