import { randomInt } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Hint } from '../../src/core/ports.ts'
import { createDoubts } from '../../src/store/doubt.ts'
import type { Engine } from '../../src/store/engine.ts'
import { createJobStore } from '../../src/store/jobs.ts'
import { openPostgres, type PostgresLimits } from '../../src/store/postgres.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { accepted, newJob, noCaps, storeOptions } from '../contract/store-fixture.ts'
import { createTcpProxy, type TcpProxy } from '../fakes/tcp-proxy.ts'
import { newId } from './fixtures.ts'
import { createTestDatabase, type TestDatabase, testDatabaseUrl } from './test-database.ts'

/** So short that a test need not wait; a statement here takes a few milliseconds. */
const limits: PostgresLimits = { connectMs: 700, statementMs: 700, answerMs: 900, lockTryMs: 400, listenTryMs: 200 }
const unavailable = { code: 'store_unavailable' }

describe.skipIf(testDatabaseUrl === undefined)('a database that goes away and comes back', () => {
  let database: TestDatabase
  /** Past the proxy: what is really there. */
  let direct: Engine
  let proxy: TcpProxy
  let engine: Engine
  beforeAll(async () => {
    database = await createTestDatabase()
    direct = openPostgres(database.url)
    await direct.run('create table t (id bigint primary key, n bigint not null)')
  })
  afterAll(async () => {
    await direct.close()
    await database.drop()
  })
  beforeEach(async () => {
    await direct.run('delete from t')
    await direct.run('insert into t values (1, 0), (2, 0)')
    const url = new URL(database.url)
    proxy = await createTcpProxy({ port: Number(url.port || 5432), host: url.hostname })
    engine = openPostgres(through(database.url), limits)
  })
  afterEach(async () => {
    await proxy.resume()
    await engine.close()
    await proxy.close()
  })

  function through(target: string): string {
    const url = new URL(target)
    url.hostname = '127.0.0.1'
    url.port = String(proxy.port)
    return url.href
  }

  const numbers = async () => (await direct.run('select n from t order by id')).map((row) => row.n)
  const move = (by: number, between: () => void | Promise<void> = () => undefined) =>
    engine.transaction(async (session) => {
      await session.run('update t set n = n - $1 where id = 1', [by])
      await between()
      await session.run('update t set n = n + $1 where id = 2', [by])
    })
  /** Until connections that were lost have been found out. */
  const works = () =>
    expect.poll(() => engine.run('select 1 as one').catch(codeOf), { timeout: 10_000 }).toEqual([{ one: 1 }])

  test('cut within a transaction: it is told at once, nothing is half done, and the next one works', async () => {
    await expect(move(1, () => proxy.cut())).rejects.toMatchObject(unavailable)
    expect(await numbers()).toEqual([0, 0])
    await works()
    await move(2)
    expect(await numbers()).toEqual([-2, 2])
  })

  test('nobody listens: every call is told, at the start too; afterwards the same pool goes on', async () => {
    await engine.run('select 1')
    await proxy.refuse()
    proxy.cut()
    const calls = [engine.run('select 1'), move(1), engine.withLock('a', async () => 'done')]
    for (const end of await Promise.allSettled(calls)) expect(end).toMatchObject({ reason: unavailable })
    await expect(
      openStore(openPostgres(through(database.url), limits), { ...storeOptions, newId, exclusive: false }),
    ).rejects.toMatchObject(unavailable)
    await proxy.resume()
    await works()
    await move(3)
    expect(await numbers()).toEqual([-3, 3])
  })

  test('silence: more calls than connections all come back, and all connections work when it is over', async () => {
    await Promise.all(Array.from({ length: 10 }, () => engine.run('select pg_sleep(0.02)')))
    proxy.pause()
    const calls = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? engine.run('select 1') : move(1)))
    for (const end of await Promise.allSettled(calls))
      expect(end).toMatchObject({ status: 'rejected', reason: unavailable })
    // New connections get no answer either.
    await expect(engine.run('select 1')).rejects.toMatchObject(unavailable)
    await proxy.resume()
    await works()
    await Promise.all(Array.from({ length: 20 }, () => move(1)))
    // What was sent into the silence was rolled back with its connection, or never came.
    await expect.poll(numbers).toEqual([-20, 20])
  })

  test('silence around a lock: who waits for it and who has it come back, and it is free again', async () => {
    await expect(
      engine.withLock('a', async () => {
        proxy.pause()
        return 'done'
      }),
    ).resolves.toBe('done')
    await expect(engine.withLock('b', async () => 'never')).rejects.toMatchObject(unavailable)
    await proxy.resume()
    await expect.poll(() => engine.withLock('a', async () => 'free').catch(codeOf)).toBe('free')
    expect(await direct.withLock('a', async () => 'free for others too')).toBe('free for others too')
  })

  test('a busy lock is waited for, however often a try ends', async () => {
    const held = Promise.withResolvers<void>()
    const freed = Promise.withResolvers<string>()
    const holder = direct.withLock('busy', () => {
      held.resolve()
      return freed.promise
    })
    await held.promise
    const waiter = engine.withLock('busy', async () => 'at last')
    // A try that began when the first one had ended.
    const later = Date.now() + limits.lockTryMs + 50
    const tries = `select count(*) as n from pg_stat_activity where datname = current_database()
      and wait_event_type = 'Lock' and query_start > to_timestamp($1::float8 / 1000)`
    await expect
      .poll(() => direct.run(tries, [later]), { timeout: 5_000 })
      .toEqual([{ n: 1 }])
      .finally(() => freed.resolve('done'))
    expect(await Promise.all([holder, waiter])).toEqual(['done', 'at last'])
  })

  test('closing does not wait for a server that is silent, and leaves nothing open', async () => {
    // The proxy has two sockets of its own for each connection.
    const open = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length - 2 * proxy.connections
    const before = open()
    await Promise.all([engine.run('select 1'), engine.run('select 1')])
    engine.wire?.listen(() => undefined, new AbortController().signal)
    await expect.poll(() => proxy.connections).toBe(3)
    expect(open()).toBe(before + 3)
    proxy.pause()
    const lost = engine.run('select 1').catch(codeOf)
    await engine.close()
    expect(await lost).toBe('store_unavailable')
    await expect.poll(open).toBe(before)
  })

  test('whatever is cut when: what was acknowledged is there once, what failed wholly or not at all', async () => {
    const rounds = 12
    const ends: PromiseSettledResult<void>[] = []
    const workers = Array.from({ length: 6 }, async () => {
      for (let round = 0; round < rounds; round += 1) ends.push(...(await Promise.allSettled([move(1)])))
    })
    const done = Promise.all(workers).then(() => 'done')
    while ((await Promise.race([done, tick(randomInt(15))])) !== 'done') {
      proxy.cut()
      await tick(randomInt(10))
    }
    const moved = ends.filter((end) => end.status === 'fulfilled').length
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject(unavailable)
    const [from, to] = await numbers()
    expect(Number(from) + Number(to)).toBe(0)
    expect(Number(to)).toBeGreaterThanOrEqual(moved)
    expect(Number(to)).toBeLessThanOrEqual(6 * rounds)
    await works()
  })

  describe('with a store on it', () => {
    let store: Store
    beforeEach(async () => {
      store = await openStore(engine, { ...storeOptions, newId, exclusive: false })
    })
    afterEach(async () => {
      await direct.run('delete from jobs')
      await direct.run('delete from ledger')
    })

    /** The engine with something that happens between the work and its commit. */
    const beforeCommit = (happens: () => void): Engine => ({
      ...engine,
      transaction: (work, pace) =>
        engine.transaction(async (session) => {
          const result = await work(session)
          happens()
          return result
        }, pace),
    })

    test('an accept whose answer is lost is in doubt, and lives when the database is back', async () => {
      const entry = newJob()
      const doubts = createDoubts(engine)
      // The commit goes out and is done; that it was done does not come back.
      const jobs = createJobStore(
        beforeCommit(() => proxy.pause('answers')),
        doubts,
      )
      await expect(jobs.accept(entry, noCaps)).rejects.toMatchObject({ ...unavailable, unheard: true })
      expect(await direct.run('select id from jobs')).toEqual([{ id: entry.id }])
      jobs.disown(entry)
      await proxy.resume()
      await works()
      await doubts.clear()
      expect(await direct.run('select id, owner from jobs')).toEqual([{ id: entry.id, owner: null }])
    })

    test('an accept that never came to its commit is not in doubt', async () => {
      const jobs = createJobStore(
        {
          ...engine,
          transaction: (work, pace) =>
            engine.transaction(async (session) => {
              const result = await work(session)
              proxy.cut()
              await session.run('select 1')
              return result
            }, pace),
        },
        createDoubts(engine),
      )
      await expect(jobs.accept(newJob(), noCaps)).rejects.toMatchObject({ ...unavailable, unheard: false })
      await proxy.refuse()
      await expect(store.jobs.accept(newJob(), noCaps)).rejects.toMatchObject({ ...unavailable, unheard: false })
      expect(await direct.run('select id from jobs')).toEqual([])
    })

    test('a commit that is still under way is waited for before its job is given back', async () => {
      const entry = newJob()
      const written = Promise.withResolvers<void>()
      const commit = Promise.withResolvers<void>()
      const slow: Engine = {
        ...direct,
        transaction: (work) =>
          direct.transaction(async (session) => {
            const result = await work(session)
            written.resolve()
            await commit.promise
            return result
          }),
      }
      const doubts = createDoubts(engine)
      const jobs = createJobStore(slow, doubts)
      const accepting = jobs.accept(entry, noCaps)
      await written.promise
      jobs.disown(entry)
      const cleared = doubts.clear()
      await expect
        .poll(() =>
          direct.run(
            `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          ),
        )
        .toHaveLength(1)
        .finally(() => commit.resolve())
      await Promise.all([accepting, cleared])
      expect(await direct.run('select id, owner from jobs')).toEqual([{ id: entry.id, owner: null }])
    })

    test.for<[string, () => Promise<void>]>([
      ['a cut', async () => proxy.cut()],
      [
        'a time at which nobody listens',
        async () => {
          await proxy.refuse()
          proxy.cut()
        },
      ],
      [
        'a silence that nothing told',
        async () => {
          const before = proxy.connections
          proxy.pause()
          // It has noticed when it tries anew.
          await expect.poll(() => proxy.connections, { timeout: 5_000 }).toBeGreaterThan(before)
        },
      ],
    ])('hints come again after %s, and one’s own all the while', async ([_name, trouble]) => {
      const other = await openStore(openPostgres(database.url), { ...storeOptions, newId, exclusive: false })
      const heard: Hint[] = []
      store.hints.listen((hint) => heard.push(hint), new AbortController().signal)
      const arrives = () =>
        expect
          .poll(
            () => {
              other.hints.send({ kind: 'freed' })
              return heard
            },
            { timeout: 10_000 },
          )
          .toContainEqual({ kind: 'freed' })
      await arrives()
      await trouble()
      store.hints.send({ kind: 'cancelled', jobId: 'mine' })
      await expect.poll(() => heard).toContainEqual({ kind: 'cancelled', jobId: 'mine' })
      await proxy.resume()
      heard.length = 0
      await arrives()
      await other.close()
    })

    test('a job goes on where it was', async () => {
      const job = await accepted(store)
      await proxy.refuse()
      proxy.cut()
      await expect(store.jobs.get(job.id)).rejects.toMatchObject(unavailable)
      await expect(store.replicas.beat('alpha', 0, ['discord'])).rejects.toMatchObject(unavailable)
      await proxy.resume()
      await works()
      expect((await store.jobs.get(job.id))?.state).toBe('accepted')
    })
  })
})

function codeOf(error: unknown): unknown {
  return error instanceof AppError ? error.code : error
}

function tick(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
