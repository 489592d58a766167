import { AppError } from '../core/failure.ts'
import type { Clock } from '../core/ports.ts'

/** A read of the store that a form waits for may take this long, in milliseconds: its trigger lives for three seconds. */
const mostMs = 1_200

/** What a task gives if it gives it soon; throws `store_unavailable` when it does not. */
export async function soon<T>(task: Promise<T>, clock: Clock): Promise<T> {
  const done = new AbortController()
  const late = clock.sleep(mostMs, done.signal).then(
    () => true,
    () => false,
  )
  const over = await Promise.race([task.then(() => false), late]).finally(() => done.abort())
  if (over) throw new AppError('store_unavailable', { detail: 'the store takes too long for a form' })
  return task
}
