import { AppError } from '../core/failure.ts'
import type { PictureType } from '../core/job.ts'
import type { HeldPicture, OpenPicture } from '../core/ports.ts'
import { collect, discard } from './collect.ts'
import { attemptsFor, encodeWithin } from './encode.ts'
import type { Holding } from './holding.ts'
import { resultBytes } from './limits.ts'
import { type DecodeCodes, pixelsOf } from './pixels.ts'
import { createSlots } from './slots.ts'

export interface UploadLimits {
  readonly maxBytes: number
  readonly types: readonly PictureType[]
}

const codes: DecodeCodes = { broken: 'result_not_picture', tooManyPixels: 'result_too_large' }
// For the whole process: so many originals held, one of them encoded at a time (libvips has threads of its own).
const collecting = createSlots(4)
const encoding = createSlots(1)
// Re-encoding these without loss makes them larger, not smaller.
const alreadyLossy: ReadonlySet<PictureType> = new Set(['image/jpeg', 'image/webp', 'image/avif', 'image/heic'])

/**
 * A picture as a chat's upload takes it: its own bytes where they fit, else encoded anew without loss, else in lower
 * quality, else smaller. `reduced` says that it was made smaller, or quality was given up; `holding` is where it may lie until the upload
 * is over. Throws `result_too_large` when nothing fits, `result_not_picture` for what can't be decoded, and what reading
 * it throws; it is closed in every case.
 */
export async function fitUpload(
  open: OpenPicture,
  limits: UploadLimits,
  holding: Holding,
  signal: AbortSignal,
): Promise<HeldPicture & { readonly reduced: boolean }> {
  const done = await placeFor(open, holding, signal)
  try {
    const bytes = await collect(open, resultBytes, 'result_too_large')
    signal.throwIfAborted()
    const held: HeldPicture = { type: open.type, bytes }
    if (bytes.length <= limits.maxBytes && limits.types.includes(open.type)) return { ...held, reduced: false }
    return await encoding.run(signal, () => encoded(held, limits, signal))
  } finally {
    done()
  }
}

/** Waits with the picture open: another request for it would cost more than its connection. */
async function placeFor(open: OpenPicture, holding: Holding, signal: AbortSignal): Promise<() => void> {
  try {
    await holding.enter(signal)
    return await collecting.take(signal)
  } catch (error) {
    await discard(open)
    throw error
  }
}

async function encoded(held: HeldPicture, { maxBytes, types }: UploadLimits, signal: AbortSignal) {
  const pixels = await pixelsOf(held, codes, signal)
  // A type that is not taken may still fit as it is in another; one that is too large already will not.
  const lossless = !types.includes(held.type) || !alreadyLossy.has(held.type)
  const attempts = attemptsFor(pixels, types, lossless)
  if (attempts === null) throw new AppError('result_too_large', { detail: 'no type taken there can be written' })
  try {
    const made = await encodeWithin(pixels, attempts, maxBytes, signal)
    signal.throwIfAborted()
    if (made === null) throw new AppError('result_too_large', { detail: `not within ${maxBytes} bytes` })
    return {
      type: made.type,
      bytes: made.bytes,
      reduced: made.attempt.quality !== null || held.bytes.length > maxBytes,
    }
  } catch (error) {
    if (error instanceof AppError || signal.aborted) throw error
    throw new AppError(codes.broken, { detail: 'not decodable', cause: error })
  }
}
