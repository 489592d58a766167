import { setTimeout as after } from 'node:timers/promises'
import { expect } from 'vitest'
import type { AppError } from '../../src/core/failure.ts'
import type { Links } from '../../src/core/link.ts'
import type { Adapter, AdapterTools, Meter, Shelf, Vault } from '../../src/core/ports.ts'
import { createHttpServer } from '../../src/http/server.ts'
import { createSlack, type SlackOptions } from '../../src/slack/index.ts'
import { createManualClock, type ManualClock } from '../fakes/clock.ts'
import { createFakeDrafts, createFakeVault } from '../fakes/tools.ts'
import { createRecordedLog, type LogLine } from '../http/recorded-log.ts'
import { createMemoryShelf } from '../playground/memory-shelf.ts'
import { createFakeStudio, type FakeStudio } from './fake-studio.ts'
import { type SlackStandIn, type StandInOptions, startSlack } from './stand-in.ts'

/** The adapter on real Bolt, against the stand-in, with a studio and a clock in the test's hands. */
export interface Harness extends AsyncDisposable {
  readonly slack: SlackStandIn
  readonly adapter: Adapter
  readonly studio: FakeStudio
  readonly clock: ManualClock
  readonly lines: readonly LogLine[]
  readonly fatal: readonly AppError[]
  readonly shelf: Shelf
  readonly vault: Vault
  /** Where our own HTTP port is. */
  readonly origin: string
  /** Waits for something to come true; the clock goes on meanwhile. */
  until(what: string, condition: () => boolean, stepMs?: number): Promise<void>
  /** Waits for a task; the clock goes on meanwhile. */
  within<T>(task: Promise<T>): Promise<T>
}

export interface HarnessOptions extends StandInOptions {
  readonly transport?: 'sockets' | 'http'
  /** Many workspaces, by their installations. */
  readonly install?: { readonly secretsKey?: string; readonly publicUrl?: string }
  readonly vault?: Vault
  /** Another process of the same app: it leaves this stand-in as it is. */
  readonly slack?: SlackStandIn
  /** How much later than usual it is, in milliseconds. */
  readonly laterMs?: number
  readonly sockets?: number
  /** Another base than the stand-in's. */
  readonly apiUrl?: string
  /** What the adapter is given, where it is not what the stand-in accepts. */
  readonly given?: { readonly botToken?: string; readonly appToken?: string }
  readonly links?: Links
  /** Does not wait until events can come. */
  readonly early?: boolean
}

const turnMs = 4
const stepMs = 100
const patienceTurns = 1_500

export const signingSecret = '8f742231b10e8888abcd99yyyzzz85a5'
export const oauthApp = {
  clientId: '3336676.569200954261',
  clientSecret: 'client-secret-of-the-stand-in',
  stateSecret: 'a-state-secret-of-at-least-thirty-two',
  secretsKey: 'a-secrets-key-of-at-least-thirty-two-characters',
} as const
const noMeter: Meter = { count: () => undefined, time: () => undefined }

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const slack = options.slack ?? (await startSlack(options))
  const clock = createManualClock(Date.UTC(2026, 0, 15, 12) + (options.laterMs ?? 0))
  const lines: LogLine[] = []
  const fatal: AppError[] = []
  const log = createRecordedLog(lines)
  const http = createHttpServer({ host: '127.0.0.1', port: 0, log })
  const shelf = createMemoryShelf(clock)
  const vault = options.vault ?? createFakeVault()
  let ids = 0
  const tools: AdapterTools = {
    ...{ clock, log, shelf, vault, meter: noMeter, step: () => undefined, random: () => 0.5 },
    ...{ drafts: createFakeDrafts(), routes: http.routes, links: options.links ?? null },
    newId: () => {
      ids += 1
      return `id${ids}`
    },
    fatal: (error) => fatal.push(error),
  }
  const count = options.sockets ?? 2
  const given: SlackOptions = {
    apiUrl: options.apiUrl ?? slack.apiUrl,
    transport:
      options.transport === 'http'
        ? { kind: 'http', signingSecret }
        : { kind: 'sockets', appToken: options.given?.appToken ?? slack.appToken, sockets: count },
    access:
      options.install === undefined
        ? { kind: 'token', botToken: options.given?.botToken ?? slack.botToken }
        : { kind: 'install', ...oauthApp, publicUrl: 'https://imagine.test', ...options.install },
  }
  const adapter = createSlack(given, tools)
  const studio = createFakeStudio(() => adapter.surface, clock.now)
  const { origin } = await http.listen()
  if (options.transport === 'http')
    slack.byRequests({ url: `${origin}/slack/events`, secret: signingSecret, now: clock.now })

  async function until(what: string, condition: () => boolean, step = stepMs): Promise<void> {
    for (let turns = 0; !condition(); turns += 1) {
      if (turns > patienceTurns) throw new Error(`never: ${what}`)
      await after(turnMs)
      await clock.advance(step)
    }
  }

  async function within<T>(task: Promise<T>): Promise<T> {
    let done = false
    const end = () => {
      done = true
    }
    task.then(end, end)
    await until('the task ended', () => done)
    return task
  }

  const connected = () => options.transport === 'http' || slack.links.count() >= count
  await adapter.intake.start(studio)
  // Connecting needs no time of ours, and a slow machine must not run into its time-outs.
  if (options.early !== true) await until('events can come', () => connected() && adapter.intake.ready(), 0)

  return {
    ...{ slack, adapter, studio, clock, lines, fatal, shelf, vault, origin, until, within },
    [Symbol.asyncDispose]: async () => {
      await within(adapter.intake.stop())
      await http.close()
      if (options.slack === undefined) await slack.close()
      expect(clock.sleepers, 'nothing sleeps any more').toBe(0)
      checkRules(slack, lines)
    },
  }
}

/** What no test may ever show. */
function checkRules(slack: SlackStandIn, lines: readonly LogLine[]): void {
  expect(slack.violations).toEqual([])
  expect(slack.pings).toEqual([])
  const log = lines.map(({ fields, message }) => `${inspect(fields)} ${message}`).join('\n')
  const secrets = [
    slack.botToken,
    slack.appToken,
    signingSecret,
    ...Object.values(oauthApp).slice(1),
    ...slack.tokens(),
  ]
  for (const secret of [...secrets, '/respond/', 'ticket=', '/upload/v1/']) expect(log).not.toContain(secret)
}

function inspect(fields: object): string {
  return Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name}=${value instanceof Error ? `${value.message} ${value.stack}` : JSON.stringify(value)}`,
    )
    .join(' ')
}
