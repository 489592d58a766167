import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openSqliteStore } from '../../src/store/store.ts'
import { accepted, begun, storeOptions } from '../contract/store-fixture.ts'
import { newId } from './fixtures.ts'

describe('the embedded store', () => {
  let root: string
  let dataDir: string
  const children: ChildProcess[] = []
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'imagine-embedded-'))
    dataDir = join(root, 'some', 'data')
  })
  afterEach(async () => {
    for (const child of children.splice(0)) await ended(child)
    await rm(root, { recursive: true })
  })

  const open = () => openSqliteStore({ ...storeOptions, dataDir, newId })

  /** A child process with the store, and what it says, line by line. */
  function start(first: number | null, uid?: number) {
    const args = [
      fileURLToPath(new URL('./child.ts', import.meta.url)),
      dataDir,
      ...(first === null ? [] : [String(first)]),
    ]
    const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit']
    const child = spawn(process.execPath, args, uid === undefined ? { stdio } : { stdio, uid })
    children.push(child)
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
  }

  async function ended(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  test('makes its directory, for its own user alone', async () => {
    const store = await open()
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    await store.close()
  })

  test('commits survive a power loss: WAL with full synchronisation', async () => {
    const engine = openSqlite(dataDir)
    expect(await engine.run('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }])
    expect(await engine.run('pragma synchronous')).toEqual([{ synchronous: 2 }])
    expect(await engine.run('pragma foreign_keys')).toEqual([{ foreign_keys: 1 }])
    await engine.close()
  })

  describe('one process at a time', () => {
    const refusal = () => `another process already uses the data directory ${dataDir}`

    test('a second process is refused at once, in words that name the directory', async () => {
      const store = await open()
      const { lines } = start(null)
      const { value } = await lines.next()
      expect(value).toContain('configuration|')
      expect(value).toContain(refusal())
      // The refused one has not freed what it was refused.
      await expect(open()).rejects.toMatchObject({ code: 'configuration', detail: expect.stringContaining(refusal()) })
      await store.close()
    })

    test('closing frees the directory; closing twice is fine', async () => {
      const store = await open()
      await store.close()
      await store.close()
      const again = await open()
      await again.close()
    })

    test('a store that could not be opened holds nothing', async () => {
      const engine = openSqlite(dataDir)
      await engine.run('create table meta (key text primary key, value text not null)')
      await engine.run(`insert into meta values ('schema_version', '999')`)
      await engine.close()
      for (let round = 0; round < 2; round += 1)
        await expect(open()).rejects.toMatchObject({
          code: 'configuration',
          detail: expect.stringMatching(/newer version of this program \(schema 999, this one knows \d+\)/),
        })
    })

    test('kill -9 during accepts: free at once, and nothing that was acknowledged is lost', async () => {
      let next = 0
      for (const rounds of [3, 17, 40, 71]) {
        const { child, lines } = start(next)
        expect(await lines.next()).toEqual({ done: false, value: 'opened' })
        for (let heard = 0; heard < rounds; heard += 1) next = Number((await lines.next()).value) + 1
        await ended(child)
        // What it had said and we had not read yet was acknowledged too.
        for await (const line of { [Symbol.asyncIterator]: () => lines }) next = Number(line) + 1
        const store = await open()
        for (let n = 0; n < next; n += 1) expect((await store.jobs.get(`job${n}`))?.state).toBe('accepted')
        const unacknowledged = await store.jobs.get(`job${next}`)
        if (unacknowledged !== null) next += 1
        await store.close()
        const engine = openSqlite(dataDir)
        expect(await engine.run('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
        const [sums] = await engine.run(
          `select (select count(*) from jobs) as jobs, (select count(*) from tasks) as tasks,
            (select count(*) from ledger where kind = 'hold') as holds`,
        )
        expect(sums).toEqual({ jobs: next, tasks: next, holds: next })
        await engine.close()
      }
      expect(next).toBeGreaterThanOrEqual(131)
    })
  })

  test('whoever owned jobs before is dead: all are taken over at once, by any owner', async () => {
    const before = await open()
    await before.replicas.beat('alpha', 1, ['discord'])
    const job = await accepted(before)
    await begun(before, job.fence)
    await before.close()
    const after = await open()
    const claimed = await after.replicas.claim('alpha', ['discord'], 60_000, 10)
    expect(claimed).toMatchObject([{ id: job.id, tasks: [{ state: 'submitting' }] }])
    await after.close()
  })

  describe('a directory that will not do', () => {
    const words = (path: string) => ({
      code: 'configuration',
      detail: expect.stringContaining(`the data directory ${path} can't be used`),
    })

    test('a file in its place', async () => {
      await writeFile(join(root, 'some'), '')
      await expect(open()).rejects.toMatchObject(words(dataDir))
    })

    test('a file that is no database, which is left as it is', async () => {
      await mkdir(dataDir, { recursive: true })
      await writeFile(join(dataDir, 'imagine.db'), 'precious notes, not a database at all'.repeat(100))
      await expect(open()).rejects.toMatchObject(words(dataDir))
      expect((await stat(join(dataDir, 'imagine.db'))).size).toBe(3_700)
    })

    // Root may write anywhere, so another user has to try.
    test.skipIf(process.getuid?.() !== 0)('one that this user can’t write', async () => {
      await mkdir(dataDir, { recursive: true })
      await chmod(root, 0o755)
      const { lines } = start(null, 65_534)
      const { value } = await lines.next()
      expect(value).toContain(`configuration|the data directory ${dataDir} can't be used`)
    })
  })

  test('a full disk is store_unavailable, rolls back, and is over when there is room again', async () => {
    const engine = openSqlite(dataDir)
    await engine.run('create table filler (bytes blob)')
    const [{ page_count: pages } = {}] = await engine.run('pragma page_count')
    await engine.run(`pragma max_page_count = ${Number(pages) + 10}`)
    const fill = () =>
      engine.transaction(async (session) => {
        for (let at = 0; at < 8; at += 1) await session.run('insert into filler values ($1)', [new Uint8Array(9_000)])
      })
    await expect(fill()).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await engine.run('select count(*) as n from filler')).toEqual([{ n: 0 }])
    await engine.run(`pragma max_page_count = ${Number(pages) + 1_000}`)
    await fill()
    expect(await engine.run('select count(*) as n from filler')).toEqual([{ n: 8 }])
    await engine.close()
  })

  test('no read sees an open transaction, and transactions never mix', async () => {
    const engine = openSqlite(dataDir)
    await engine.run('create table t (n bigint)')
    const add = (n: number, fail: boolean) =>
      engine.transaction(async (session) => {
        await session.run('insert into t values ($1)', [n])
        await turn()
        await session.run('insert into t values ($1)', [-n])
        if (fail) throw new Error('undone')
      })
    const counts = await Promise.allSettled([
      add(1, false),
      engine.run('select count(*) as n from t'),
      add(2, true),
      engine.run('select count(*) as n from t'),
      add(3, false),
      engine.run('select count(*) as n from t'),
    ])
    expect(counts.map((count) => (count.status === 'rejected' ? 'undone' : count.value))).toEqual([
      ...[undefined, [{ n: 2 }], 'undone', [{ n: 2 }], undefined, [{ n: 4 }]],
    ])
    await engine.close()
  })

  test('errors are classified, and a closed store says so', async () => {
    const engine = openSqlite(dataDir)
    await expect(engine.run('select * from nowhere')).rejects.toMatchObject({
      code: 'internal',
      detail: 'SQLite 1: no such table: nowhere',
    })
    await engine.close()
    await expect(engine.run('select 1')).rejects.toMatchObject({ code: 'store_unavailable' })
    await expect(engine.transaction(async () => 1)).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
