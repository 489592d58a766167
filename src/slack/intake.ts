import type { App } from '@slack/bolt'
import { AppError, failureOf } from '../core/failure.ts'
import type { AdapterTools, Intake, Random } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import { type Identity, whoAmI } from './identity.ts'
import type { Listeners } from './listeners.ts'
import type { Sockets } from './sockets.ts'
import type { SlackApi } from './web-api.ts'

export interface IntakeDeps {
  readonly app: App
  readonly api: SlackApi
  readonly sockets: Sockets
  readonly listeners: Listeners
  readonly tools: AdapterTools
  readonly random: Random
  /** Told once it is known. */
  readonly identified: (identity: Identity) => void
  /** Ends the answers that are still under way when we have stopped listening. */
  readonly endAnswers: () => void
  /** Whether Slack has taken back the token that it once accepted. */
  readonly signedOut: () => boolean
}

/** Answers still under way at the end may take this long, in milliseconds. */
const answerMs = 3_000
const backoff = { firstMs: 1_000, mostMs: 30_000 }

/** Listens to Slack by Socket Mode. */
export function createIntake(deps: IntakeDeps): Intake {
  const { api, sockets, listeners, tools, random } = deps
  const { clock, log } = tools
  const stopping = new AbortController()
  let running: Promise<void> | null = null

  async function run(studio: Studio): Promise<void> {
    const identity = await identify(stopping.signal)
    if (identity === null) return
    deps.identified(identity)
    listeners.serve(studio, identity)
    await deps.app.init()
    await sockets.run(stopping.signal)
  }

  /** Asks until Slack can be reached; null when we stop before. */
  async function identify(signal: AbortSignal): Promise<Identity | null> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        return await whoAmI(api, signal)
      } catch (error) {
        if (signal.aborted) return null
        const { code, detail } = failureOf(error)
        if (code === 'token_rejected') throw error
        failures += 1
        if (failures === 1) log.warn({ failure: code, detail }, 'Slack can’t be reached yet')
        const asked = error instanceof AppError ? error.retryAfterMs : undefined
        const ms = Math.min(backoff.mostMs, backoff.firstMs * 2 ** (failures - 1)) * (0.5 + random() / 2)
        await clock.sleep(asked ?? ms, signal).catch(() => undefined)
      }
    }
    return null
  }

  return {
    name: 'slack',
    start: async (studio) => {
      running = run(studio).catch((error: unknown) => {
        if (stopping.signal.aborted) return
        const known = error instanceof AppError && error.code === 'token_rejected'
        if (!known) log.error({ err: error }, 'Slack ended')
        tools.fatal(
          known ? error : new AppError('internal', { detail: 'Slack: it can’t be listened to', cause: error }),
        )
      })
    },
    stop: async () => {
      stopping.abort(new AppError('internal', { detail: 'stopping' }))
      await running
      const idle = new AbortController()
      const answered = listeners.idle().then(() => idle.abort())
      // Cut short when there is nothing left to wait for.
      await Promise.race([answered, clock.sleep(answerMs, idle.signal).catch(() => undefined)])
      deps.endAnswers()
    },
    ready: () => sockets.connected() > 0 && !deps.signedOut(),
  }
}
