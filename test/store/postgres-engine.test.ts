import { inspect } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/store/engine.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { classifyPostgres } from '../../src/store/postgres-error.ts'
import { openPostgresStore } from '../../src/store/store.ts'
import { storeOptions } from '../contract/store-fixture.ts'
import { newId } from './fixtures.ts'
import { createTestDatabase, type TestDatabase, testDatabaseUrl } from './test-database.ts'

describe('a PostgreSQL that is not there', () => {
  test('what is no URL of one is a configuration error that does not repeat it', () => {
    for (const url of ['', 'no url', 'mysql://me:hush@db/x', 'postgres://me:hush@host:port/x']) {
      let caught: unknown
      try {
        openPostgres(url)
      } catch (error) {
        caught = error
      }
      expect(caught).toMatchObject({ code: 'configuration', detail: expect.stringContaining('DATABASE_URL') })
      expect(inspect(caught)).not.toContain('hush')
    }
  })

  test('a port where nobody listens is store_unavailable', async () => {
    const error: unknown = await openPostgresStore({
      url: 'postgres://me:hush@127.0.0.1:9/x',
      newId,
      ...storeOptions,
    }).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'store_unavailable' })
    expect(inspect(error)).not.toContain('hush')
  })

  test('each answer of a server has its meaning', () => {
    const meaning = (code: string) =>
      classifyPostgres(Object.assign(new Error('words'), { severity: 'ERROR', code, detail: 'Key (a)=(hush)' }))
    for (const code of ['08006', '57P01', '57P03', '57014', '53300', '53100', '25006', '25P03', '58030'])
      expect(meaning(code)).toMatchObject({ code: 'store_unavailable', retryAfterMs: undefined })
    for (const code of ['40001', '40P01']) expect(meaning(code)).toMatchObject({ retryAfterMs: 0 })
    for (const code of ['28P01', '28000', '3D000', '42501']) expect(meaning(code).code).toBe('configuration')
    for (const code of ['23505', '42P01', '22P02']) expect(meaning(code).code).toBe('internal')
    expect(meaning('22P02').detail).toBe('PostgreSQL 22P02')
    expect(inspect(meaning('23505'))).not.toContain('hush')
    expect(classifyPostgres(new Error('Connection terminated unexpectedly')).code).toBe('store_unavailable')
    expect(classifyPostgres(new TypeError('a defect')).code).toBe('internal')
  })
})

describe.skipIf(testDatabaseUrl === undefined)('a real PostgreSQL', () => {
  let database: TestDatabase
  let engine: Engine
  let other: Engine
  beforeAll(async () => {
    database = await createTestDatabase()
    engine = openPostgres(database.url)
    other = openPostgres(database.url)
    await engine.run('create table t (id bigint primary key, n bigint not null)')
  })
  afterAll(async () => {
    await Promise.all([engine.close(), other.close()])
    await database.drop()
  })
  beforeEach(async () => {
    await engine.run('delete from t')
    await engine.run('insert into t values (1, 0), (2, 0)')
  })

  /** Ends the connections of this database that last ran a statement with `text`. */
  const cut = (text: string) =>
    other.run(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and query like $1`,
      [`%${text}%`],
    )

  test('replicas that start together migrate once', async () => {
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => openPostgresStore({ url: database.url, newId, ...storeOptions })),
    )
    expect(await engine.run(`select key, value from meta where key = 'schema_version'`)).toHaveLength(1)
    await Promise.all(stores.map((store) => store.close()))
  })

  test('a newer schema is refused', async () => {
    const store = await openPostgresStore({ url: database.url, newId, ...storeOptions })
    await store.close()
    await engine.run(`update meta set value = '999' where key = 'schema_version'`)
    await expect(openPostgresStore({ url: database.url, newId, ...storeOptions })).rejects.toMatchObject({
      code: 'configuration',
      detail: expect.stringContaining('schema 999'),
    })
    await engine.run(`delete from meta where key = 'schema_version'`)
    await engine.run('drop table jobs, tasks, ledger, accounts, limits, replicas, drafts, vault, inputs, chunks')
  })

  test('an unknown database is a configuration error', async () => {
    const url = new URL(database.url)
    url.pathname = '/there_is_no_such_database'
    await expect(openPostgresStore({ ...storeOptions, url: url.href, newId })).rejects.toMatchObject({
      code: 'configuration',
    })
  })

  test('a connection cut within a transaction is store_unavailable, rolls back, and the next call works', async () => {
    const broken = engine.transaction(async (session) => {
      await session.run('update t set n = 9 where id = 1 /* cut me */')
      await cut('cut me')
      await session.run('update t set n = 9 where id = 2')
    })
    await expect(broken).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await engine.run('select n from t order by id')).toEqual([{ n: 0 }, { n: 0 }])
  })

  test('idle connections that are cut end nothing', async () => {
    await engine.run('select 1 as one /* idle soon */')
    await cut('idle soon')
    // Until our side has seen the end of the connection, a call may still meet it.
    await expect.poll(() => engine.run('select 1 as one').catch((error: unknown) => error)).toEqual([{ one: 1 }])
  })

  test('transactions that deadlock are run again until both are through', async () => {
    let waiting = 0
    let open: () => void = () => undefined
    const both = new Promise<void>((resolve) => {
      open = resolve
    })
    const add = (on: Engine, first: number, second: number) =>
      on.transaction(async (session) => {
        await session.run('update t set n = n + 1 where id = $1', [first])
        waiting += 1
        if (waiting === 2) open()
        await both
        await session.run('update t set n = n + 1 where id = $1', [second])
      })
    await Promise.all([add(engine, 1, 2), add(other, 2, 1)])
    expect(waiting).toBeGreaterThan(2)
    expect(await engine.run('select n from t order by id')).toEqual([{ n: 2 }, { n: 2 }])
  })

  test('a failed statement that nobody minded does not pass for a commit', async () => {
    const silent = engine.transaction(async (session) => {
      await session.run('update t set n = 9 where id = 1')
      await session.run('select 1 / 0').catch(() => undefined)
    })
    await expect(silent).rejects.toMatchObject({ code: 'internal' })
    expect(await engine.run('select n from t where id = 1')).toEqual([{ n: 0 }])
  })

  test('errors never carry a statement’s values', async () => {
    await engine.run('create table if not exists secrets (name text primary key)')
    await engine.run('insert into secrets values ($1) on conflict do nothing', ['hush'])
    for (const call of [
      engine.run('insert into secrets values ($1)', ['hush']),
      engine.run('insert into t values ($1, 1)', ['hush']),
    ]) {
      const error: unknown = await call.catch((error: unknown) => error)
      expect(error).toMatchObject({ code: 'internal' })
      expect(inspect(error, { depth: 9 })).not.toContain('hush')
    }
  })

  test('numbers come as numbers, for our pools alone', async () => {
    expect(await engine.run('select cast(1700000000000 as bigint) as n, @now > 0 as later')).toEqual([
      { n: 1_700_000_000_000, later: true },
    ])
    const plain = new pg.Client(database.url)
    await plain.connect()
    expect((await plain.query('select cast(1 as bigint) as n')).rows).toEqual([{ n: '1' }])
    await plain.end()
  })

  test('the clock goes on within a transaction', async () => {
    const [first, second] = await engine.transaction(async (session) => {
      const before = await session.run('select @now as now')
      await session.run('select pg_sleep(0.02)')
      return [before, await session.run('select @now as now')]
    })
    expect(Number(second?.[0]?.now) - Number(first?.[0]?.now)).toBeGreaterThanOrEqual(19)
  })

  test('a paused process frees its row locks after seconds', async () => {
    expect(await engine.run('show idle_in_transaction_session_timeout')).toEqual([
      { idle_in_transaction_session_timeout: '5s' },
    ])
    expect(await engine.run('show statement_timeout')).toEqual([{ statement_timeout: '4s' }])
  })

  test('a statement ends after its time, but in an unhurried transaction', async () => {
    const limits = { connectMs: 4_000, statementMs: 600, answerMs: 1_000, lockTryMs: 500, listenTryMs: 1_000 }
    const brisk = openPostgres(database.url, limits)
    await expect(brisk.run('select pg_sleep(1.1)')).rejects.toMatchObject({ code: 'store_unavailable' })
    const sleeps = brisk.transaction(async (session) => {
      await session.run('select pg_sleep(1.1)')
      return session.run('select 1 as one')
    }, 'unhurried')
    expect(await sleeps).toEqual([{ one: 1 }])
    // The connection is as it was.
    expect(await brisk.run('show statement_timeout')).toEqual([{ statement_timeout: '600ms' }])
    await brisk.close()
  })

  test('a lock whose connection is cut does not take its task along', async () => {
    const done = await engine.withLock('fragile', async () => {
      await other.run(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and query like '%pg_advisory_xact_lock%' and pid <> pg_backend_pid()`,
      )
      return 'done'
    })
    expect(done).toBe('done')
    expect(await other.withLock('fragile', async () => 'free')).toBe('free')
  })

  test('more locks than connections wait their turn and all get through', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `name${at}`)
    const done = await Promise.all(
      names.map((name) => engine.withLock(name, () => engine.run('select 1 as one').then(() => name))),
    )
    expect(done).toEqual(names)
  })

  test('closing waits for what is under way, twice is fine, and then all is refused', async () => {
    const brief = openPostgres(database.url)
    const slow = brief.run('select 1 as one, pg_sleep(0.1)')
    await slow.then(() => undefined)
    await Promise.all([brief.close(), brief.close()])
    await expect(brief.run('select 1')).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
