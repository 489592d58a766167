import type { APIInteraction, GatewayMessageCreateDispatchData } from 'discord.js'
import { backoffMs } from '../core/backoff.ts'
import { AppError, failureOf } from '../core/failure.ts'
import type { AdapterTools, Intake } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import type { Trouble } from './errors.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { ackMs } from './limits.ts'
import { type Heard, type Listener, parseMessage, toAsk, wantsHelp } from './message.ts'
import { createMessageReply, tellSender } from './message-reply.ts'
import { type Arrival, parseInteraction } from './parse.ts'
import type { Platform } from './platform.ts'
import type { PlatformTime } from './platform-time.ts'
import { registerCommands } from './registration.ts'
import { findPointed } from './replied-to.ts'
import { acknowledge, answerPress, createReply, type ReplyOptions, tell } from './reply.ts'
import { signedOut } from './rest.ts'
import { timeOf } from './snowflake.ts'

export interface IntakeOptions {
  readonly token: string
  readonly apiUrl: string
  readonly userInstall: boolean
  readonly platform: Platform
  readonly time: PlatformTime
  readonly tools: AdapterTools
}

/** Discord may be asked for a sign-in 1,000 times a day (D events/gateway): a minute apart at worst. */
const retryBackoff = { firstMs: 1_000, mostMs: 60_000 }
const applicationTerms = { patienceMs: 30_000, timeoutMs: 15_000 }

export function createIntake(options: IntakeOptions): Intake {
  const { token, apiUrl, userInstall, platform, time, tools } = options
  const { log, clock } = tools
  const stopping = new AbortController()
  /** Aborts when answers that are under way have had their time. */
  const ending = new AbortController()
  const replies: ReplyOptions = { platform, time, tools, signal: ending.signal }
  const handling = new Set<Promise<void>>()
  let gateway: Gateway | null = null
  let running: Promise<void> = Promise.resolve()

  async function run(studio: Studio, signal: AbortSignal): Promise<void> {
    const application = await untilDone('sign-in', signal, async () => {
      const said = await platform.application({ signal, ...applicationTerms })
      if (!said.ok) throw worstOf(said)
      return said.body
    })
    await Promise.all([
      untilDone('registration of commands', signal, async () => {
        const said = await registerCommands(application.id, { platform, userInstall, tools }, signal)
        // Trying again makes a wrong definition no better: the log has it, and the registered commands still work.
        if (!said.ok && said.trouble !== 'invalid') throw worstOf(said)
      }),
      untilDone('gateway', signal, () => connect(studio, application.id, signal)),
    ])
  }

  async function connect(studio: Studio, applicationId: string, signal: AbortSignal): Promise<void> {
    gateway = createGateway({
      ...{ token, apiUrl, tools },
      onInteraction: (interaction) => receive(interaction.id, (receivedAt) => handle(interaction, receivedAt, studio)),
      onMessage: (message, me) =>
        receive(message.id, (receivedAt) => hear(message, { me, applicationId, apiUrl }, receivedAt, studio)),
      onFatal: tools.fatal,
    })
    try {
      await gateway.connect(signal)
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

  async function hear(
    message: GatewayMessageCreateDispatchData,
    listener: Listener,
    receivedAt: number,
    studio: Studio,
  ): Promise<void> {
    const heard = parseMessage(message, listener)
    if (heard === null) return
    const notice = wantsHelp(heard) ? { kind: 'help' as const } : await asked(heard, receivedAt, studio)
    if (notice !== null) await tellSender(heard, notice, replies)
  }

  /** What the sender is told besides what the studio says. */
  async function asked(heard: Heard, receivedAt: number, studio: Studio): Promise<Notice | null> {
    try {
      const found = await findPointed(heard, studio)
      if (!found.ok) return { kind: 'failure', failure: found.failure }
      await studio.imagine(toAsk(heard, found.pointed, receivedAt), createMessageReply(heard, replies))
      return null
    } catch (error) {
      log.error({ message: heard.messageId, ...failureOf(error) }, 'request not handled')
      return { kind: 'failure', failure: failureOf(error) }
    }
  }

  async function handle(interaction: APIInteraction, receivedAt: number, studio: Studio): Promise<void> {
    const ageMs = time.now() - timeOf(interaction.id)
    if (ageMs > ackMs) {
      // Replayed after a resume: its sender was told that nobody answered, and has probably asked again.
      log.warn({ interaction: interaction.id, ageMs }, 'interaction too old to be answered')
      return
    }
    const arrival = parseInteraction(interaction, receivedAt)
    try {
      await answer(arrival, studio)
    } catch (error) {
      // Where there was an answer already, Discord takes no second one.
      if (arrival.kind !== 'none') await tell(arrival.caller, { kind: 'failure', failure: failureOf(error) }, replies)
      throw error
    }
  }

  async function answer(arrival: Arrival, studio: Studio): Promise<void> {
    switch (arrival.kind) {
      case 'imagine':
        return studio.imagine(arrival.ask, createReply(arrival.caller, arrival.place, replies))
      case 'cancel':
        return answerPress(arrival.caller, cancelled(studio, arrival), replies)
      case 'unknown_press':
        return tell(arrival.caller, { kind: 'old_button' }, replies)
      case 'unknown_command':
        return tell(arrival.caller, { kind: 'help' }, replies)
      case 'typing':
        await acknowledge(arrival.caller.door, { kind: 'no_choices' }, replies)
        return
      case 'none':
        return
    }
  }

  /** What the presser is told; null when the message itself says it. */
  async function cancelled(studio: Studio, { press }: Extract<Arrival, { kind: 'cancel' }>): Promise<Notice | null> {
    try {
      const outcome = await studio.cancel(press)
      return outcome === 'cancelled' ? null : { kind: 'cancel', answer: outcome }
    } catch (error) {
      log.error({ ...failureOf(error) }, 'cancel failed')
      return { kind: 'failure', failure: failureOf(error) }
    }
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
