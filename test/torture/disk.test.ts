import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { runProgram } from '../program.ts'
import { conclude } from './run.ts'
import { setStage } from './stage.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const limited = spawnSync('prlimit', ['--version']).status === 0
if (!limited) process.stdout.write('skipped: a disk that fills, as there is no prlimit (util-linux)\n')

/** The program with files of at most so many bytes, until that is lifted: its writes fail as on a full disk. */
function runLimited(env: Readonly<Record<string, string>>, bytes: number) {
  const child = spawn('prlimit', [`--fsize=${bytes}:unlimited`, process.execPath, 'start.mjs'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      output += part.toString()
    })
  const exited = once(child, 'close').then(([code]) => code as number | null)
  closing.push(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return { child, exited, output: () => output }
}

test.skipIf(!limited)(
  'a disk that fills: new requests are refused in words, and all goes on when there is room',
  {
    timeout: 120_000,
  },
  async () => {
    const stage = await setStage({ engine: 'sqlite', seed: 5 })
    closing.push(async () => stage[Symbol.asyncDispose]())
    const { standIn, traffic } = stage
    const run = runLimited(stage.env, 1_200_000)
    await standIn.ready()
    const isRefused = () =>
      [...standIn.world.messages.values()].some(({ content }) =>
        content.includes('can’t write down requests right now'),
      )
    for (let given = 0; !isRefused(); given += 1) {
      expect(given).toBeLessThan(300)
      traffic.give('picture')
      await after(60)
    }
    // More of them, with jobs under way that can't be written down either.
    for (let more = 0; more < 5; more += 1) traffic.give('picture')
    await after(3_000)
    expect(run.child.exitCode).toBe(null)
    expect(spawnSync('prlimit', ['--pid', String(run.child.pid), '--fsize=unlimited']).status).toBe(0)
    traffic.give('pictures')
    const { problems, figures } = await conclude(stage)
    expect(problems).toEqual([])
    expect(figures.refused).toBeGreaterThan(0)
    expect(figures.pictures).toBeGreaterThan(5)
    // The same process all along.
    run.child.kill('SIGTERM')
    expect(await run.exited).toBe(0)
  },
)

test.skipIf(!limited)('no room for the database at the start: words, and exit code 1', async () => {
  const stage = await setStage({ engine: 'sqlite', seed: 6 })
  closing.push(async () => stage[Symbol.asyncDispose]())
  const run = runLimited(stage.env, 0)
  expect(await run.exited).toBe(1)
  expect(run.output()).toContain('DATA_DIR')
  expect(run.output()).not.toContain(stage.standIn.botToken)
})

test('a DATA_DIR that can’t be written: words that name it, and exit code 1', async () => {
  const stage = await setStage({ engine: 'sqlite', seed: 7 })
  closing.push(async () => stage[Symbol.asyncDispose]())
  const file = join(stage.dir, 'a-file')
  await writeFile(file, '')
  // Places that not even root can write.
  for (const dataDir of ['/sys/imagine', '/proc/self', join(file, 'data')]) {
    const run = runProgram({ ...stage.env, DATA_DIR: dataDir })
    closing.push(async () => {
      run.process.kill('SIGKILL')
    })
    expect(await run.exited).toBe(1)
    expect(run.output()).toContain(dataDir)
    expect(run.output()).toContain('DATA_DIR')
  }
})
