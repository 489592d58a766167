import { setTimeout as after } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import type { TcpProxy } from '../fakes/tcp-proxy.ts'
import { conclude } from './run.ts'
import { type Stage, setStage, ttlMs } from './stage.ts'

const skipped = process.env.TEST_DATABASE_URL === undefined
if (skipped) process.stdout.write('skipped: a database that goes away, as TEST_DATABASE_URL is not set\n')

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

describe.skipIf(skipped)('a database that goes away and comes back', () => {
  /** Two replicas with jobs in every state. */
  async function busy(seed: number): Promise<Stage & { readonly network: TcpProxy }> {
    const stage = await setStage({ engine: 'postgres', seed, maxInFlight: 4 })
    closing.push(async () => stage[Symbol.asyncDispose]())
    const { herd, traffic, standIn, network } = stage
    if (network === null) throw new Error('no way to PostgreSQL')
    for (const replica of [await herd.start(), await herd.start()]) await replica.ready
    await standIn.ready(2)
    for (const wish of ['picture', 'pictures', 'edit', 'picture', 'private', 'picture'] as const) traffic.give(wish)
    await standIn.until(() => traffic.commands.every(({ invocation }) => invocation.interaction.answered === 5))
    return { ...stage, network, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() }
  }

  /** What a person is told who asks meanwhile: within Discord's three seconds, and the truth. */
  async function askMeanwhile({ traffic, standIn }: Stage) {
    const command = traffic.give('picture')
    await standIn.until(() => command.invocation.interaction.answered)
    return command
  }

  test.each([
    [
      'refuses connections',
      async (network: TcpProxy) => {
        await network.refuse()
        network.cut()
      },
    ],
    ['is silent', async (network: TcpProxy) => network.pause()],
    ['takes what is said and does not answer', async (network: TcpProxy) => network.pause('answers')],
  ])('it %s for longer than a heartbeat counts', { timeout: 120_000 }, async (_what, goAway) => {
    const stage = await busy(31)
    await goAway(stage.network)
    await askMeanwhile(stage)
    await after(2 * ttlMs)
    await askMeanwhile(stage)
    await stage.network.resume()
    const { problems, figures } = await conclude(stage)
    expect(problems).toEqual([])
    // A mark of which nobody knows whether it was set in time is given up; everything else went on.
    expect(figures.ambiguous).toBeLessThan(4)
    expect(figures.pictures + figures.ambiguous).toBeGreaterThanOrEqual(7)
  })

  test('it restarts, again and again', { timeout: 120_000 }, async () => {
    const stage = await busy(32)
    const { DATABASE_URL: way = '' } = stage.env
    const direct = new URL(process.env.TEST_DATABASE_URL ?? '')
    const name = new URL(way).pathname.slice(1)
    const admin = new pg.Client({ connectionString: direct.href })
    await admin.connect()
    closing.push(() => admin.end())
    for (let times = 0; times < 8; times += 1) {
      stage.traffic.give('picture')
      await after(300)
      // As a server that shuts down does.
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
    }
    const { problems, figures } = await conclude(stage)
    expect(problems).toEqual([])
    expect(figures.pictures).toBeGreaterThanOrEqual(7)
  })
})
