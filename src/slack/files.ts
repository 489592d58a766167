import { request } from 'undici'
import { z } from 'zod'
import { AppError, failureOf } from '../core/failure.ts'
import type { Call, Clock, Log, OpenPicture, Picture } from '../core/ports.ts'
import { type DownloadPolicy, inputCodes, remotePicture } from '../media/download.ts'
import { inputLimits } from '../media/limits.ts'
import { slackFileHosts } from './limits.ts'
import { reading, type SlackApi } from './web-api.ts'

/** Files at Slack, by their ids. */
export interface Files {
  /** A file's picture. `open` throws `input_…` when it is gone, not for us, or no picture. */
  picture(id: string): Picture
  /** Waits until Slack has processed an upload; false when that can't be seen or takes too long. */
  ready(id: string, call: Call): Promise<boolean>
  /** Waits until a file stands in a conversation; false when it does not. */
  shared(id: string, channel: string, call: Call): Promise<boolean>
}

export interface FilesOptions {
  readonly api: SlackApi
  readonly botToken: string
  readonly apiUrl: string
  readonly clock: Clock
  readonly log: Log
}

const infoSchema = z.object({
  file: z.object({
    mimetype: z.string().optional(),
    url_private: z.string().optional(),
    url_private_download: z.string().optional(),
    shares: z
      .object({
        public: z.record(z.string(), z.array(z.unknown())).optional(),
        private: z.record(z.string(), z.array(z.unknown())).optional(),
      })
      .optional(),
  }),
})
type FileInfo = z.output<typeof infoSchema>['file']

// An upload is processed after it was acknowledged: about twenty seconds in all.
const readyWaitsMs: readonly number[] = [0, 500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000]
// An event may come before the file it names.
const locateWaitsMs: readonly number[] = [0, 500, 1_000, 2_000]
const downloadTimeoutMs = 15_000

export function createFiles({ api, botToken, apiUrl, clock, log }: FilesOptions): Files {
  const ownOrigin = new URL(apiUrl).origin
  const policy: DownloadPolicy = {
    hosts: slackFileHosts,
    origins: [ownOrigin],
    maxBytes: inputLimits.sourceBytes,
    codes: inputCodes,
    timeoutMs: downloadTimeoutMs,
    headers: (url) => (mayHaveToken(url, ownOrigin) ? { authorization: `Bearer ${botToken}` } : {}),
  }

  async function info(id: string, call: Call): Promise<FileInfo> {
    const answer = infoSchema.safeParse(await api.ask(call, 'safely', (client) => client.files.info({ file: id })))
    if (!answer.success) throw new AppError('input_gone', { detail: 'Slack: files.info without a file' })
    return answer.data.file
  }

  /** Looks until `good`, with growing pauses; the last look otherwise. */
  async function look(id: string, good: (file: FileInfo) => boolean, waits: readonly number[], call: Call) {
    let file: FileInfo = {}
    for (const ms of waits) {
      if (ms > 0) await clock.sleep(ms, call.signal)
      file = await info(id, call)
      if (good(file)) break
    }
    return file
  }

  async function seen(id: string, good: (file: FileInfo) => boolean, call: Call): Promise<boolean> {
    try {
      return good(await look(id, good, readyWaitsMs, call))
    } catch (error) {
      call.signal.throwIfAborted()
      const { code, detail } = failureOf(error)
      if (code === 'not_ours') throw error
      // Without files:read it can't be seen; showing it will tell.
      log.warn({ failure: code, detail }, 'an upload can’t be looked at')
      return false
    }
  }

  async function open(id: string, signal: AbortSignal): Promise<OpenPicture> {
    const file = await look(id, (found) => urlsOf(found).length > 0, locateWaitsMs, reading(signal))
    const [first, second] = urlsOf(file)
    if (first === undefined) throw new AppError('input_gone', { detail: 'Slack: a file without a URL' })
    try {
      return await download(first, signal)
    } catch (error) {
      const { code } = failureOf(error)
      if (second === undefined || (code !== 'input_gone' && code !== 'input_unreachable')) throw error
      return download(second, signal)
    }
  }

  async function download(url: string, signal: AbortSignal): Promise<OpenPicture> {
    try {
      return await remotePicture(url, policy).open(signal)
    } catch (error) {
      if (failureOf(error).code !== 'input_not_picture' || !(await asksToSignIn(url, signal))) throw error
      // Slack answers 200 and its sign-in page where it should say 401.
      log.error({ scope: 'files:read' }, 'Slack does not let us read files: add the scope and install the app again')
      throw new AppError('input_unreachable', { detail: 'Slack: a sign-in page instead of the file' })
    }
  }

  async function asksToSignIn(url: string, signal: AbortSignal): Promise<boolean> {
    const answer = await request(url, {
      headers: policy.headers?.(new URL(url)) ?? {},
      signal: AbortSignal.any([signal, AbortSignal.timeout(downloadTimeoutMs)]),
    }).catch(() => null)
    // Not reachable a second time: then it is what the first time showed.
    if (answer === null) return false
    const { headers, statusCode, body } = answer
    body.on('error', () => undefined).destroy()
    const to = String(headers.location ?? '')
    const leads = statusCode >= 300 && statusCode < 400 && /[/?](?:signin|workspace-signin|redir=)/.test(to)
    return leads || String(headers['content-type'] ?? '').startsWith('text/html')
  }

  return {
    picture: (id) => ({ open: (signal) => open(id, signal) }),
    ready: (id, call) => seen(id, ({ mimetype }) => mimetype !== undefined && mimetype !== '', call),
    shared: (id, channel, call) =>
      seen(
        id,
        ({ shares }) => [shares?.public, shares?.private].some((places) => (places?.[channel]?.length ?? 0) > 0),
        call,
      ),
  }
}

function urlsOf({ url_private_download: download, url_private: view }: FileInfo): string[] {
  return [download ?? '', view ?? ''].filter((url) => url !== '')
}

/** The token goes only to Slack's own hosts, by https, and to where the Web API itself is. */
function mayHaveToken(url: URL, ownOrigin: string): boolean {
  if (url.origin === ownOrigin) return true
  return (
    url.protocol === 'https:' &&
    slackFileHosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`))
  )
}
