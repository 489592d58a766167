import type { Clock, Log } from '../core/ports.ts'
import { isLoopback } from './inputs.ts'

/** Tells whoever asked that a task has ended. */
export interface Callbacks {
  /** Posts `body` as JSON; gives up after three attempts. Throws only the signal's reason. */
  send(url: string, body: object, signal: AbortSignal): Promise<void>
}

const pausesMs: readonly number[] = [0, 1000, 4000]
const timeoutMs = 5000

/** `targets`: `'loopback'` posts to this machine alone, so that no request makes the simulator knock elsewhere. */
export function createCallbacks(targets: 'loopback' | 'any', clock: Clock, log: Log): Callbacks {
  const attempt = async (url: URL, body: object, signal: AbortSignal): Promise<boolean> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      await response.body?.cancel()
      return response.ok
    } catch {
      // Whatever it was: it is only a hint, and the next attempt or the next look will do.
      signal.throwIfAborted()
      return false
    }
  }
  return {
    send: async (address, body, signal) => {
      const url = new URL(address)
      if (targets === 'loopback' && !isLoopback(url.hostname)) {
        log.warn({ host: url.hostname }, 'callback not sent: only to this machine')
        return
      }
      for (const pause of pausesMs) {
        await clock.sleep(pause, signal)
        if (await attempt(url, body, signal)) return
      }
      log.warn({ host: url.host }, 'callback not taken')
    },
  }
}
