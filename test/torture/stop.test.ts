import { setTimeout as after } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { runProgram } from '../program.ts'
import { readAnswers } from './answers.ts'
import type { EngineName } from './database.ts'
import { conclude } from './run.ts'
import { type Stage, type StageOptions, setStage } from './stage.ts'
import type { Command } from './traffic.ts'

const engines: readonly EngineName[] = process.env.TEST_DATABASE_URL === undefined ? ['sqlite'] : ['sqlite', 'postgres']
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function staged(options: Partial<StageOptions> = {}): Promise<Stage> {
  const stage = await setStage({ engine: 'sqlite', seed: 1, ...options })
  closing.push(async () => stage[Symbol.asyncDispose]())
  return stage
}

/** The program as `npm start` runs it, signed in to the chat. */
async function program({ env, standIn }: Stage) {
  const run = runProgram(env)
  closing.push(async () => {
    run.process.kill('SIGKILL')
    await run.exited
  })
  await standIn.ready()
  return run
}

/** The end of the one task was seen: its result is being fetched. */
async function noMoreLooks({ upstream }: Stage): Promise<void> {
  for (let before = 0; ; ) {
    const looks = Object.values(await upstream.looks())[0] ?? 0
    if (looks > 0 && looks === before) return
    before = looks
    await after(1_000)
  }
}

const saidOf = ({ standIn }: Stage, command: Command) =>
  readAnswers(standIn, [command])
    .get(command)
    ?.final.map(({ said }) => said.kind)

describe.each(engines)('on %s, asked to end with jobs under way', (engine) => {
  test('it finishes the delivery in progress, ends with 0, and the next process goes on at once', {
    timeout: 120_000,
  }, async () => {
    // Nobody is taken for dead within this test: what goes on was handed back.
    const stage = await staged({ engine, env: { REPLICA_TTL_SECONDS: '600' }, maxInFlight: 2 })
    const { herd, traffic, standIn, upstream } = stage
    const first = await herd.start()
    await first.ready
    await standIn.ready()
    const delivered = traffic.give('picture')
    await upstream.behave({ on: 'result', do: 'slow', ms: 100, prompt: delivered.tag })
    first.halt({ at: 'uploading', how: 'SIGTERM' })
    const drawn = traffic.give('picture', '[sim:slow=6]')
    const waiting = traffic.give('picture', '[sim:slow=5]')
    expect(await first.exited).toEqual({ code: 0, signal: null })
    expect(saidOf(stage, delivered)).toEqual(['pictures'])
    expect((await stage.books().live()).length).toBe(2)
    expect((await stage.books().owners()).map(({ owner }) => owner)).toEqual([null, null, null])
    await (await herd.start()).ready
    await standIn.until(() => [drawn, waiting].every((command) => saidOf(stage, command)?.[0] === 'pictures'))
    expect((await conclude(stage)).problems).toEqual([])
  })

  test('it ends with 0 when its grace time is over, and the next process shows what it could not', {
    timeout: 120_000,
  }, async () => {
    const stage = await staged({ engine, env: { REPLICA_TTL_SECONDS: '600', SHUTDOWN_GRACE_SECONDS: '1' } })
    const { herd, traffic, standIn, upstream } = stage
    const first = await herd.start()
    await first.ready
    await standIn.ready()
    const command = traffic.give('picture')
    // 16 s of it: far more than the grace time.
    await upstream.behave({ on: 'result', do: 'slow', ms: 1_000, prompt: command.tag, times: 1 })
    first.halt({ at: 'uploading', how: 'SIGTERM' })
    expect(await first.exited).toEqual({ code: 0, signal: null })
    expect(saidOf(stage, command)).toEqual([])
    await (await herd.start()).ready
    await standIn.until(() => saidOf(stage, command)?.[0] === 'pictures')
    expect((await conclude(stage)).problems).toEqual([])
  })
})

describe('asked to end', () => {
  test('a second signal ends it at once', { timeout: 120_000 }, async () => {
    const stage = await staged({ env: { SHUTDOWN_GRACE_SECONDS: '60' } })
    const { herd, traffic, standIn, upstream } = stage
    const run = await program(stage)
    const command = traffic.give('picture')
    // The delivery never ends by itself, and the grace time outlasts the test.
    await upstream.behave({ on: 'result', do: 'hang', prompt: command.tag, times: 1 })
    await noMoreLooks(stage)
    run.process.kill('SIGTERM')
    await standIn.until(() => standIn.gateway.live() === 0, 'signed out')
    expect(run.process.exitCode).toBe(null)
    run.process.kill('SIGTERM')
    expect(await run.exited).toBe(1)
    expect(saidOf(stage, command)).toEqual([])
    await (await herd.start()).ready
    expect((await conclude(stage)).problems).toEqual([])
    expect(saidOf(stage, command)).toEqual(['pictures'])
  })

  test('idle, it ends with 0', { timeout: 120_000 }, async () => {
    const run = await program(await staged())
    run.process.kill('SIGTERM')
    expect(await run.exited).toBe(0)
    expect(run.output()).not.toMatch(/"level":(50|60)/)
  })
})
