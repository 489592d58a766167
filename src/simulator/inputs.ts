import { AppError, type FailureCode } from '../core/failure.ts'
import type { PictureType } from '../core/job.ts'
import { collect, discard } from '../media/collect.ts'
import { inputCodes, remotePicture } from '../media/download.ts'
import { inputLimits } from '../media/limits.ts'
import { pixelsOf } from '../media/pixels.ts'
import { createSlots } from '../media/slots.ts'
import type { TaskFailure } from './task.ts'

/** An input that will not do. */
export class InputRefused extends Error {
  readonly failure: TaskFailure

  constructor(failure: TaskFailure, cause: unknown) {
    super(failure.code, { cause })
    this.name = 'InputRefused'
    this.failure = failure
  }
}

/** Gets the pictures of an edit. */
export interface Inputs {
  /** Downloads and decodes each; what is given is small and upright. Throws `InputRefused`, or the signal's reason. */
  fetch(urls: readonly string[], signal: AbortSignal): Promise<readonly Uint8Array[]>
}

const types: readonly PictureType[] = ['image/png', 'image/jpeg', 'image/webp']
const timeoutMs = 10_000
// Larger than they are ever shown.
const longestSide = 1280
const decodeCodes = { broken: 'input_not_picture', tooManyPixels: 'input_too_many_pixels' } as const

/** `allowedOrigins`: besides https at public addresses. `'loopback'`: any port of this machine, for tests and the embedded one. */
export function createInputs(allowedOrigins: readonly string[] | 'loopback'): Inputs {
  const slots = createSlots(2)
  const originsFor = (url: string) => {
    if (allowedOrigins !== 'loopback') return allowedOrigins
    const parsed = URL.parse(url)
    return parsed !== null && isLoopback(parsed.hostname) ? [parsed.origin] : []
  }
  const fetchOne = async (url: string, signal: AbortSignal): Promise<Uint8Array> => {
    const policy = {
      hosts: 'public',
      origins: originsFor(url),
      maxBytes: inputLimits.apiBytes,
      codes: inputCodes,
      timeoutMs,
    } as const
    const open = await remotePicture(url, policy).open(signal)
    if (!types.includes(open.type)) {
      await discard(open)
      throw new AppError('input_not_picture', { detail: open.type })
    }
    const held = { type: open.type, bytes: await collect(open, inputLimits.apiBytes) }
    return reduced(held, signal)
  }
  return {
    fetch: async (urls, signal) => {
      const pictures: Uint8Array[] = []
      for (const [n, url] of urls.entries()) {
        try {
          pictures.push(await slots.run(signal, () => fetchOne(url, signal)))
        } catch (error) {
          signal.throwIfAborted()
          if (error instanceof AppError) throw new InputRefused(failureOf(error.code, n), error)
          throw error
        }
      }
      return pictures
    },
  }
}

/** Whether a host is this machine, by its address or the one name that always means it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^\[?::1\]?$/.test(host) || /^127\.\d+\.\d+\.\d+$/.test(host)
}

async function reduced(
  held: { readonly type: PictureType; readonly bytes: Uint8Array },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const pixels = await pixelsOf(held, decodeCodes, signal)
  try {
    return await pixels
      .image()
      .autoOrient()
      .resize(longestSide, longestSide, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .jpeg({ quality: 93, chromaSubsampling: '4:4:4' })
      .toBuffer()
  } catch (error) {
    throw new AppError('input_not_picture', { detail: 'not decodable', cause: error })
  }
}

function failureOf(code: FailureCode, n: number): TaskFailure {
  const input = `input_urls[${n}]`
  switch (code) {
    case 'input_not_picture':
    case 'input_empty':
      return { code: 'invalid_image', message: `${input} is not a JPEG, PNG or WebP image` }
    case 'input_too_large':
      return { code: 'image_too_large', message: `${input} is larger than 10 MB` }
    case 'input_too_many_pixels':
      return { code: 'image_too_large', message: `${input} has too many pixels` }
    default:
      return { code: 'image_unreachable', message: `${input} could not be downloaded` }
  }
}
