import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/store/engine.ts'
import { act, type BooksFixture, dayMs, first, limits, openTwo } from './two-processes.ts'

/** Money and submits, whatever two processes do and wherever they die. */
export function booksContract(open: () => Promise<BooksFixture>, runs: number): void {
  describe('the books', () => {
    let fixture: BooksFixture
    beforeAll(async () => {
      fixture = await open()
    })
    afterAll(() => fixture.clear())

    test('agree at every moment, and in the end each hold is resolved exactly once', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 70, size: 'max' }), async (acts) => {
          await fixture.clear()
          const world = await openTwo(fixture)
          for (const step of [first, ...acts]) {
            await world.perform(step)
            await check(fixture.engine)
            await world.checkPosts()
          }
          await world.finish()
          await checkEnd(fixture.engine)
        }),
        { numRuns: runs, seed: 20_261_122 },
      )
    })
  })
}

async function check(engine: Engine): Promise<void> {
  const entries = await engine.run('select job, n, kind, account, credits, at from ledger')
  const of = (kind: string) => entries.filter((entry) => entry.kind === kind)
  const key = (row: { readonly [column: string]: unknown }) => `${row.job}/${row.n}`
  const sum = (rows: typeof entries) => rows.reduce((total, row) => total + Number(row.credits), 0)
  const captured = new Set(of('capture').map(key))
  const refunded = new Set(of('refund').map(key))
  const unresolved = of('hold').filter((entry) => !captured.has(key(entry)) && !refunded.has(key(entry)))
  expect(sum(of('hold'))).toBe(sum(of('capture')) + sum(of('refund')) + sum(unresolved))

  // What is held open is exactly what is under way.
  const tasks = await engine.run('select job, n, state from tasks')
  const open = tasks.filter((task) => ['planned', 'submitting', 'polling'].includes(String(task.state)))
  expect(new Set(unresolved.map(key))).toEqual(new Set(open.map(key)))
  expect(of('hold')).toHaveLength(tasks.length)

  const spent = new Map<string, number>()
  for (const entry of of('hold'))
    for (const scope of [String(entry.account), 'all']) {
      const account = `${scope} ${Math.floor(Number(entry.at) / dayMs)}`
      spent.set(account, (spent.get(account) ?? 0) + (refunded.has(key(entry)) ? 0 : Number(entry.credits)))
    }
  const accounts = await engine.run('select scope, day, spent from accounts')
  for (const row of accounts) expect(row.spent).toBe(spent.get(`${row.scope} ${row.day}`) ?? 0)
  for (const account of spent.keys()) expect(accounts.map((row) => `${row.scope} ${row.day}`)).toContain(account)

  const [counts] = await engine.run(
    `select (select count(*) from tasks where state in ('submitting', 'polling', 'ambiguous')
          and submitted_at > @now - cast($1 as bigint)) as slots,
      (select count(*) from jobs where source is not null and ended_at is null) as presses,
      (select count(*) from jobs j where ended_at is null and (state = 'settled') = exists (
        select 1 from tasks where job = j.id and state in ('planned', 'submitting', 'polling'))) as unsettled,
      (select count(*) from tasks join jobs on id = job where cancelled_at is not null and tasks.state = 'planned')
        as undead,
      (select max(jobs) from (select count(distinct j.id) as jobs from tasks t join jobs j on j.id = t.job
          where j.ended_at is null and t.state in ('submitting', 'polling', 'ambiguous')
            and t.submitted_at > @now - cast($1 as bigint) group by j.person_id) of_one) as running`,
    [limits.slotMs],
  )
  expect(counts?.running ?? 0).toBeLessThanOrEqual(limits.maxRunningPerPerson)
  expect(counts?.slots).toBeLessThanOrEqual(limits.maxInFlight)
  // A live job is settled exactly when nothing of it is to come, and what was cancelled is never begun.
  expect(counts).toMatchObject({ unsettled: 0, undead: 0 })
  // Two people, one source.
  expect(counts?.presses).toBeLessThanOrEqual(2)
}

async function checkEnd(engine: Engine): Promise<void> {
  await check(engine)
  expect(await engine.run('select id from jobs where ended_at is null')).toEqual([])
  const wrong = await engine.run(
    `select h.job, h.n from ledger h where h.kind = 'hold' and 1 <>
      (select count(*) from ledger r where r.job = h.job and r.n = h.n and r.kind in ('capture', 'refund'))`,
  )
  expect(wrong).toEqual([])
}
