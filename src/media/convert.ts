import { AppError } from '../core/failure.ts'
import type { PictureType } from '../core/job.ts'
import type { Converter, HeldPicture, Picture } from '../core/ports.ts'
import { collect } from './collect.ts'
import { attemptsFor, type EncodedType, encodeWithin } from './encode.ts'
import { inputLimits } from './limits.ts'
import { type DecodeCodes, decodeOnce, pixelsOf } from './pixels.ts'
import { createSlots } from './slots.ts'
import { pictureTypeOf } from './type.ts'

const codes: DecodeCodes = { broken: 'input_not_picture', tooManyPixels: 'input_too_many_pixels' }
const taken: readonly EncodedType[] = ['image/png', 'image/jpeg', 'image/webp']
// A slow source must not hold up the others' decoding: this many more may be fetched meanwhile.
const fetchesPerSlot = 4

/** Makes pictures fit for the image API, `concurrency` at once. After `close` it takes no more; what runs is aborted. */
export function createConverter({ concurrency }: { readonly concurrency: number }): Converter & {
  close(): Promise<void>
} {
  const fetching = createSlots(concurrency * fetchesPerSlot)
  const working = createSlots(concurrency)
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()

  const convert = (picture: Picture, signal: AbortSignal) =>
    fetching.run(signal, async () => {
      const bytes = await collect(await picture.open(signal), inputLimits.sourceBytes)
      return working.run(signal, () => fitBytes(bytes, signal))
    })

  return {
    fit: async (picture, signal) => {
      const task = convert(picture, AbortSignal.any([signal, closing.signal]))
      running.add(task)
      try {
        return await task
      } finally {
        running.delete(task)
      }
    },
    close: async () => {
      closing.abort()
      await Promise.allSettled(running)
    },
  }
}

async function fitBytes(bytes: Uint8Array, signal: AbortSignal) {
  if (bytes.length === 0) throw new AppError('input_empty')
  const type = pictureTypeOf(bytes)
  if (type === null) throw new AppError('input_not_picture')
  const held: HeldPicture = { type, bytes }
  const pixels = await pixelsOf(held, codes, signal)
  signal.throwIfAborted()
  try {
    if (isTaken(type) && bytes.length <= inputLimits.apiBytes) {
      await decodeOnce(pixels)
      signal.throwIfAborted()
      return { ...held, converted: false }
    }
    // Without loss only what has few colours: a photo as PNG is larger than its file ever was.
    const attempts = attemptsFor(pixels, taken, type === 'image/gif') ?? []
    const made = await encodeWithin(pixels, attempts, inputLimits.apiBytes, signal)
    signal.throwIfAborted()
    if (made === null) throw new AppError('input_too_large', { detail: 'no quality or size of it is small enough' })
    return { type: made.type, bytes: made.bytes, converted: true }
  } catch (error) {
    if (error instanceof AppError || signal.aborted) throw error
    throw new AppError('input_not_picture', { detail: 'not decodable', cause: error })
  }
}

function isTaken(type: PictureType): type is EncodedType {
  return taken.some((one) => one === type)
}
