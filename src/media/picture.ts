import { AppError } from '../core/failure.ts'
import type { HeldPicture, Picture, Shelf } from '../core/ports.ts'

/** A picture in memory, as a source. */
export function heldPicture({ type, bytes }: HeldPicture): Picture {
  return { open: async () => ({ type, size: bytes.length, body: once(bytes) }) }
}

/** A picture on the shelf. `open` throws `input_gone` when it is unknown or expired. */
export function shelfPicture(shelf: Shelf, id: string): Picture {
  return {
    open: async (signal) => {
      signal.throwIfAborted()
      const found = await shelf.find(id)
      signal.throwIfAborted()
      if (found === null) throw new AppError('input_gone', { detail: 'not on the shelf' })
      return { ...found, body: read(shelf, id, found.size, signal) }
    },
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function* read(shelf: Shelf, id: string, size: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const chunk of shelf.read(id, 0, size)) {
    signal.throwIfAborted()
    total += chunk.length
    yield chunk
  }
  if (total !== size) throw new AppError('input_gone', { detail: 'no longer whole on the shelf' })
}
