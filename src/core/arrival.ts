import type { Job } from './job.ts'
import type { Clock } from './ports.ts'

const patience = { everyMs: 100, tries: 30 }

/**
 * Reads a job; where it is settled, waits for at most 3 seconds until its delivery is written down: people see a result,
 * and press its buttons, a moment before that.
 */
export async function arrived(read: () => Promise<Job | null>, clock: Clock, signal: AbortSignal): Promise<Job | null> {
  let job = await read()
  for (let tries = 0; job?.state === 'settled' && tries < patience.tries; tries += 1) {
    await clock.sleep(patience.everyMs, signal)
    job = await read()
  }
  return job
}
