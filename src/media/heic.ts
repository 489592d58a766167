import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createSlots } from './slots.ts'

export interface HeicTask {
  readonly bytes: Uint8Array
  readonly maxPixels: number
}

export type HeicAnswer =
  | {
      readonly kind: 'decoded'
      readonly width: number
      readonly height: number
      /** RGBA, 8 bits each. */
      readonly data: Uint8ClampedArray<ArrayBuffer>
      readonly opaque: boolean
    }
  | { readonly kind: 'too_many_pixels' }
  | { readonly kind: 'broken' }

// libheif in WebAssembly takes up to a few hundred MB for a large photo: one at a time in the whole process.
const slots = createSlots(1)
const patienceMs = 60_000

/**
 * Decodes a HEIC file in a thread of its own, which ends with it: its memory is given back, and a file that makes libheif
 * loop or crash costs that thread alone. Rejects only with the signal's reason.
 */
export function decodeHeic(bytes: Uint8Array, maxPixels: number, signal: AbortSignal): Promise<HeicAnswer> {
  return slots.run(signal, async () => {
    const worker = new Worker(new URL('./heic-worker.ts', import.meta.url), {
      workerData: { bytes, maxPixels } satisfies HeicTask,
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
      // libheif talks on its standard streams; nobody listens.
      stdout: true,
      stderr: true,
      env: {},
      execArgv: [],
    })
    const timer = AbortSignal.timeout(patienceMs)
    const stopped = AbortSignal.any([signal, timer])
    try {
      // A thread that dies without an answer: out of memory, or a trap in libheif.
      const gone = once(worker, 'exit', { signal: stopped }).then((): HeicAnswer => ({ kind: 'broken' }))
      const answered = once(worker, 'message', { signal: stopped }).then(([answer]): HeicAnswer => answer)
      return await Promise.race([answered, gone])
    } catch {
      signal.throwIfAborted()
      return { kind: 'broken' }
    } finally {
      await worker.terminate()
    }
  })
}
