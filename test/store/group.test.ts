import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Row, Value } from '../../src/store/engine.ts'
import { createGroup, type Group } from '../../src/store/group.ts'
import { classifySqlite, sqliteText } from '../../src/store/sqlite.ts'

describe('transactions that share their commits', () => {
  let database: DatabaseSync
  let group: Group
  /** What the connection was told to begin and to end, and what was heard of it. */
  let said: string[]
  let nowMs: number
  /** Statements that fail from now on. */
  let broken: string | null
  beforeEach(() => {
    database = new DatabaseSync(':memory:')
    database.exec('create table t (n integer primary key)')
    said = []
    nowMs = 0
    broken = null
    group = createGroup(
      {
        execute,
        get isTransaction() {
          return database.isTransaction
        },
      },
      { clock: { monotonic: () => nowMs }, turn },
    )
  })
  afterEach(() => database.close())

  function execute(sql: string, values: readonly Value[] = []): readonly Row[] {
    if (/^(begin|commit|rollback$)/.test(sql)) said.push(sql)
    try {
      if (sql === broken) database.exec('select * from nowhere')
      return database.prepare(sqliteText(sql)).all(...values) as Row[]
    } catch (error) {
      throw classifySqlite(error)
    }
  }

  const add = (n: number) =>
    group.transaction(async (session) => {
      await session.run('insert into t values ($1)', [n])
      nowMs += 4
      return n
    })
  const heard = async (asked: Promise<unknown>) => {
    try {
      said.push(`heard ${JSON.stringify(await asked)}`)
    } catch (error) {
      said.push(`failed: ${error instanceof Error ? error.message : error}`)
    }
  }
  const stored = () =>
    database
      .prepare('select n from t order by n')
      .all()
      .map(({ n }) => n)

  test('what one turn asks for is one commit; nobody hears before it, all hear in their order', async () => {
    await Promise.all([heard(add(1)), heard(add(2)), heard(group.run('select count(*) as n from t')), heard(add(3))])
    expect(said).toEqual(['begin immediate', 'commit', 'heard 1', 'heard 2', 'heard [{"n":2}]', 'heard 3'])
    expect(stored()).toEqual([1, 2, 3])
  })

  test('one alone waits for nobody', async () => {
    const asked = heard(add(1))
    await turn()
    await asked
    await turn()
    expect(said).toEqual(['begin immediate', 'commit', 'heard 1'])
  })

  test('one that fails undoes itself alone, and hears it with the others', async () => {
    const undo = () =>
      group.transaction(async (session) => {
        await session.run('insert into t values (20)')
        throw new Error('undone')
      })
    await Promise.all([heard(add(1)), heard(undo()), heard(add(1)), heard(add(2))])
    expect(said.slice(0, 4)).toEqual(['begin immediate', 'commit', 'heard 1', 'failed: undone'])
    expect(said.slice(4)).toEqual([expect.stringContaining('UNIQUE constraint failed'), 'heard 2'])
    expect(stored()).toEqual([1, 2])
  })

  test.each(['begin immediate', 'commit', 'release one'])(
    'where %s fails, nothing was done and all fail',
    async (sql) => {
      broken = sql
      const asked = await Promise.allSettled([add(1), add(2), group.run('select 1')])
      expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
      expect(stored()).toEqual([])
      broken = null
      await expect(add(3)).resolves.toBe(3)
      expect(stored()).toEqual([3])
    },
  )

  test('a full disk undoes the others with the one that met it, and is over when there is room', async () => {
    const pages = (more: number) =>
      database.exec(`pragma max_page_count = ${Number(database.prepare('pragma page_count').get()?.page_count) + more}`)
    database.exec('create table filler (bytes blob)')
    const fill = () => group.run('insert into filler values (zeroblob(100000))')
    pages(5)
    const asked = await Promise.allSettled([add(1), fill(), add(2)])
    for (const one of asked.filter(({ status }) => status === 'rejected'))
      expect(one).toMatchObject({ reason: { code: 'store_unavailable' } })
    expect(asked[1]?.status).toBe('rejected')
    expect(stored()).toEqual(asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
    pages(100)
    await fill()
    await expect(add(3)).resolves.toBe(3)
  })

  test('a long line is many commits, in order, between which the event loop turns', async () => {
    let turns = 0
    let over = false
    const watching = (async () => {
      for (; !over; turns += 1) await turn()
    })()
    await Promise.all(Array.from({ length: 60 }, (_, n) => heard(add(n))))
    over = true
    await watching
    const commits = said.filter((word) => word === 'commit').length
    // Six of 4 ms each are longer than 20 ms.
    expect(commits).toBe(10)
    expect(turns).toBeGreaterThanOrEqual(commits - 1)
    expect(said.filter((word) => word.startsWith('heard'))).toEqual(Array.from({ length: 60 }, (_, n) => `heard ${n}`))
    expect(said.indexOf('heard 0')).toBeLessThan(said.lastIndexOf('begin immediate'))
  })

  test('what is asked during a group comes after the rest of a long line', async () => {
    const first = group.transaction(async () => {
      void heard(add(12))
    })
    await Promise.all([first, ...Array.from({ length: 12 }, (_, n) => heard(add(n)))])
    await group.quiet()
    expect(said.filter((word) => word.startsWith('heard'))).toEqual(Array.from({ length: 13 }, (_, n) => `heard ${n}`))
  })

  test('what is asked while others are at it comes after them; quiet waits for it too', async () => {
    const first = group.transaction(async (session) => {
      await session.run('insert into t values (1)')
      void heard(add(2))
      await turn()
      expect(said).toEqual(['begin immediate'])
    })
    await heard(first)
    await group.quiet()
    await Promise.resolve()
    expect(said).toEqual(['begin immediate', 'commit', 'heard undefined', 'begin immediate', 'commit', 'heard 2'])
  })
})
