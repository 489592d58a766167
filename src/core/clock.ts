import type { Clock } from './ports.ts'

/** node's timers fire at once for anything longer: 2^31 - 1 ms, 24 days. */
const longestMs = 2_147_483_647

/** Wall and monotonic time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  // node's own promises of timers make an error with its stack for each sleep that is cut short, which most are.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const stop = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const wake = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const timer = setTimeout(wake, Math.min(ms, longestMs))
      signal.addEventListener('abort', stop, { once: true })
    }),
}
