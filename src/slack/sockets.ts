import { SocketModeReceiver } from '@slack/bolt'
import type { Clock, Log, Random } from '../core/ports.ts'
import { boltLog } from './bolt-log.ts'
import type { Connections } from './connections.ts'
import { toAppError } from './errors.ts'
import { isSignedOut, rejected } from './identity.ts'
import type { Transport } from './transport.ts'
import { requestTimeoutMs } from './web-api.ts'

export interface SocketsOptions {
  readonly appToken: string
  readonly apiUrl: string
  readonly count: number
  readonly connections: Connections
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const helloTimeoutMs = 10_000
const closeTimeoutMs = 1_000
/** A connection that lived shorter than this counts as a failure: it is not tried again at once. */
const leastLifeMs = 5_000
const backoff = { firstMs: 500, mostMs: 30_000 }

/**
 * Several Socket Mode connections of one app: an event comes by any one, so that one may be refreshed.
 * The library's own reconnecting is switched off: it waits five seconds where there is nothing to wait for, and when it
 * fails, its promise is nobody's, which ends the process.
 */
export function createSockets(options: SocketsOptions): Transport {
  const { clock, random, log } = options
  const stopping = new AbortController()
  const live = new Set<SocketModeReceiver>()
  const receivers = Array.from({ length: options.count }, () => receiver(options, stopping.signal))

  async function keep(own: SocketModeReceiver, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const startedAt = clock.monotonic()
      let asked: number | undefined
      try {
        await session(own, signal)
        if (clock.monotonic() - startedAt >= leastLifeMs) failures = 0
        else failures += 1
      } catch (error) {
        if (signal.aborted) return
        const failure = toAppError(error)
        if (isSignedOut(failure)) throw rejected('SLACK_APP_TOKEN', failure)
        asked = failure.retryAfterMs
        failures += 1
        if (failures === 1) log.warn({ failure: failure.code, detail: failure.detail }, 'a socket to Slack is down')
      }
      if (failures > 0) await clock.sleep(asked ?? waitMs(failures), signal).catch(() => undefined)
    }
  }

  function waitMs(failures: number): number {
    return Math.min(backoff.mostMs, backoff.firstMs * 2 ** (failures - 1)) * (0.5 + random() / 2)
  }

  /** One connection, from its opening to its end. */
  async function session(own: SocketModeReceiver, signal: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<void>()
    own.client.once('disconnected', ended.resolve)
    try {
      await opened(own, signal)
      live.add(own)
      if (signal.aborted) close(own)
      await ended.promise
    } finally {
      live.delete(own)
      own.client.off('disconnected', ended.resolve)
    }
  }

  async function opened(own: SocketModeReceiver, signal: AbortSignal): Promise<void> {
    const done = new AbortController()
    const watch = closeWhileSilent(own, AbortSignal.any([signal, done.signal]))
    const stop = () => close(own)
    signal.addEventListener('abort', stop, { once: true })
    try {
      await own.start()
      log.info({ connected: live.size + 1 }, 'a socket to Slack is up')
    } finally {
      done.abort()
      signal.removeEventListener('abort', stop)
      await watch
    }
  }

  /** The library waits for the greeting for ever. */
  async function closeWhileSilent(own: SocketModeReceiver, greeted: AbortSignal): Promise<void> {
    while (!greeted.aborted) {
      await clock.sleep(helloTimeoutMs, greeted).then(
        () => close(own),
        () => undefined,
      )
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController()
    const ending = AbortSignal.any([signal, failed.signal])
    const stop = () => {
      stopping.abort()
      for (const own of live) close(own)
    }
    ending.addEventListener('abort', stop, { once: true })
    const ends = await Promise.allSettled(
      receivers.map((own) =>
        keep(own, ending).catch((error: unknown) => {
          failed.abort()
          throw error
        }),
      ),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  /** Closes politely, and not politely when the other side does not answer. */
  function close({ client }: SocketModeReceiver): void {
    const politely = new AbortController()
    client.once('disconnected', () => politely.abort())
    void client.disconnect()
    clock.sleep(closeTimeoutMs, politely.signal).then(
      () => void client.disconnect(),
      () => undefined,
    )
  }

  return { receivers, run, connected: () => live.size }
}

function receiver({ appToken, apiUrl, connections, log }: SocketsOptions, stopping: AbortSignal): SocketModeReceiver {
  return new SocketModeReceiver({
    appToken,
    logger: boltLog(log),
    autoReconnectEnabled: false,
    installerOptions: {
      clientOptions: {
        slackApiUrl: apiUrl,
        timeout: requestTimeoutMs,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        fetch: (url, init) =>
          connections.post(url, {
            ...init,
            signal: AbortSignal.any([stopping, ...(init?.signal ? [init.signal] : [])]),
          }),
      },
    },
    // The app's error handler has said it already; what failed is not acked, so that Slack sends it again.
    processEventErrorHandler: async () => false,
  })
}
