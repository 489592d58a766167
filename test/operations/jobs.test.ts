import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../../src/store/store.ts'
import { accepted, begun, polling, storeOptions } from '../contract/store-fixture.ts'
import { newId } from '../store/fixtures.ts'
import { createTestDatabase, type TestDatabase, testDatabaseUrl } from '../store/test-database.ts'
import { run } from './run.ts'

const nobodys = /fox|hush|Ann|images\.example/

/** One job of every kind that an operator may ask for. */
async function fill(store: Store) {
  const receipt = { address: { at: 1, secret: 'hush' }, messageKey: null, files: [] }
  const waiting = await accepted(store, { request: { count: 2 } })
  await polling(store, waiting.fence, 1)
  await store.jobs.cancel(waiting.id)
  const unknown = await accepted(store, { request: { count: 2 }, workspace: 'guild2' })
  await begun(store, unknown.fence, 2)
  await store.drive.end(unknown.fence, 2, { state: 'ambiguous' })
  const late = await accepted(store, { request: { quality: 'high' }, person: { id: 'b\u001b[31mob', name: 'Bob' } })
  await begun(store, late.fence, 1)
  await store.drive.end(late.fence, 1, { state: 'ambiguous' })
  await store.drive.close(late.fence, { receipt })
  await store.drive.taken(late.id, 1, 'n42_gptimg')
  const failed = await accepted(store)
  await store.drive.end(failed.fence, 1, { state: 'failed', failure: { code: 'content_rejected', detail: 'said no' } })
  await store.drive.close(failed.fence, { failure: { code: 'delivery_gone', detail: 'channel' } })
  return { waiting, unknown, late, failed }
}

/** The same on both databases. */
async function listsEverything(store: Store, env: Readonly<Record<string, string>>): Promise<void> {
  const { waiting, unknown, late, failed } = await fill(store)
  const shown = await run('jobs', ['--ambiguous', '--live', '--failed'], env)
  expect(shown).toMatchObject({ code: 0, err: '' })
  expect(shown.out).not.toMatch(nobodys)
  // What came from outside moves no cursor.
  expect(shown.out).toContain('b [31mob')
  for (const heading of ['Ambiguous: 2', 'Live: 2', 'Failed: 2']) expect(shown.out).toContain(`${heading}\n`)

  const { code, out } = await run('jobs', ['--ambiguous', '--live', '--failed', '--json'], env)
  expect(code).toBe(0)
  expect(out).not.toMatch(nobodys)
  const asker = { surface: 'discord', workspace: 'guild', personId: 'ann' }
  const time = expect.any(Number)
  const lists = JSON.parse(out)
  expect(lists.ambiguous).toHaveLength(2)
  expect(lists.ambiguous).toContainEqual({
    ...asker,
    workspace: 'guild2',
    ...{ jobId: unknown.id, n: 2, submittedAt: time, slotUntil: time, credits: 10, taskId: null, jobState: 'running' },
  })
  expect(lists.ambiguous).toContainEqual({
    ...asker,
    personId: 'b\u001b[31mob',
    ...{ jobId: late.id, n: 1, submittedAt: time, slotUntil: time, credits: 28 },
    ...{ taskId: 'n42_gptimg', jobState: 'delivered' },
  })
  expect(lists.live.map((job: { jobId: string }) => job.jobId).sort()).toEqual([waiting.id, unknown.id].sort())
  expect(lists.live).toContainEqual({
    ...asker,
    ...{ jobId: waiting.id, state: 'running', acceptedAt: time, cancelledAt: time, owner: 'alpha' },
    tasks: ['polling', 'cancelled'],
  })
  expect(lists.failed).toContainEqual({
    ...asker,
    ...{ jobId: failed.id, n: 1, at: time, failure: { code: 'content_rejected', detail: 'said no' } },
  })
  expect(lists.failed).toContainEqual({
    ...asker,
    ...{ jobId: failed.id, n: null, at: time, failure: { code: 'delivery_gone', detail: 'channel' } },
  })
}

// Processes, which start slowly on a busy machine.
describe('npm run jobs', { timeout: 60_000 }, () => {
  let root: string
  let dataDir: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'imagine-jobs-'))
    dataDir = join(root, 'data')
  })
  afterEach(() => rm(root, { recursive: true }))

  const open = () => openSqliteStore({ ...storeOptions, dataDir, newId })

  test('lists what is asked for while the program runs, without prompts, names or secrets, and disturbs nothing', async () => {
    const store = await open()
    await listsEverything(store, { DATA_DIR: dataDir })
    // The program's own locks are as they were.
    expect(() => openSqlite(dataDir)).toThrow(/another process/)
    await accepted(store)
    await store.close()
  })

  test('lists as many as asked for and says that there may be more; an idle database has none', async () => {
    const store = await open()
    const none = await run('jobs', ['--ambiguous', '--failed'], { DATA_DIR: dataDir })
    expect(none).toEqual({ code: 0, out: 'Ambiguous: none\n\nFailed: none\n', err: '' })
    const jobs = [await accepted(store), await accepted(store), await accepted(store)]
    await store.close()
    // The program has stopped: the database alone.
    const two = await run('jobs', ['--live', '--limit', '2'], { DATA_DIR: dataDir })
    expect(two).toMatchObject({ code: 0, err: '' })
    expect(two.out).toContain('Live: 2 (there may be more: --limit)')
    expect(jobs.filter(({ id }) => two.out.includes(` ${id} `))).toHaveLength(2)
  })

  test('says in words what is wrong, with exit code 1', async () => {
    const wrong = async (args: readonly string[], words: RegExp, env: Readonly<Record<string, string>> = {}) => {
      const { code, out, err } = await run('jobs', args, { DATA_DIR: dataDir, ...env })
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toMatch(words)
      expect(err).not.toMatch(/at .*\.ts:\d+/)
    }
    await Promise.all([
      wrong([], /Say what to list[\s\S]*--ambiguous/),
      wrong(['--everything'], /--everything[\s\S]*npm run jobs/),
      wrong(['--live', '--limit', 'many'], /--limit must be/),
      wrong(['--live'], /there is no database at .*data\/imagine\.db: set DATA_DIR/),
      wrong(['--live'], /DATABASE_URL must be/, { DATABASE_URL: 'mysql://me:hush@db/x' }),
      wrong(['--live'], /PostgreSQL/, { DATABASE_URL: 'postgres://me:hush@127.0.0.1:9/x' }),
    ])
    // Nothing was made by looking.
    expect(await readdir(root)).toEqual([])
    const engine = openSqlite(dataDir)
    await wrong(['--live'], /is empty/)
    await engine.close()
    const store = await open()
    await store.close()
    for (const [version, words] of [
      ['1', /older version/],
      ['999', /newer version/],
    ] as const) {
      const other = openSqlite(dataDir)
      await other.run(`update meta set value = $1 where key = 'schema_version'`, [version])
      await other.close()
      await wrong(['--live'], words)
    }
  })

  // Root may read anything, so another user has to try.
  test.skipIf(process.getuid?.() !== 0)('says who may look', async () => {
    const store = await open()
    await chmod(root, 0o755)
    const { code, err } = await run('jobs', ['--live'], { DATA_DIR: dataDir }, ['setpriv', '--reuid', '65534', '--'])
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/can't be read: .*run this as the user who/) })
    await store.close()
  })

  test('helps', async () => {
    expect(await run('jobs', ['--help'], {})).toMatchObject({ code: 0, out: expect.stringContaining('--ambiguous') })
  })

  describe.skipIf(testDatabaseUrl === undefined)('on PostgreSQL', () => {
    let database: TestDatabase
    beforeAll(async () => {
      database = await createTestDatabase()
    })
    afterAll(() => database.drop())

    test('lists the same', async () => {
      const nothing = await run('jobs', ['--live'], { DATABASE_URL: database.url })
      expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('is empty') })
      const store = await openPostgresStore({ ...storeOptions, url: database.url, newId })
      await listsEverything(store, { DATABASE_URL: database.url })
      await store.close()
    })
  })
})
