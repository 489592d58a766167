import { setTimeout as after } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { readAnswers } from './answers.ts'
import type { Halt } from './halt.ts'
import type { Replica } from './herd.ts'
import { pause } from './pause.ts'
import { conclude } from './run.ts'
import { type Stage, setStage } from './stage.ts'
import type { Command } from './traffic.ts'

const skipped = process.env.TEST_DATABASE_URL === undefined
if (skipped) process.stdout.write('skipped: paused replicas, as TEST_DATABASE_URL is not set\n')

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

describe.skipIf(skipped)('a replica that sleeps longer than its heartbeat counts', () => {
  async function staged(seed: number): Promise<Stage> {
    const stage = await setStage({ engine: 'postgres', seed })
    closing.push(async () => stage[Symbol.asyncDispose]())
    return stage
  }

  async function started({ herd, standIn }: Stage): Promise<Replica> {
    const replica = await herd.start()
    await replica.ready
    await standIn.ready()
    return replica
  }

  /** Gives a command to the one replica there is, which halts with it. */
  async function haltedWith(victim: Replica, at: Halt['at'], { traffic }: Stage): Promise<Command> {
    victim.halt({ at, how: 'SIGSTOP' })
    const command = traffic.give('picture')
    await victim.halted()
    return command
  }

  const saidOf = ({ standIn }: Stage, command: Command) =>
    readAnswers(standIn, [command])
      .get(command)
      ?.final.map(({ said }) => said)

  test.each(['settled', 'uploading', 'sending', 'shown'] as const)(
    'paused at %s, it says nothing more of its jobs when it wakes: others have answered',
    { timeout: 60_000 },
    async (point) => {
      const stage = await staged(41)
      const { traffic, standIn } = stage
      const victim = await started(stage)
      const paused = pause(victim, point, stage)
      for (const wish of ['picture', 'pictures', 'edit', 'picture'] as const) traffic.give(wish)
      await standIn.until(() => traffic.commands.every(({ invocation }) => invocation.interaction.answered === 5))
      await started(stage)
      const { at, robbed, problems } = await paused
      expect(at).toBe(point)
      expect(robbed).toBeGreaterThan(0)
      expect(problems).toEqual([])
      expect((await conclude(stage)).problems).toEqual([])
    },
  )

  test('paused before a POST it does not post when it wakes; paused after one it tells the task id, late', {
    timeout: 120_000,
  }, async () => {
    const stage = await staged(42)
    const { upstream, standIn } = stage
    const postsOf = async ({ tag }: Command) =>
      (await upstream.posts()).filter(({ prompt }) => prompt.startsWith(tag)).length
    const before = await started(stage)
    const unposted = await haltedWith(before, 'marked', stage)
    const behind = await started(stage)
    const posted = await haltedWith(behind, 'answered', stage)
    expect([await postsOf(unposted), await postsOf(posted)]).toEqual([0, 1])
    await started(stage)
    const owners = new Map((await stage.books().owners()).map(({ event_key, owner }) => [event_key, owner]))
    while ((await stage.books().owners()).some(({ event_key, owner }) => owner === owners.get(event_key)))
      await after(200)
    before.kill('SIGCONT')
    // Until the others give up on both: nobody knows what became of the POSTs.
    await waitFor(() => [unposted, posted].every((command) => saidOf(stage, command)?.length === 1))
    const { length } = standIn.requests
    behind.kill('SIGCONT')
    const { problems, figures } = await conclude(stage)
    expect(problems).toEqual([])
    for (const command of [unposted, posted])
      expect(saidOf(stage, command)).toEqual([{ kind: 'failed', code: 'outcome_unknown' }])
    expect([await postsOf(unposted), await postsOf(posted)]).toEqual([0, 1])
    expect(figures).toMatchObject({ ambiguous: 2, late: 1, resolvedOnce: 2 })
    expect(standIn.requests.length).toBe(length)
  })
})

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await after(200)
}
