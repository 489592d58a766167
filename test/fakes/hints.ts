import type { Hint, Hints } from '../../src/core/ports.ts'

/** Hints between the processes of one test, heard at once by everybody. */
export function createFakeHints(): Hints {
  const listeners = new Set<(hint: Hint) => void>()
  return {
    send: (hint) => {
      for (const listener of listeners) listener(hint)
    },
    listen: (listener, signal) => {
      listeners.add(listener)
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true })
    },
  }
}
