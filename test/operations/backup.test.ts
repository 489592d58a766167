import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openSqliteStore } from '../../src/store/store.ts'
import { accepted, storeOptions } from '../contract/store-fixture.ts'
import { newId } from '../store/fixtures.ts'
import { run } from './run.ts'

/** Of util-linux, which not every machine has. */
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0

// Processes, which start slowly on a busy machine.
describe('npm run db:backup', { timeout: 60_000 }, () => {
  let root: string
  let dataDir: string
  let child: ChildProcess | null = null
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'imagine-backup-'))
    dataDir = join(root, 'data')
  })
  afterEach(async () => {
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    child = null
    await rm(root, { recursive: true })
  })

  const open = (directory = dataDir) => openSqliteStore({ ...storeOptions, dataDir: directory, newId })

  /** The last number that the child said, which accepts one job after the other. */
  function accepting(): { readonly last: () => number } {
    const script = fileURLToPath(new URL('../store/child.ts', import.meta.url))
    child = spawn(process.execPath, [script, dataDir, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
    let last = -1
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (/^\d+$/.test(line)) last = Number(line)
      })
    return { last: () => last }
  }

  test('is whole, of one moment, and for its owner alone, while the program goes on writing', async () => {
    const { last } = accepting()
    await expect.poll(last, { timeout: 10_000 }).toBeGreaterThan(20)
    const before = last()
    const file = join(root, 'copy.db')
    const { code, out, err } = await run('backup', [file], { DATA_DIR: dataDir })
    const after = last()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/copy\.db: \d+ jobs, \d+ bytes\n$/)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await readdir(root)).sort()).toEqual(['copy.db', 'data'])
    // The program was not disturbed: it goes on, and its locks hold.
    await expect.poll(last, { timeout: 10_000 }).toBeGreaterThan(after + 5)
    expect(() => openSqlite(dataDir)).toThrow(/another process/)

    const restored = join(root, 'restored')
    await mkdir(restored)
    await rename(file, join(restored, 'imagine.db'))
    const store = await open(restored)
    for (let n = 0; n <= before; n += 1) expect((await store.jobs.get(`job${n}`))?.state).toBe('accepted')
    await store.close()
    const engine = openSqlite(restored)
    const [sums] = await engine.run(
      `select (select count(*) from jobs) as jobs, (select count(*) from tasks) as tasks,
        (select count(*) from ledger where kind = 'hold') as holds`,
    )
    expect(sums?.tasks).toBe(sums?.jobs)
    expect(sums?.holds).toBe(sums?.jobs)
    await engine.close()
  })

  test('works on what a killed program left, and on a program that was stopped', async () => {
    const { last } = accepting()
    await expect.poll(last, { timeout: 10_000 }).toBeGreaterThan(20)
    child?.kill('SIGKILL')
    await once(child ?? process, 'exit')
    const killed = await run('backup', [join(root, 'killed.db')], { DATA_DIR: dataDir })
    expect(killed).toMatchObject({ code: 0, err: '' })
    expect(Number(/: (\d+) jobs/.exec(killed.out)?.[1])).toBeGreaterThan(last())
    const store = await open()
    await store.close()
    expect(await run('backup', ['--', join(root, 'stopped.db')], { DATA_DIR: dataDir })).toMatchObject({
      code: 0,
      err: '',
    })
  })

  test.skipIf(!hasPrlimit)('a disk that fills leaves nothing behind', async () => {
    const store = await open()
    for (let at = 0; at < 200; at += 1) await accepted(store)
    const full = await run('backup', [join(root, 'full.db')], { DATA_DIR: dataDir }, ['prlimit', '--fsize=50000'])
    expect(full).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/the copy .*full\.db\S* can't be written/),
    })
    expect(await readdir(root)).toEqual(['data'])
    await accepted(store)
    await store.close()
  })

  test('says in words what is wrong, with exit code 1, and leaves everything as it was', async () => {
    const wrong = async (args: readonly string[], words: RegExp, env: Readonly<Record<string, string>> = {}) => {
      const { code, out, err } = await run('backup', args, { DATA_DIR: dataDir, ...env })
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toMatch(words)
      expect(err).not.toContain('hush')
    }
    const precious = join(root, 'precious.db')
    await writeFile(precious, 'of last week')
    await wrong([join(root, 'new.db')], /there is no database at/)
    const store = await open()
    await accepted(store)
    await Promise.all([
      wrong([], /Name one file[\s\S]*npm run db:backup/),
      wrong([precious, 'more'], /Name one file/),
      wrong([precious], /precious\.db exists already/),
      wrong([root], /exists already/),
      wrong([join(root, 'nowhere', 'new.db')], /no such file or directory/),
      wrong([join(root, 'new.db')], /pg_dump --format=custom --file=.*new\.db "\$DATABASE_URL"/, {
        DATABASE_URL: 'postgres://me:hush@127.0.0.1:9/x',
      }),
    ])
    expect(await readFile(precious, 'utf8')).toBe('of last week')
    expect((await readdir(root)).sort()).toEqual(['data', 'precious.db'])
    await store.close()
  })
})
