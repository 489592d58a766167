import { AppError } from '../core/failure.ts'
import type { Shelf } from '../core/ports.ts'
import { headBytes, pictureTypeOf } from '../media/type.ts'

/**
 * Streams a picture that was handed in to the shelf, told by its bytes and by nothing else. Throws an AppError:
 * `input_empty`, `input_not_picture`, and what the body throws (`input_too_large`).
 */
export async function keepUpload(
  id: string,
  body: AsyncIterable<Uint8Array>,
  shelf: Pick<Shelf, 'put'>,
  keepMs: number,
): Promise<void> {
  const chunks = body[Symbol.asyncIterator]()
  try {
    const head = await firstBytes(chunks)
    if (head.length === 0) throw new AppError('input_empty')
    const type = pictureTypeOf(head)
    if (type === null) throw new AppError('input_not_picture')
    await shelf.put(id, type, joined(head, chunks), keepMs)
  } finally {
    await chunks.return?.()
  }
}

async function firstBytes(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  while (length < headBytes) {
    const next = await chunks.next()
    if (next.done === true) break
    parts.push(next.value)
    length += next.value.length
  }
  return Buffer.concat(parts)
}

async function* joined(head: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
}
