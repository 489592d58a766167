import { AppError, type FailureCode } from '../core/failure.ts'
import type { OpenPicture } from '../core/ports.ts'

/**
 * Reads a picture into one buffer of its exact size; there is never a second copy of it. Throws an AppError `tooLarge` beyond
 * `maxBytes`, and what the body throws; the body is closed in every case.
 */
export async function collect(
  open: OpenPicture,
  maxBytes: number,
  tooLarge: FailureCode = 'input_too_large',
): Promise<Uint8Array> {
  if (open.size !== null && open.size > maxBytes) {
    await discard(open)
    throw over(tooLarge, open.size, maxBytes)
  }
  return open.size === null ? gather(open, maxBytes, tooLarge) : fill(open.body, open.size)
}

/** Closes a picture that was opened and is not wanted after all. */
export async function discard(open: OpenPicture): Promise<void> {
  await open.body[Symbol.asyncIterator]().return?.()
}

async function fill(body: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let at = 0
  for await (const chunk of body) {
    if (at + chunk.length > size) throw mismatch(size)
    bytes.set(chunk, at)
    at += chunk.length
  }
  if (at !== size) throw mismatch(size)
  return bytes
}

async function gather(open: OpenPicture, maxBytes: number, tooLarge: FailureCode): Promise<Uint8Array> {
  // It grows where it is: chunks joined at the end would be there twice.
  const buffer = new ArrayBuffer(0, { maxByteLength: maxBytes })
  for await (const chunk of open.body) {
    const at = buffer.byteLength
    if (at + chunk.length > maxBytes) throw over(tooLarge, at + chunk.length, maxBytes)
    buffer.resize(at + chunk.length)
    new Uint8Array(buffer).set(chunk, at)
  }
  return new Uint8Array(buffer, 0, buffer.byteLength)
}

function over(code: FailureCode, bytes: number, maxBytes: number): AppError {
  return new AppError(code, { detail: `${bytes} bytes or more, at most ${maxBytes} are taken` })
}

function mismatch(size: number): AppError {
  return new AppError('internal', { detail: `a picture's body did not have the ${size} bytes announced` })
}
