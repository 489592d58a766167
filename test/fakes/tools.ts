import type { Json } from '../../src/core/job.ts'
import type { AdapterTools, Drafts, Vault } from '../../src/core/ports.ts'

/** Drafts in memory; nothing expires, `forget` does it. */
export function createFakeDrafts(): Drafts & { readonly all: Map<string, Json>; forget(): void } {
  const all = new Map<string, Json>()
  return {
    all,
    put: async (id, draft) => void all.set(id, draft),
    get: async (id) => all.get(id) ?? null,
    forget: () => all.clear(),
  }
}

/** Secrets in memory, for one process. */
export function createFakeVault(): Vault {
  const all = new Map<string, string>()
  const last = new Map<string, Promise<unknown>>()
  return {
    get: async (name) => all.get(name) ?? null,
    put: async (name, value) => void all.set(name, value),
    remove: async (name) => void all.delete(name),
    withLock: async (name, task) => {
      const before = last.get(name) ?? Promise.resolve()
      const mine = before.then(task, task)
      last.set(
        name,
        mine.catch(() => undefined),
      )
      return mine
    },
  }
}

/** The tools that most tests of an adapter need nothing special of. */
export function fakeTools(): Pick<AdapterTools, 'random' | 'drafts' | 'vault' | 'links'> {
  return { random: () => 0.5, drafts: createFakeDrafts(), vault: createFakeVault(), links: null }
}
