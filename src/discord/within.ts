import type { Clock } from '../core/ports.ts'

/** What came of a task if it ended within so many milliseconds; null while it goes on. A rejection passes through. */
export async function within<T>(
  ms: number,
  task: Promise<T>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<{ readonly value: T } | null> {
  const done = new AbortController()
  const slow = clock.sleep(ms, AbortSignal.any([done.signal, signal])).then(
    () => null,
    () => null,
  )
  try {
    return await Promise.race([task.then((value) => ({ value })), slow])
  } finally {
    done.abort()
  }
}
