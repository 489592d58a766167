import { backoffMs } from '../core/backoff.ts'
import { AppError, failureOf } from '../core/failure.ts'
import type { AdapterTools, Intake, Surface } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import { inviteLink, readsMessages, userInstallLink } from './application.ts'
import type { Trouble } from './errors.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { createHearing } from './hearing.ts'
import { handleInteraction, type InteractionOptions } from './interactions.ts'
import { ackMs } from './limits.ts'
import { withRestriction } from './origin.ts'
import type { Application, Platform } from './platform.ts'
import type { PlatformTime } from './platform-time.ts'
import { registerCommands } from './registration.ts'
import { signedOut } from './rest.ts'
import type { FreshTokens } from './tokens.ts'

export interface IntakeOptions {
  readonly token: string
  readonly apiUrl: string
  readonly userInstall: boolean
  readonly platform: Platform
  readonly time: PlatformTime
  readonly surface: Surface
  readonly tokens: FreshTokens
  readonly tools: AdapterTools
}

/** Discord may be asked for a sign-in 1,000 times a day (D events/gateway): a minute apart at worst. */
const retryBackoff = { firstMs: 1_000, mostMs: 60_000 }
const applicationTerms = { patienceMs: 30_000, timeoutMs: 15_000 }

export function createIntake(options: IntakeOptions): Intake {
  const { token, apiUrl, userInstall, platform, time, surface, tokens, tools } = options
  const { log, clock } = tools
  const stopping = new AbortController()
  /** Aborts when answers that are under way have had their time. */
  const ending = new AbortController()
  const answers: InteractionOptions = { platform, time, tools, surface, tokens, apiUrl, signal: ending.signal }
  const hearing = createHearing(answers)
  const handling = new Set<Promise<void>>()
  let gateway: Gateway | null = null
  let running: Promise<void> = Promise.resolve()

  async function run(studio: Studio, signal: AbortSignal): Promise<void> {
    const application = await untilDone('sign-in', signal, async () => {
      const said = await platform.application({ signal, ...applicationTerms })
      if (!said.ok) throw worstOf(said)
      return said.body
    })
    log.info(
      { invite: inviteLink(application.id), ...(userInstall && { install: userInstallLink(application.id) }) },
      'add the bot to a server with this link',
    )
    await Promise.all([
      untilDone('registration of commands', signal, async () => {
        const said = await registerCommands(application.id, { platform, userInstall, tools }, signal)
        // Trying again makes a wrong definition no better: the log has it, and the registered commands still work.
        if (!said.ok && said.trouble !== 'invalid') throw worstOf(said)
      }),
      signIn(studio, application, signal),
    ])
  }

  async function signIn(studio: Studio, application: Application, signal: AbortSignal): Promise<void> {
    let content = readsMessages(application)
    await untilDone('gateway', signal, async () => {
      if ((await connect(studio, application.id, content, signal)) === 'signed_in') return
      log.warn({}, 'Discord took the message content intent away meanwhile: replies to results must mention the bot')
      content = false
      await connect(studio, application.id, content, signal)
    })
  }

  async function connect(studio: Studio, applicationId: string, content: boolean, signal: AbortSignal) {
    const opened = createGateway({
      ...{ token, apiUrl, tools, messageContent: content },
      onInteraction: (interaction) =>
        receive(interaction.id, (receivedAt) =>
          handleInteraction(withRestriction(interaction, opened.standingIn), receivedAt, studio, answers),
        ),
      onMessage: (message, me) =>
        receive(message.id, (receivedAt) =>
          hearing.hear(message, { me, applicationId, apiUrl, standingIn: opened.standingIn }, receivedAt, studio),
        ),
      onFatal: tools.fatal,
    })
    gateway = opened
    try {
      return await opened.connect(signal)
    } catch (error) {
      if (isFinal(error)) tools.fatal(error)
      throw error
    }
  }

  /** Tries until it works, or until it never will. */
  async function untilDone<T>(what: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await task()
      } catch (error) {
        signal.throwIfAborted()
        if (isFinal(error)) throw error
        log.warn({ what, attempt, detail: failureOf(error).detail }, 'Discord can’t be reached, trying again')
        await clock.sleep(
          backoffMs(retryBackoff, attempt, () => 0),
          signal,
        )
      }
    }
  }

  /** `handler` is given the time of arrival, on the monotonic clock. */
  function receive(event: string, handler: (receivedAt: number) => Promise<void>): void {
    const task = handler(clock.monotonic()).catch((error: unknown) => {
      log.error({ event, ...failureOf(error) }, 'event not handled')
    })
    handling.add(task)
    void task.finally(() => handling.delete(task))
  }

  return {
    name: 'discord',
    start: async (studio) => {
      // What ends it was reported where it was met; stopping is no failure.
      running = run(studio, stopping.signal).catch(() => undefined)
    },
    stop: async () => {
      stopping.abort(new AppError('internal', { detail: 'stopping' }))
      await gateway?.close()
      await running
      await Promise.race([Promise.allSettled(handling), clock.sleep(ackMs, ending.signal)])
      ending.abort(new AppError('internal', { detail: 'stopped' }))
      await Promise.allSettled(handling)
    },
    ready: () => gateway?.ready() ?? false,
  }
}

/** What no further try cures. */
function isFinal(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === 'token_rejected' || error.code === 'configuration')
}

/** For a refused token the transport has reported already that the process must end. */
function worstOf({ trouble, error }: { readonly trouble: Trouble; readonly error: AppError }): AppError {
  return trouble === 'signed_out' ? signedOut() : error
}
