import { setTimeout as after } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { readAnswers } from './answers.ts'
import { nameHeader, type Point } from './halt.ts'
import type { Replica } from './herd.ts'
import { conclude } from './run.ts'
import { type Stage, setStage, ttlMs } from './stage.ts'
import type { Command } from './traffic.ts'

const skipped = process.env.TEST_DATABASE_URL === undefined
if (skipped) process.stdout.write('skipped: paused replicas, as TEST_DATABASE_URL is not set\n')

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Where whoever wakes is about to speak or to pay, or is in the middle of it. */
const dangerous: readonly Point[] = ['marked', 'answered', 'settled', 'uploading', 'sending', 'shown']

interface Sleeper {
  readonly replica: Replica
  readonly command: Command
}

test.skipIf(skipped)(
  'replicas asleep at six points for longer than their heartbeats count say and post nothing when they wake',
  { timeout: 240_000 },
  async () => {
    const stage = await setStage({ engine: 'postgres', seed: 41, spare: true })
    closing.push(async () => stage[Symbol.asyncDispose]())
    const { standIn, upstream, traffic } = stage
    const sleepers: Sleeper[] = []
    for (const at of dangerous) {
      const replica = await started(stage)
      replica.halt({ at, how: 'SIGSTOP' })
      const command = traffic.give('picture')
      await replica.halted()
      sleepers.push({ replica, command })
    }
    // Alone awake, it takes over what the others hold, and ends it.
    await started(stage)
    const ended = () => sleepers.every(({ command }) => saidOf(stage, command).length > 0)
    while (!ended() || (await stage.books().live()).length > 0) await after(200)
    const { length } = standIn.requests
    const posted = await upstream.posts()
    for (const { replica } of sleepers) replica.kill('SIGCONT')
    // Long enough for everyone to notice, to try, and to beat again.
    await after(ttlMs)
    const spoken = standIn.requests.slice(length).filter(({ method }) => method !== 'GET')
    expect(spoken.map(({ headers, method, path, body }) => [headers[nameHeader], method, path, body])).toEqual([])
    expect((await upstream.posts()).slice(posted.length)).toEqual([])
    // Nobody knew whether the first two were posted; the second one's id is learnt late, for the operator.
    const said = sleepers.map(({ command }) => saidOf(stage, command))
    expect(said.slice(0, 2)).toEqual([['outcome_unknown'], ['outcome_unknown']])
    // A machine that is slow may have let one sleeper take over from another before.
    for (const words of said.slice(2)) expect([['pictures'], ['outcome_unknown']]).toContainEqual(words)
    const { problems, figures } = await conclude(stage)
    expect(problems).toEqual([])
    expect(figures).toMatchObject({ commands: 6, holds: 6, resolvedOnce: 6 })
    expect(figures.ambiguous).toBeGreaterThanOrEqual(2)
    expect(figures.late).toBeGreaterThanOrEqual(1)
  },
)

async function started({ herd }: Stage): Promise<Replica> {
  const replica = await herd.start()
  await replica.ready
  return replica
}

function saidOf({ standIn }: Stage, command: Command): string[] {
  const { final = [] } = readAnswers(standIn, [command]).get(command) ?? {}
  return final.map(({ said }) => (said.kind === 'failed' ? said.code : said.kind))
}
