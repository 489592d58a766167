import { AsyncLocalStorage } from 'node:async_hooks'
import { type FetchFunction, WebClient } from '@slack/web-api'
import { AppError, isPassing } from '../core/failure.ts'
import type { Call, Clock, Log, Meter, Random } from '../core/ports.ts'
import { boltLog } from './bolt-log.ts'
import type { Connections } from './connections.ts'
import { faultOf, toAppError } from './errors.ts'
import type { Tokens, Workspace } from './tokens.ts'

/**
 * How often a request may be made again: `never` (progress: a newer one follows), `refused` (only when Slack certainly
 * did not take it, which is a 429), `safely` (it does no harm twice).
 */
export type Again = 'never' | 'refused' | 'safely'

/** Slack's Web API, each request with the bot token of its workspace. */
export interface SlackApi {
  /**
   * One request. The gate is passed at the last moment before it is sent; the signal ends it and every wait between two
   * tries. Throws AppErrors only, and the signal's reason.
   */
  ask<T>(workspace: Workspace, call: Call, again: Again, request: (client: WebClient) => Promise<T>): Promise<T>
}

export interface SlackApiOptions {
  readonly tokens: Tokens
  readonly apiUrl: string
  readonly connections: Connections
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly meter: Meter
}

/** What a request under way is sent with. */
interface Sending extends Call {
  readonly token: string
}

/** Longest wait for one answer, in milliseconds. */
export const requestTimeoutMs = 10_000
// Waits asked for by Slack are long enough; after this many the caller decides.
const limitedTries = 5
const passingTries = 3
const passingFirstMs = 300

/** A call that reads: nothing is spoken for a job. */
export function reading(signal: AbortSignal): Call {
  return { signal, gate: () => undefined }
}

export function createSlackApi(options: SlackApiOptions): SlackApi {
  const { tokens, clock, random, meter, log } = options
  const warned = new Set<string>()
  const sendings = new AsyncLocalStorage<Sending>()
  // It must neither retry nor wait by itself: its waits pause every other request and can't be aborted.
  const client = new WebClient(undefined, {
    slackApiUrl: options.apiUrl,
    timeout: requestTimeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    maxRequestConcurrency: Number.POSITIVE_INFINITY,
    allowAbsoluteUrls: false,
    logger: boltLog(log),
    fetch: (url, init) => gatedFetch(options.connections, sendings.getStore(), url, init),
  })

  /** Once for each thing that an administrator has to do. */
  function warn(team: string, { detail = '' }: AppError): void {
    if (warned.has(`${team} ${detail}`)) return
    warned.add(`${team} ${detail}`)
    log.error({ team, detail }, 'the app may not do this in Slack: add the scope and install the app again')
  }

  async function ask<T>(
    workspace: Workspace,
    call: Call,
    again: Again,
    request: (client: WebClient) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      call.signal.throwIfAborted()
      // Anew for each try: a token may be replaced by another meanwhile.
      const token = await tokens.of(workspace, call.signal)
      try {
        return await sendings.run({ ...call, token }, () => request(client))
      } catch (error) {
        call.signal.throwIfAborted()
        const failure = toAppError(error)
        meter.count('platform_errors', { surface: 'slack', code: failure.code })
        const fault = faultOf(failure)
        if (fault === 'signed_out') tokens.refused(workspace, token, failure)
        if (fault === 'scope') warn(workspace.team, failure)
        const ms = waitMs(failure, again, attempt)
        if (ms === null) throw failure
        await clock.sleep(ms, call.signal)
      }
    }
  }

  function waitMs(failure: AppError, again: Again, attempt: number): number | null {
    if (again === 'never' || !isPassing(failure.code)) return null
    if (faultOf(failure) === 'limited') return attempt < limitedTries ? (failure.retryAfterMs ?? 1_000) : null
    if (again === 'refused' || attempt >= passingTries) return null
    return passingFirstMs * 2 ** (attempt - 1) * (0.5 + random())
  }

  return { ask }
}

async function gatedFetch(
  connections: Connections,
  sending: Sending | undefined,
  url: string | URL,
  init: Parameters<FetchFunction>[1],
): ReturnType<FetchFunction> {
  // Nothing is sent with no workspace behind it.
  if (sending === undefined) throw new AppError('internal', { detail: 'a request to Slack outside `ask`' })
  const { signal, gate, token } = sending
  signal.throwIfAborted()
  gate()
  const headers = { ...(init?.headers as Record<string, string> | undefined), authorization: `Bearer ${token}` }
  const signals = [init?.signal, signal].filter((given) => given !== undefined && given !== null)
  return connections.post(url, { ...init, headers, signal: AbortSignal.any(signals) })
}
