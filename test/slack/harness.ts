import { setTimeout as after } from 'node:timers/promises'
import { expect } from 'vitest'
import type { AppError } from '../../src/core/failure.ts'
import type { Adapter, AdapterTools, Meter } from '../../src/core/ports.ts'
import { createSlack } from '../../src/slack/index.ts'
import { createManualClock, type ManualClock } from '../fakes/clock.ts'
import { createRecordedLog, type LogLine } from '../http/recorded-log.ts'
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
  /** Waits for something to come true; the clock goes on meanwhile. */
  until(what: string, condition: () => boolean, stepMs?: number): Promise<void>
  /** Waits for a task; the clock goes on meanwhile. */
  within<T>(task: Promise<T>): Promise<T>
}

export interface HarnessOptions extends StandInOptions {
  readonly sockets?: number
  /** Another base than the stand-in's. */
  readonly apiUrl?: string
  /** What the adapter is given, where it is not what the stand-in accepts. */
  readonly given?: { readonly botToken?: string; readonly appToken?: string }
  /** Does not wait until the sockets are up. */
  readonly early?: boolean
}

const turnMs = 4
const stepMs = 100
const patienceTurns = 1_500

const noMeter: Meter = { count: () => undefined, time: () => undefined }

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const slack = await startSlack(options)
  const clock = createManualClock()
  const lines: LogLine[] = []
  const fatal: AppError[] = []
  let ids = 0
  const tools: AdapterTools = {
    ...{ clock, meter: noMeter, log: createRecordedLog(lines), step: () => undefined },
    newId: () => {
      ids += 1
      return `id${ids}`
    },
    fatal: (error) => fatal.push(error),
  }
  const count = options.sockets ?? 2
  const adapter = createSlack(
    {
      botToken: options.given?.botToken ?? slack.botToken,
      appToken: options.given?.appToken ?? slack.appToken,
      apiUrl: options.apiUrl ?? slack.apiUrl,
      sockets: count,
    },
    tools,
    () => 0.5,
  )
  const studio = createFakeStudio(() => adapter.surface, clock.now)

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

  await adapter.intake.start(studio)
  // Connecting needs no time of ours, and a slow machine must not run into its time-outs.
  if (options.early !== true)
    await until('all sockets are up', () => slack.links.count() === count && adapter.intake.ready(), 0)

  return {
    ...{ slack, adapter, studio, clock, lines, fatal, until, within },
    [Symbol.asyncDispose]: async () => {
      await within(adapter.intake.stop())
      await slack.close()
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
  for (const secret of [slack.botToken, slack.appToken, '/respond/', 'ticket=', '/upload/v1/'])
    expect(log).not.toContain(secret)
}

function inspect(fields: object): string {
  return Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name}=${value instanceof Error ? `${value.message} ${value.stack}` : JSON.stringify(value)}`,
    )
    .join(' ')
}
