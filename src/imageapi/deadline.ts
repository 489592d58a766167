/**
 * Runs `task` with a signal that aborts with `signal`, or after `ms` milliseconds with a `TimeoutError`. One timer and
 * one listener, both gone when the task is.
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  task: (deadline: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError')), ms)
  const stop = () => deadline.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await task(deadline.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

/** What `promise` gives, or the signal's reason as soon as it aborts: undici itself hears an abort only once it is connected. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const stop = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
