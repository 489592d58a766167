import { request } from 'undici'
import { z } from 'zod'
import { AppError, failureOf } from '../core/failure.ts'
import type { Call, Clock, Log, OpenPicture, Picture } from '../core/ports.ts'
import { type DownloadPolicy, inputCodes, remotePicture } from '../media/download.ts'
import { inputLimits } from '../media/limits.ts'
import type { Connections } from './connections.ts'
import { faultOf } from './errors.ts'
import { slackFileHosts } from './limits.ts'
import type { Tokens, Workspace } from './tokens.ts'
import { reading, type SlackApi } from './web-api.ts'

/** Files at Slack, by their ids. */
export interface Files {
  /** A file's picture. `open` throws `input_…` when it is gone, not for us, or no picture. */
  picture(workspace: Workspace, id: string): Picture
  /** Whether an upload that was begun is there: one that was never completed is not. Where that can't be seen, it is. */
  exists(workspace: Workspace, id: string, call: Call): Promise<boolean>
  /** Waits until Slack has processed an upload; false when that can't be seen or takes too long. */
  ready(workspace: Workspace, id: string, call: Call): Promise<boolean>
  /** Waits until a file stands in a conversation; false when it does not. */
  shared(workspace: Workspace, id: string, channel: string, call: Call): Promise<boolean>
  /** Deletes one of our own files, also one that is gone already. */
  remove(workspace: Workspace, id: string, call: Call): Promise<void>
}

export interface FilesOptions {
  readonly api: SlackApi
  readonly tokens: Tokens
  readonly apiUrl: string
  readonly connections: Connections
  readonly clock: Clock
  readonly log: Log
}

const infoSchema = z.object({
  file: z.object({
    mode: z.string().optional(),
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

export function createFiles({ api, tokens, apiUrl, connections, clock, log }: FilesOptions): Files {
  const ownOrigin = new URL(apiUrl).origin

  async function policyOf(workspace: Workspace, signal: AbortSignal): Promise<DownloadPolicy> {
    const token = await tokens.of(workspace, signal)
    return {
      hosts: slackFileHosts,
      origins: [ownOrigin],
      maxBytes: inputLimits.sourceBytes,
      codes: inputCodes,
      timeoutMs: downloadTimeoutMs,
      headers: (url) => (mayHaveToken(url, ownOrigin) ? { authorization: `Bearer ${token}` } : {}),
    }
  }

  async function info(workspace: Workspace, id: string, call: Call): Promise<FileInfo> {
    const said = await api.ask(workspace, call, 'safely', (client) => client.files.info({ file: id }))
    const answer = infoSchema.safeParse(said)
    if (!answer.success) throw new AppError('input_gone', { detail: 'Slack: files.info without a file' })
    return answer.data.file
  }

  interface Look {
    readonly workspace: Workspace
    readonly id: string
    readonly waitsMs: readonly number[]
    readonly good: (file: FileInfo) => boolean
  }

  /** Looks until `good`, with growing pauses; the last look otherwise. */
  async function look({ workspace, id, waitsMs, good }: Look, call: Call): Promise<FileInfo> {
    let found: FileInfo | AppError = {}
    for (const ms of waitsMs) {
      if (ms > 0) await clock.sleep(ms, call.signal)
      found = await info(workspace, id, call).catch(early)
      if (!(found instanceof AppError) && good(found)) return found
    }
    if (found instanceof AppError) throw found
    return found
  }

  async function seen(by: Omit<Look, 'waitsMs'>, call: Call): Promise<boolean> {
    try {
      return by.good(await look({ ...by, waitsMs: readyWaitsMs }, call))
    } catch (error) {
      call.signal.throwIfAborted()
      const { code, detail } = failureOf(error)
      if (code === 'not_ours') throw error
      // Without files:read it can't be seen; showing it will tell.
      log.warn({ failure: code, detail }, 'an upload can’t be looked at')
      return false
    }
  }

  async function open(workspace: Workspace, id: string, signal: AbortSignal): Promise<OpenPicture> {
    const good = (found: FileInfo) => urlsOf(found).length > 0
    const file = await look({ workspace, id, waitsMs: locateWaitsMs, good }, reading(signal))
    const [first, second] = urlsOf(file)
    if (first === undefined) throw new AppError('input_gone', { detail: 'Slack: a file without a URL' })
    const policy = await policyOf(workspace, signal)
    try {
      return await download(first, policy, signal)
    } catch (error) {
      const { code } = failureOf(error)
      if (second === undefined || (code !== 'input_gone' && code !== 'input_unreachable')) throw error
      return download(second, policy, signal)
    }
  }

  async function download(url: string, policy: DownloadPolicy, signal: AbortSignal): Promise<OpenPicture> {
    try {
      return await remotePicture(url, policy).open(signal)
    } catch (error) {
      if (failureOf(error).code !== 'input_not_picture' || !(await asksToSignIn(url, policy, signal))) throw error
      // Slack answers 200 and its sign-in page where it should say 401.
      log.error({ scope: 'files:read' }, 'Slack does not let us read files: add the scope and install the app again')
      throw new AppError('input_unreachable', { detail: 'Slack: a sign-in page instead of the file' })
    }
  }

  async function asksToSignIn(url: string, policy: DownloadPolicy, signal: AbortSignal): Promise<boolean> {
    const answer = await request(url, {
      dispatcher: connections.dispatcher,
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
    picture: (workspace, id) => ({ open: (signal) => open(workspace, id, signal) }),
    exists: async (workspace, id, call) => {
      try {
        return (await info(workspace, id, call)).mode !== 'tombstone'
      } catch (error) {
        const fault = faultOf(error)
        if (fault === 'scope') return true
        if (fault === 'file_gone') return false
        throw error
      }
    },
    ready: (workspace, id, call) =>
      seen({ workspace, id, good: ({ mimetype }) => mimetype !== undefined && mimetype !== '' }, call),
    shared: (workspace, id, channel, call) => {
      const good = ({ shares }: FileInfo) =>
        [shares?.public, shares?.private].some((places) => (places?.[channel]?.length ?? 0) > 0)
      return seen({ workspace, id, good }, call)
    },
    remove: async (workspace, id, call) => {
      await api
        .ask(workspace, call, 'safely', (client) => client.files.delete({ file: id }))
        .catch((error: unknown) => {
          if (faultOf(error) !== 'file_gone') throw error
        })
    },
  }
}

/** An event may come before the file it names: what is not there yet is no failure until the last look. */
function early(error: unknown): AppError {
  if (error instanceof AppError && faultOf(error) === 'file_gone') return error
  throw error
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
