import { AppError } from '../core/failure.ts'
import type { PictureType } from '../core/job.ts'
import type { OpenPicture, Picture } from '../core/ports.ts'
import type { ShownPicture } from '../core/view.ts'
import { discard } from '../media/collect.ts'
import { fitUpload } from '../media/fit.ts'
import { createHolding, type Holding } from '../media/holding.ts'
import { extensionOf } from '../media/type.ts'
import type { FilePart } from './multipart.ts'

/** The files of a result, opened and measured, with their bytes still at the source where that can be. */
export interface Upload {
  readonly files: readonly FilePart[]
  /** Whether one was made smaller to fit. */
  readonly reduced: boolean
  /** Bytes of the largest. */
  readonly largest: number
  /** Closes what was opened and not sent, and forgets what was held: for when the upload is over. */
  close(): Promise<void>
}

/** What Discord's clients show as pictures. */
const shownTypes: readonly PictureType[] = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

interface Source {
  readonly type: PictureType
  readonly size: number
  readonly reduced: boolean
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  close(): Promise<void>
}

/** Opens a result's pictures for an upload of at most `maxBytes` each. Throws what opening, or making one smaller, threw. */
export async function openUpload(
  pictures: readonly ShownPicture[],
  jobId: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Upload> {
  const holding = createHolding()
  const opened = await Promise.allSettled(pictures.map(({ picture }) => sourceOf(picture, maxBytes, holding, signal)))
  const sources = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const close = async () => {
    await Promise.all(sources.map((source) => source.close()))
    holding.leave()
  }
  const failed = opened.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await close()
    throw failed.reason
  }
  return {
    files: sources.map(({ type, size, open }, at) => ({
      // ASCII, and unique within its message, or Discord renames it.
      name: `imagine-${jobId}-${pictures[at]?.n ?? at + 1}.${extensionOf(type)}`,
      type,
      size,
      open,
    })),
    reduced: sources.some(({ reduced }) => reduced),
    largest: Math.max(...sources.map(({ size }) => size)),
    close,
  }
}

async function sourceOf(picture: Picture, maxBytes: number, holding: Holding, signal: AbortSignal): Promise<Source> {
  const open = await picture.open(signal)
  const { type, size } = open
  if (shownTypes.includes(type) && size !== null && size <= maxBytes) return streamed(picture, open, size)
  // Of unknown length it is held too: that must be known before the upload begins.
  return held(await fitUpload(open, { maxBytes, types: shownTypes }, holding, signal))
}

function held({
  type,
  bytes,
  reduced,
}: {
  readonly type: PictureType
  readonly bytes: Uint8Array
  readonly reduced: boolean
}): Source {
  return {
    ...{ type, reduced, size: bytes.length },
    open: async () => once(bytes),
    close: async () => undefined,
  }
}

/** Passes the bytes on as they come; opened again for each further try. */
function streamed(picture: Picture, first: OpenPicture, size: number): Source {
  let unused: OpenPicture | null = first
  return {
    ...{ type: first.type, size, reduced: false },
    open: async (signal) => {
      const open = unused ?? (await picture.open(signal))
      unused = null
      if (open.type !== first.type || open.size !== size) {
        await discard(open)
        throw new AppError('unexpected_answer', { detail: 'a result changed between two tries' })
      }
      return open.body
    },
    close: async () => {
      if (unused !== null) await discard(unused)
      unused = null
    },
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
