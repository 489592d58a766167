import type { PictureType } from '../../src/core/job.ts'
import type { Clock, Shelf } from '../../src/core/ports.ts'

interface Kept {
  readonly type: PictureType
  readonly bytes: Uint8Array
  readonly until: number
}

const chunkBytes = 64 * 1024

/** A shelf in memory, with expiry by the given clock. */
export function createMemoryShelf(clock: Pick<Clock, 'now'>): Shelf & { readonly ids: () => readonly string[] } {
  const kept = new Map<string, Kept>()
  const fresh = (id: string) => {
    const found = kept.get(id)
    return found !== undefined && found.until > clock.now() ? found : null
  }
  return {
    ids: () => [...kept.keys()],
    put: async (id, type, body, keepMs) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      kept.set(id, { type, bytes, until: clock.now() + keepMs })
      return { size: bytes.length }
    },
    find: async (id) => {
      const found = fresh(id)
      return found === null ? null : { type: found.type, size: found.bytes.length }
    },
    read: async function* (id, from, to) {
      const bytes = fresh(id)?.bytes.subarray(from, to) ?? new Uint8Array()
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
    },
    sweep: async () => {
      const gone = [...kept].filter(([, { until }]) => until <= clock.now())
      for (const [id] of gone) kept.delete(id)
      return gone.length
    },
  }
}
