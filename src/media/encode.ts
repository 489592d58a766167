import type { Sharp } from 'sharp'
import type { PictureType } from '../core/job.ts'
import type { HeldPicture } from '../core/ports.ts'
import { webpSide, workSeconds } from './limits.ts'
import type { Pixels } from './pixels.ts'

/** The types that can be written. */
export type EncodedType = Extract<PictureType, 'image/png' | 'image/jpeg' | 'image/webp'>

export interface Attempt {
  readonly type: EncodedType
  /** 1–100; null: without loss (PNG and WebP). */
  readonly quality: number | null
  /** Of both sides, above 0, at most 1. */
  readonly scale: number
}

// First quality, then size: down to a size that fits any limit a chat or the API has.
const lossy: readonly Omit<Attempt, 'type'>[] = [
  { quality: 95, scale: 1 },
  { quality: 88, scale: 1 },
  { quality: 78, scale: 1 },
  { quality: 65, scale: 1 },
  ...[0.75, 0.5, 0.35, 0.25, 0.17, 0.12].map((scale) => ({ quality: 80, scale })),
]

/** Which attempts to make for these pixels, the best first; `types` are those accepted. */
export function attemptsFor(
  pixels: Pixels,
  types: readonly PictureType[],
  lossless: boolean,
): readonly [Attempt, ...Attempt[]] | null {
  const exact = (['image/png', 'image/webp'] as const).filter((type) => lossless && types.includes(type))
  const order = pixels.opaque ? (['image/jpeg', 'image/webp'] as const) : (['image/webp', 'image/jpeg'] as const)
  const small = order.find((type) => types.includes(type))
  const [first, ...rest] = [
    ...exact.map((type): Attempt => ({ type, quality: null, scale: 1 })),
    ...lossy.map(({ quality, scale }): Attempt | null =>
      small === undefined ? null : { type: small, quality, scale },
    ),
  ].filter((attempt) => attempt !== null)
  return first === undefined ? null : [first, ...rest]
}

/**
 * Makes attempts until one has at most `maxBytes`; null when none has. Rejects with sharp's error, or the signal's
 * reason between two attempts.
 */
export async function encodeWithin(
  pixels: Pixels,
  attempts: readonly Attempt[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<(HeldPicture & { readonly attempt: Attempt }) | null> {
  for (const attempt of attempts) {
    signal.throwIfAborted()
    const bytes = await encode(pixels, attempt)
    if (bytes.length <= maxBytes) return { type: attempt.type, bytes, attempt }
  }
  return null
}

function encode(pixels: Pixels, attempt: Attempt): Promise<Uint8Array> {
  const scale = Math.min(attempt.scale, attempt.type === 'image/webp' ? webpScale(pixels) : 1)
  const upright = pixels.image().timeout({ seconds: workSeconds }).autoOrient()
  const sized = scale < 1 ? upright.resize({ width: Math.max(1, Math.floor(pixels.width * scale)) }) : upright
  return written(sized, attempt, pixels.opaque).toBuffer()
}

function written(image: Sharp, { type, quality }: Attempt, opaque: boolean): Sharp {
  switch (type) {
    case 'image/png':
      return image.png({ compressionLevel: 9 })
    case 'image/webp':
      return quality === null ? image.webp({ lossless: true }) : image.webp({ quality })
    case 'image/jpeg':
      return (opaque ? image : image.flatten({ background: 'white' })).jpeg({ quality: quality ?? 95, mozjpeg: false })
  }
}

function webpScale({ width, height }: Pixels): number {
  return webpSide / Math.max(width, height, webpSide)
}
