/** Bounds how many tasks run at once; the others wait in order. */
export interface Slots {
  /** Takes a slot as soon as one is free; what it gives back gives the slot back. Rejects like `run`. */
  take(signal: AbortSignal): Promise<() => void>
  /** Runs `task` when a slot is free. Rejects with the signal's reason when it aborts before that. */
  run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T>
}

/** `count` tasks at once, at least 1. */
export function createSlots(count: number): Slots {
  let free = count
  const waiting = new Set<() => void>()

  const wait = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = () => {
        waiting.delete(go)
        reject(signal.reason)
      }
      waiting.add(go)
      signal.addEventListener('abort', stop, { once: true })
    })

  const give = () => {
    const [next] = waiting
    if (next === undefined) {
      free += 1
      return
    }
    // The slot goes to the next in line without becoming free in between.
    waiting.delete(next)
    next()
  }

  const take = async (signal: AbortSignal) => {
    signal.throwIfAborted()
    if (free > 0) free -= 1
    else await wait(signal)
    return give
  }

  return {
    take,
    run: async (signal, task) => {
      const done = await take(signal)
      try {
        return await task()
      } finally {
        done()
      }
    },
  }
}
