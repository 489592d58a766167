import { setTimeout as after } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { TcpProxy } from '../fakes/tcp-proxy.ts'
import { readAnswers } from './answers.ts'
import { startCluster } from './cluster.ts'
import { conclude } from './run.ts'
import { type Stage, type StageOptions, setStage, ttlMs } from './stage.ts'
import type { Command } from './traffic.ts'

const skipped = process.env.TEST_DATABASE_URL === undefined
if (skipped) process.stdout.write('skipped: a database that goes away, as TEST_DATABASE_URL is not set\n')

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Connected = Stage & { readonly network: TcpProxy }

async function staged(replicas: number, options: Omit<StageOptions, 'engine'>): Promise<Connected> {
  const stage = await setStage({ engine: 'postgres', ...options })
  closing.push(async () => stage[Symbol.asyncDispose]())
  const { herd, standIn, network } = stage
  if (network === null) throw new Error('no way to PostgreSQL')
  for (let more = 0; more < replicas; more += 1) await (await herd.start()).ready
  await standIn.ready(replicas)
  return { ...stage, network, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() }
}

/** Jobs in every state: more than have slots. */
async function busy({ traffic, standIn }: Stage): Promise<void> {
  const wishes = ['picture', 'pictures', 'edit', 'private', 'picture'] as const
  const commands = wishes.map((wish) => traffic.give(wish))
  await standIn.until(() => commands.every(({ invocation }) => invocation.interaction.answered === 5))
}

function isOver({ standIn }: Stage, command: Command): boolean {
  return (readAnswers(standIn, [command]).get(command)?.final.length ?? 0) > 0
}

test.skipIf(skipped)(
  'a database that refuses, is silent, takes without answering, each for longer than a heartbeat counts',
  { timeout: 180_000 },
  async () => {
    const stage = await staged(2, { seed: 31, maxInFlight: 8 })
    const { network, traffic, standIn } = stage
    const ways = [
      async () => {
        await network.refuse()
        network.cut()
      },
      async () => network.pause(),
      async () => network.pause('answers'),
    ]
    for (const goAway of ways) {
      await busy(stage)
      await goAway()
      for (let asked = 0; asked < 2; asked += 1) {
        // Told within Discord's three seconds that it was heard.
        const command = traffic.give('picture')
        await standIn.until(() => command.invocation.interaction.answered)
        await after(ttlMs * 0.75)
      }
      await network.resume()
      const next = traffic.give('picture')
      await standIn.until(() => isOver(stage, next))
    }
    const { problems, figures } = await conclude(stage)
    expect(problems).toEqual([])
    expect(figures).toMatchObject({ commands: 24, refused: 0, lost: 0, doublePosts: 0 })
    // A mark of which nobody knows whether it was set in time is given up; everything else went on.
    expect(figures.pictures + figures.ambiguous).toBe(27)
    expect(figures.ambiguous).toBeLessThan(12)
  },
)

test.skipIf(skipped)(
  'a database that breaks off again and again in the middle: what was acknowledged is written down',
  { timeout: 120_000 },
  async () => {
    const stage = await staged(1, { seed: 33, maxInFlight: 30 })
    const { network, traffic } = stage
    for (let round = 0; round < 10; round += 1) {
      if (round % 2 === 0) await network.refuse()
      else network.pause('answers')
      if (round % 2 === 0) network.cut()
      for (let more = 0; more < 4; more += 1) {
        traffic.give('picture')
        await after(15)
      }
      await after(300 + 30 * round)
      network.cut()
      await network.resume()
      await after(400)
    }
    const { problems, figures } = await conclude(stage)
    expect(problems).toEqual([])
    expect(figures.acked).toBeGreaterThan(30)
  },
)

test.skipIf(skipped)('a server that restarts, and one that crashes', { timeout: 120_000 }, async (context) => {
  const cluster = await startCluster()
  if (cluster === null) {
    process.stdout.write('skipped: a PostgreSQL that restarts, as there is no initdb, or no user postgres for it\n')
    return context.skip()
  }
  closing.push(async () => cluster[Symbol.asyncDispose]())
  const stage = await staged(2, { seed: 32, maxInFlight: 4, server: cluster.url })
  const { traffic, standIn } = stage
  for (const how of ['fast', 'crash', 'crash', 'fast'] as const) {
    await busy(stage)
    await after(200)
    await cluster.stop(how)
    traffic.give('picture')
    await after(500)
    await cluster.start()
    await standIn.until(() => traffic.commands.every((command) => isOver(stage, command)))
  }
  const { problems, figures } = await conclude(stage)
  expect(problems).toEqual([])
  expect(figures).toMatchObject({ commands: 24, refused: 0, lost: 0, doublePosts: 0 })
  expect(figures.pictures).toBeGreaterThan(14)
})
