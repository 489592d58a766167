import sharp from 'sharp'
import { AppError, type FailureCode } from '../../src/core/failure.ts'
import type { PictureType } from '../../src/core/job.ts'
import type { Picture } from '../../src/core/ports.ts'

export type Kind = 'png' | 'jpeg' | 'gif' | 'webp' | 'avif'

/** Bytes of a small picture. */
export function draw(kind: Kind, side = 32): Promise<Buffer> {
  // Noise that does not compress: the bytes are about as many as the pixels.
  let state = side
  const noise = Buffer.from(
    Array.from({ length: side * side * 3 }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state >> 16
    }),
  )
  const image = sharp(noise, { raw: { width: side, height: side, channels: 3 } })
  return image.toFormat(kind).toBuffer()
}

export interface Source extends Picture {
  /** How often it was opened, and how many of those were closed or read to the end. */
  readonly counts: { opened: number; ended: number }
}

export interface SourceOptions {
  /** The source does not say how large it is. */
  readonly unsized?: boolean
  /** Breaks off after half of the bytes, this many times. */
  readonly breaks?: { readonly times: number; readonly code: FailureCode }
}

/** A picture that can be opened again, as results are. */
export function source(bytes: Buffer, type: PictureType, { unsized, breaks }: SourceOptions = {}): Source {
  const counts = { opened: 0, ended: 0 }
  async function* chunks(open: number) {
    for (let at = 0; at < bytes.length; at += 4_096) {
      if (breaks !== undefined && open <= breaks.times && at >= bytes.length / 2)
        throw new AppError(breaks.code, { detail: 'broken off' })
      yield bytes.subarray(at, at + 4_096)
    }
  }
  /** A generator's own `finally` is not run by a `return` before its first `next`. */
  function body(open: number): AsyncIterable<Uint8Array> {
    const inner = chunks(open)
    let ended = false
    const end = () => {
      if (!ended) counts.ended += 1
      ended = true
    }
    const iterator: AsyncIterableIterator<Uint8Array> = {
      next: async () => {
        const step = await inner.next().catch((error: unknown) => {
          end()
          throw error
        })
        if (step.done === true) end()
        return step
      },
      return: () => {
        end()
        return inner.return()
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }
  return {
    counts,
    open: async () => {
      counts.opened += 1
      return { type, size: unsized === true ? null : bytes.length, body: body(counts.opened) }
    },
  }
}
