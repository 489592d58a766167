import { AppError } from '../core/failure.ts'
import type { OpenPicture, Source } from '../core/ports.ts'
import { type DownloadPolicy, inputCodes, remotePicture } from '../media/download.ts'
import { inputLimits, resultBytes } from '../media/limits.ts'
import * as limits from './limits.ts'
import type { Platform } from './platform.ts'
import type { PlatformTime } from './platform-time.ts'
import { expiryOf, type ResultFile } from './result-file.ts'
import { isServed } from './served.ts'

/** Pictures that Discord keeps. */
export interface Pictures {
  /** One that somebody handed in. */
  handedIn(url: string): Source
  /** One of a result that was shown; `file` throws where there is none. */
  shown(file: () => ResultFile): Source
}

export interface PicturesOptions {
  readonly platform: Platform
  readonly time: PlatformTime
  readonly apiUrl: string
}

const downloadTimeoutMs = 15_000
/** The image API fetches a picture soon after the submit, which may have to wait for its turn. */
const stillServedMs = 3_600_000
const lookTerms = { patienceMs: 5_000, timeoutMs: 15_000 }

export function createPictures({ platform, time, apiUrl }: PicturesOptions): Pictures {
  const policy: DownloadPolicy = {
    hosts: limits.cdnHosts,
    // A stand-in serves everything from one origin.
    origins: [new URL(apiUrl).origin],
    maxBytes: inputLimits.sourceBytes,
    codes: inputCodes,
    timeoutMs: downloadTimeoutMs,
  }
  const publicly = (url: string) => (isServed(url, apiUrl) ? url : null)

  async function openShown(file: ResultFile, signal: AbortSignal): Promise<OpenPicture> {
    const shownPolicy = { ...policy, maxBytes: resultBytes }
    const expiry = expiryOf(file.url)
    if (expiry === null || expiry > time.now()) {
      try {
        return await remotePicture(file.url, shownPolicy).open(signal)
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'input_gone')) throw error
      }
    }
    return remotePicture(await freshUrl(file, signal), shownPolicy).open(signal)
  }

  /** A URL of the file that serves it for a while yet. */
  async function urlOf(file: ResultFile, signal: AbortSignal): Promise<string> {
    const expiry = expiryOf(file.url)
    return expiry === null || expiry > time.now() + stillServedMs ? file.url : freshUrl(file, signal)
  }

  async function freshUrl(file: ResultFile, signal: AbortSignal): Promise<string> {
    if (file.ephemeral) throw new AppError('input_gone', { detail: 'an ephemeral message can’t be looked up' })
    const said = await platform.getMessage(file.channelId, file.messageId, { signal, ...lookTerms })
    if (!said.ok) {
      const passing = said.trouble === 'unavailable' || said.trouble === 'limited'
      throw new AppError(passing ? 'input_unreachable' : 'input_gone', { detail: said.error.detail })
    }
    const fresh = said.body.attachments.find(({ id }) => id === file.attachmentId)
    if (fresh === undefined) throw new AppError('input_gone', { detail: 'no longer in its message' })
    return fresh.url
  }

  return {
    handedIn: (url) => ({ picture: remotePicture(url, policy), publicUrl: async () => publicly(url) }),
    shown: (file) => ({
      picture: { open: async (signal) => openShown(file(), signal) },
      publicUrl: async (signal) => publicly(await urlOf(file(), signal)),
    }),
  }
}
