import { AsyncLocalStorage } from 'node:async_hooks'
import { type FetchFunction, WebClient } from '@slack/web-api'
import { type AppError, isPassing } from '../core/failure.ts'
import type { Call, Clock, Log, Meter, Random } from '../core/ports.ts'
import { boltLog } from './bolt-log.ts'
import { faultOf, toAppError } from './errors.ts'

/**
 * How often a request may be made again: `never` (progress: a newer one follows), `refused` (only when Slack certainly
 * did not take it, which is a 429), `safely` (it does no harm twice).
 */
export type Again = 'never' | 'refused' | 'safely'

/** Slack's Web API with one workspace's bot token. */
export interface SlackApi {
  /**
   * One request. The gate is passed at the last moment before it is sent; the signal ends it and every wait between two
   * tries. Throws AppErrors only, and the signal's reason.
   */
  ask<T>(call: Call, again: Again, request: (client: WebClient) => Promise<T>): Promise<T>
}

export interface SlackApiOptions {
  readonly botToken: string
  readonly apiUrl: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly meter: Meter
  /** Told when Slack says that the token is no longer good. */
  readonly signedOut: (failure: AppError) => void
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
  const { clock, random, meter } = options
  const calls = new AsyncLocalStorage<Call>()
  // It must neither retry nor wait by itself: its waits pause every other request and can't be aborted.
  const client = new WebClient(options.botToken, {
    slackApiUrl: options.apiUrl,
    timeout: requestTimeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    maxRequestConcurrency: Number.POSITIVE_INFINITY,
    allowAbsoluteUrls: false,
    logger: boltLog(options.log),
    fetch: (url, init) => gatedFetch(calls.getStore(), url, init),
  })

  async function ask<T>(call: Call, again: Again, request: (client: WebClient) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      call.signal.throwIfAborted()
      try {
        return await calls.run(call, () => request(client))
      } catch (error) {
        call.signal.throwIfAborted()
        const failure = toAppError(error)
        meter.count('platform_errors', { surface: 'slack', code: failure.code })
        if (faultOf(failure) === 'signed_out') options.signedOut(failure)
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
  call: Call | undefined,
  url: string | URL,
  init: Parameters<FetchFunction>[1],
): Promise<Response> {
  const signals = [init?.signal, call?.signal].filter((signal) => signal !== undefined)
  call?.signal.throwIfAborted()
  call?.gate()
  return fetch(url, { ...init, signal: AbortSignal.any(signals) })
}
