import type { App } from '@slack/bolt'
import { AppError, failureOf } from '../core/failure.ts'
import type { AdapterTools, Intake } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Access } from './access.ts'
import type { Listeners } from './listeners.ts'
import type { Transport } from './transport.ts'
import type { SlackApi } from './web-api.ts'

export interface IntakeDeps {
  readonly app: App
  readonly api: SlackApi
  readonly access: Access
  readonly transport: Transport
  readonly listeners: Listeners
  readonly tools: AdapterTools
  /** Ends the answers that are still under way when we have stopped listening. */
  readonly endAnswers: () => void
}

/** Answers still under way at the end may take this long, in milliseconds. */
const answerMs = 3_000
const backoff = { firstMs: 1_000, mostMs: 30_000 }

/** Listens to Slack. */
export function createIntake(deps: IntakeDeps): Intake {
  const { api, access, transport, listeners, tools } = deps
  const { clock, log, random } = tools
  const stopping = new AbortController()
  let running: Promise<void> | null = null

  async function run(studio: Studio): Promise<void> {
    if (!(await opened(stopping.signal))) return
    listeners.serve(studio)
    await deps.app.init()
    await transport.run(stopping.signal)
  }

  /** Asks until Slack can be reached; false when we stop before. */
  async function opened(signal: AbortSignal): Promise<boolean> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await access.open(api, signal)
        return true
      } catch (error) {
        if (signal.aborted) return false
        const { code, detail } = failureOf(error)
        if (code === 'token_rejected' || code === 'configuration') throw error
        failures += 1
        if (failures === 1) log.warn({ failure: code, detail }, 'Slack can’t be reached yet')
        const asked = error instanceof AppError ? error.retryAfterMs : undefined
        const ms = Math.min(backoff.mostMs, backoff.firstMs * 2 ** (failures - 1)) * (0.5 + random() / 2)
        await clock.sleep(asked ?? ms, signal).catch(() => undefined)
      }
    }
    return false
  }

  return {
    name: 'slack',
    start: async (studio) => {
      running = run(studio).catch((error: unknown) => {
        if (stopping.signal.aborted) return
        const known = error instanceof AppError && (error.code === 'token_rejected' || error.code === 'configuration')
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
    ready: () => transport.connected() > 0 && access.ready(),
  }
}
