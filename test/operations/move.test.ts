import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Engine, Row } from '../../src/store/engine.ts'
import { leftTables, movedTables } from '../../src/store/move.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../../src/store/store.ts'
import { accepted, begun, polling, storeOptions } from '../contract/store-fixture.ts'
import { newId } from '../store/fixtures.ts'
import { createTestDatabase, type TestDatabase, testDatabaseUrl } from '../store/test-database.ts'
import { run } from './run.ts'

const completed = { state: 'completed', urls: ['https://images.example/1'] } as const
const picture = randomBytes(700_000)
/** What stays behind of a job. */
const gone = { secret: null, secret_until: null, owner: null }

/** Jobs in every state, pictures, drafts and secrets. */
async function fill(store: Store) {
  await store.replicas.beat('alpha', 1, ['discord'])
  const address = { at: { m: 1 }, secret: { token: 'hush' } }
  const receipt = { address, messageKey: 'general/1', files: ['f1'] }
  const done = await accepted(store, { request: { count: 2 }, source: 'again:job0', parentId: 'job0' })
  await store.drive.opened(done.fence, receipt)
  await polling(store, done.fence, 1)
  await store.drive.end(done.fence, 1, completed)
  await store.drive.end(done.fence, 2, { state: 'failed', failure: { code: 'content_rejected', detail: 'said no' } })
  await store.drive.close(done.fence, { receipt })
  const live = await accepted(store, {
    request: { count: 3, prompt: 'NUL \u0000, half a pair \ud800, "quotes" \\ and ☃' },
    person: { id: 'zoë', name: 'Zoë "🦊" <!channel>' },
    inputs: [{ kind: 'remote', name: 'a.png', at: { file: 'F1' } }],
    source: 'again:job1',
  })
  await store.drive.opened(live.fence, receipt)
  await store.drive.prepared(live.fence, [{ kind: 'shelf', id: 'in1', type: 'image/png' }])
  await polling(store, live.fence, 1)
  await begun(store, live.fence, 2)
  const late = await accepted(store)
  await begun(store, late.fence)
  await store.drive.end(late.fence, 1, { state: 'ambiguous' })
  await store.drive.close(late.fence, { failure: { code: 'delivery_gone' } })
  await store.drive.taken(late.id, 1, 'late')
  // More than one batch of rows, and of chunks.
  await Promise.all(Array.from({ length: 450 }, () => accepted(store, { request: { count: 1 } })))
  async function* bytes(of: Buffer) {
    yield of
  }
  await store.shelf.put('in1', 'image/png', bytes(picture), 3_600_000)
  await store.shelf.put('in2', 'image/jpeg', bytes(randomBytes(5_000_000)), 3_600_000)
  const draft = 'draft1'
  await store.drafts.put(draft, { images: ['https://cdn.example/ø'] }, 3_600_000)
  await store.vault.put('input-links', 'key')
  return { done, live, draft }
}

/** All rows of a table, in one order for both engines. */
async function rowsOf(engine: Engine, table: string): Promise<readonly Row[]> {
  const rows = await engine.run(`select * from ${table}`)
  return rows
    .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asText(value)])))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function asText(value: Row[string] | undefined) {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : (value ?? null)
}

test('every table of the schema either moves or is left on purpose', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'imagine-move-'))
  const store = await openSqliteStore({ ...storeOptions, dataDir, newId })
  await store.close()
  const engine = openSqlite(dataDir)
  const tables = await engine.run(`select name from sqlite_master where type = 'table' order by name`)
  expect(tables.map((row) => row.name)).toEqual([...movedTables, ...leftTables].sort())
  await engine.close()
  await rm(dataDir, { recursive: true })
})

test('npm run db:move without a DATABASE_URL says so', async () => {
  const { code, err } = await run('move', [], { DATA_DIR: '/nowhere' })
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('DATABASE_URL is missing') })
})

// Processes, which start slowly on a busy machine.
describe.skipIf(testDatabaseUrl === undefined)('npm run db:move', { timeout: 60_000 }, () => {
  let root: string
  let dataDir: string
  let database: TestDatabase
  let target: Engine
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'imagine-move-'))
    dataDir = join(root, 'data')
    database = await createTestDatabase()
    target = openPostgres(database.url)
  })
  afterEach(async () => {
    await target.close()
    await database.drop()
    await rm(root, { recursive: true })
  })

  const open = () => openSqliteStore({ ...storeOptions, dataDir, newId })
  const move = () => run('move', [], { DATA_DIR: dataDir, DATABASE_URL: database.url })
  const moved = async () => (await readdir(dataDir)).filter((name) => name.includes('.moved-'))

  test('moves every row but the secrets of addresses, proves it, and the program goes on there', async () => {
    const before = await open()
    const { done, live, draft } = await fill(before)
    await before.close()
    const source = openSqlite(dataDir)
    const expected = new Map<string, readonly Row[]>()
    for (const table of movedTables) expected.set(table, await rowsOf(source, table))
    await source.close()

    const { code, out, err } = await move()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const line of [
      /^jobs: rows +453 +453 +equal$/m,
      /^chunks: bytes +5700000 +5700000 +equal$/m,
      /^ledger: hold +4560 +4560 +equal$/m,
      /^ledger: late +10 +10 +equal$/m,
    ])
      expect(out).toMatch(line)
    expect(out).not.toMatch(/DIFFERENT|hush/)

    for (const table of movedTables) {
      const here = expected.get(table)?.map((row) => (table === 'jobs' ? { ...row, ...gone } : row))
      const there = await rowsOf(target, table)
      expect(there).toEqual(here?.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)))
    }
    expect(await target.run('select id from replicas')).toEqual([])

    // Nobody starts on the old one by mistake, and nothing of it is lost.
    const [old] = await moved()
    expect(out).toContain(join(dataDir, old ?? 'missing'))
    expect(await readdir(dataDir)).not.toContain('imagine.db')

    const store = await openPostgresStore({ ...storeOptions, url: database.url, newId })
    expect((await store.jobs.get(done.id))?.state).toBe('delivered')
    const claimed = await store.replicas.claim('beta', ['discord'], 60_000, 1_000)
    expect(claimed).toHaveLength(451)
    const fence = { jobId: live.id, owner: 'beta' }
    expect(claimed.find((job) => job.id === live.id)).toMatchObject({
      address: { secret: null },
      person: live.person,
      request: live.request,
      tasks: [{ state: 'polling' }, { state: 'submitting' }, { state: 'planned' }],
    })
    await store.drive.end(fence, 1, completed)
    await store.drive.end(fence, 2, { state: 'ambiguous' })
    await begun(store, fence, 3)
    expect(await store.drafts.get(draft)).toEqual({ images: ['https://cdn.example/ø'] })
    expect(await store.vault.get('input-links')).toBe('key')
    const parts: Uint8Array[] = []
    for await (const part of store.shelf.read('in1', 0, picture.byteLength)) parts.push(part)
    expect(Buffer.concat(parts).equals(picture)).toBe(true)
    await store.close()
  })
  test('is refused while the program runs, where there is nothing to move, and into what is not empty', async () => {
    const nothing = await move()
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('there is no database at') })
    const store = await open()
    await accepted(store)
    expect(await move()).toMatchObject({ code: 1, err: expect.stringContaining('another process already uses') })
    await store.close()
    expect(await target.run(`select 1 from pg_tables where schemaname = 'public'`)).toEqual([])

    const there = await openPostgresStore({ ...storeOptions, url: database.url, newId })
    await there.vault.put('a', 'b')
    await there.close()
    expect(await move()).toMatchObject({ code: 1, err: expect.stringMatching(/is not empty \(vault\)/) })
    expect(await target.run('select id from jobs')).toEqual([])
    expect(await moved()).toEqual([])
  })

  test('a difference is shown, and then nothing has moved', async () => {
    const store = await open()
    await accepted(store, { request: { count: 4 } })
    await store.close()
    // A database that loses a row and changes one.
    const there = await openPostgresStore({ ...storeOptions, url: database.url, newId })
    await there.close()
    await target.run(`create function spoil() returns trigger language plpgsql as $f$ begin
      if tg_table_name = 'tasks' and new.n = 3 then return null; end if;
      if tg_table_name = 'ledger' and new.n = 2 then new.credits = 11; end if;
      return new; end $f$`)
    for (const table of ['tasks', 'ledger'])
      await target.run(`create trigger spoil before insert on ${table} for each row execute function spoil()`)
    const { code, out, err } = await move()
    expect(code).toBe(1)
    expect(out).toMatch(/^tasks: rows +4 +3 +DIFFERENT$/m)
    expect(out).toMatch(/^ledger: hold +40 +41 +DIFFERENT$/m)
    expect(err).toContain('the copy differs (tasks: rows, ledger: hold): nothing was moved')
    expect(await target.run('select id from jobs')).toEqual([])
    expect(await moved()).toEqual([])
    const again = await open()
    expect((await again.replicas.claim('beta', ['discord'], 1, 10)).length).toBe(1)
    await again.close()
  })
})
