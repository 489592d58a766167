import type { Sharp, SharpOptions } from 'sharp'
import { AppError, type FailureCode } from '../core/failure.ts'
import type { HeldPicture } from '../core/ports.ts'
import { decodeHeic } from './heic.ts'
import { maxPixels, workSeconds } from './limits.ts'

/** Which failures a picture that can't be decoded becomes. */
export interface DecodeCodes {
  readonly broken: FailureCode
  readonly tooManyPixels: FailureCode
}

/** A picture whose pixels can be had: its header was read and its size found good; nothing is decoded yet. */
export interface Pixels {
  /** Upright, as a viewer shows it. */
  readonly width: number
  readonly height: number
  readonly opaque: boolean
  /** A new pipeline: the first frame, not yet turned upright. Its errors are the caller's to classify. */
  image(): Sharp
}

/** Loaded with the first picture that needs it: at rest it would only take memory. */
const load = async () => (await import('sharp')).default

// Warnings are common in files that every viewer shows; what is cut short or damaged is refused.
const strict: SharpOptions = { failOn: 'error', limitInputPixels: maxPixels, pages: 1, sequentialRead: true }

/** Reads a picture's header (HEIC: decodes it, in another thread). Throws AppErrors by `codes`, or the signal's reason. */
export function pixelsOf(held: HeldPicture, codes: DecodeCodes, signal: AbortSignal): Promise<Pixels> {
  return held.type === 'image/heic' ? heicPixels(held.bytes, codes, signal) : sharpPixels(held.bytes, codes)
}

/** Decodes everything once, in little memory, to see that it can be decoded. Rejects with sharp's error. */
export async function decodeOnce(pixels: Pixels): Promise<void> {
  await pixels.image().timeout({ seconds: workSeconds }).resize(8, 8, { fit: 'fill' }).raw().toBuffer()
}

async function sharpPixels(bytes: Uint8Array, codes: DecodeCodes): Promise<Pixels> {
  const sharp = await load()
  // Without sharp's own limit: the pixels are counted below, where "too many" can be told from "broken".
  const found = await sharp(bytes, { ...strict, limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw new AppError(codes.broken, { detail: 'header not readable', cause: error })
    })
  checkPixels(found.width, found.height, codes)
  return {
    ...found.autoOrient,
    opaque: !found.hasAlpha,
    image: () => sharp(bytes, strict),
  }
}

async function heicPixels(bytes: Uint8Array, codes: DecodeCodes, signal: AbortSignal): Promise<Pixels> {
  const sharp = await load()
  const answer = await decodeHeic(bytes, maxPixels, signal)
  if (answer.kind === 'broken') throw new AppError(codes.broken, { detail: 'HEIC not decodable' })
  if (answer.kind === 'too_many_pixels')
    throw new AppError(codes.tooManyPixels, { detail: `more than ${maxPixels} pixels` })
  const { width, height, data, opaque } = answer
  const raw = { width, height, channels: 4 } as const
  const whole = () => sharp(data, { raw })
  return { width, height, opaque, image: opaque ? () => whole().removeAlpha() : whole }
}

function checkPixels(width: number, height: number, codes: DecodeCodes): void {
  if (width * height > maxPixels)
    throw new AppError(codes.tooManyPixels, { detail: `${width} × ${height} pixels, at most ${maxPixels} in all` })
}
