import { setTimeout as after } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { readAnswers } from './answers.ts'
import type { Point } from './halt.ts'
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
  readonly at: Point
  readonly replica: Replica
  readonly command: Command
}

test.skipIf(skipped)(
  'replicas asleep at six points for longer than their heartbeats count say and post nothing when they wake',
  { timeout: 120_000 },
  async () => {
    const stage = await setStage({ engine: 'postgres', seed: 41 })
    closing.push(async () => stage[Symbol.asyncDispose]())
    const { standIn, traffic } = stage
    const sleepers: Sleeper[] = []
    for (const at of dangerous) {
      const replica = await started(stage)
      replica.halt({ at, how: 'SIGSTOP' })
      const command = traffic.give('picture')
      await replica.halted()
      sleepers.push({ at, replica, command })
    }
    const postsBefore = await postCounts(stage)
    expect(sleepers.map(({ at, command }) => [at, postsBefore(command)])).toEqual(
      dangerous.map((at) => [at, at === 'marked' ? 0 : 1]),
    )
    // Alone awake, it takes over what the others hold, and ends it.
    await started(stage)
    const ended = () => sleepers.every(({ command }) => saidOf(stage, command).length > 0)
    while (!ended() || (await stage.books().live()).length > 0) await after(200)
    const { length } = standIn.requests
    for (const { replica } of sleepers) replica.kill('SIGCONT')
    // Long enough for everyone to notice, to try, and to beat again.
    await after(ttlMs)
    expect(standIn.requests.slice(length).map(({ method, route, status }) => [method, route, status])).toEqual([])
    const posts = await postCounts(stage)
    expect(sleepers.map(({ command }) => posts(command))).toEqual(sleepers.map(({ command }) => postsBefore(command)))
    // Nobody knew whether the first two were posted; the second one's id is learnt late, for the operator.
    expect(sleepers.map(({ command }) => saidOf(stage, command))).toEqual(
      dangerous.map((at) => [at === 'marked' || at === 'answered' ? 'outcome_unknown' : 'pictures']),
    )
    await expect
      .poll(async () => (await stage.books().read()).ledger.filter(({ kind }) => kind === 'late'))
      .toHaveLength(1)
    const { problems, figures } = await conclude(stage)
    expect(problems).toEqual([])
    expect(figures).toMatchObject({ ambiguous: 2, late: 1, holds: 6, resolvedOnce: 6 })
  },
)

async function started({ herd }: Stage): Promise<Replica> {
  const replica = await herd.start()
  await replica.ready
  return replica
}

async function postCounts({ upstream }: Stage): Promise<(command: Command) => number> {
  const posts = await upstream.posts()
  return ({ tag }) => posts.filter(({ prompt }) => prompt.startsWith(tag)).length
}

function saidOf({ standIn }: Stage, command: Command): string[] {
  const { final = [] } = readAnswers(standIn, [command]).get(command) ?? {}
  return final.map(({ said }) => (said.kind === 'failed' ? said.code : said.kind))
}
