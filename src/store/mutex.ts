/** Runs tasks one at a time, in the order in which they came. */
export type Mutex = <T>(task: () => Promise<T>) => Promise<T>

export function createMutex(): Mutex {
  let tail: Promise<unknown> = Promise.resolve()
  return (task) => {
    const result = tail.then(task)
    // A failed task concerns its caller, not the next one in line.
    tail = result.then(ignore, ignore)
    return result
  }
}

/** One mutex a name, forgotten when nobody holds it or waits for it. */
export type Locks = <T>(name: string, task: () => Promise<T>) => Promise<T>

export function createLocks(): Locks {
  const held = new Map<string, { readonly mutex: Mutex; users: number }>()
  return async (name, task) => {
    const lock = held.get(name) ?? { mutex: createMutex(), users: 0 }
    held.set(name, lock)
    lock.users += 1
    try {
      return await lock.mutex(task)
    } finally {
      lock.users -= 1
      if (lock.users === 0) held.delete(name)
    }
  }
}

function ignore(): void {}
