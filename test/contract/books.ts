import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { isTerminal, type Receipt, type TaskEnd } from '../../src/core/job.ts'
import type { SubmitLimits } from '../../src/core/ports.ts'
import type { Engine, Session } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { newJob, storeOptions } from './store-fixture.ts'

/** An empty database for each run, whose clock can be set ahead. */
export interface BooksFixture {
  readonly engine: Engine
  clear(): Promise<void>
  advance(ms: number): Promise<void>
}

const surfaces = ['discord']
const limits: SubmitLimits = { maxInFlight: 3, perSecond: 1_000_000, slotMs: 600_000 }
const caps = { day: 400, personDay: 300 }
const dayMs = 86_400_000
const receipt: Receipt = { address: { at: 1, secret: null }, messageKey: null, files: [] }
const completed: TaskEnd = { state: 'completed', urls: ['https://images.example/1'] }
const ends: readonly TaskEnd[] = [
  completed,
  { state: 'failed', failure: { code: 'content_rejected' } },
  { state: 'ambiguous' },
  { state: 'cancelled' },
]

/** What becomes of an act's transaction: lost before its n-th statement, or committed and not heard of. */
type Fault = { readonly beforeStatement: number } | 'unheard' | null

const act = fc.record({
  kind: fc.oneof(
    ...(
      [
        [6, 'accept'],
        [12, 'begin'],
        [10, 'taken'],
        [10, 'end'],
        [4, 'notTaken'],
        [2, 'cancel'],
        [2, 'close'],
        [3, 'claim'],
        [1, 'crash'],
        [1, 'pause'],
      ] as const
    ).map(([weight, kind]) => ({ weight, arbitrary: fc.constant(kind) })),
  ),
  process: fc.nat(1),
  /** Whether the act is done by whoever owns the job, or by `process` as it comes. */
  owned: fc.nat(5).map((side) => side > 0),
  job: fc.nat(2),
  n: fc.integer({ min: 1, max: 3 }),
  end: fc.constantFrom(...ends),
  fault: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fault>(null) },
    { weight: 1, arbitrary: fc.record({ beforeStatement: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.constant<Fault>('unheard') },
  ),
})
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

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
          for (const step of acts) {
            await world.perform(step)
            await check(fixture.engine)
          }
          await world.finish()
          await checkEnd(fixture.engine)
        }),
        { numRuns: runs, seed: 20_261_122 },
      )
    })
  })
}

/** Two processes on one database, by turns. */
async function openTwo(fixture: BooksFixture) {
  let fault: Fault = null
  const engine = faulty(fixture.engine, () => {
    const next = fault
    fault = null
    return next
  })
  const start = (): Promise<Store> => openStore(engine, { ...storeOptions, newId: () => 'unused', exclusive: false })
  const processes = [
    { owner: 'process1', store: await start() },
    { owner: 'process2', store: await start() },
  ]
  let started = processes.length
  const jobs: string[] = []
  /** Tasks that were posted, as their owner believes: after a `go`, until it was told that the POST was not taken. */
  const posted = new Set<string>()
  let made = 0

  async function perform(step: Act): Promise<void> {
    const jobId = jobs[step.job % Math.max(1, jobs.length)] ?? 'nobody'
    const [job] = await fixture.engine.run(
      'select owner, (select count(*) from tasks where job = id) as count from jobs where id = $1',
      [jobId],
    )
    const { owner, store } =
      processes.find((process) => step.owned && process.owner === job?.owner) ?? at(processes, step.process)
    const fence = { jobId, owner }
    const n = ((step.n - 1) % Number(job?.count ?? 1)) + 1
    const task = `${jobId}/${n}`
    fault = step.fault
    try {
      switch (step.kind) {
        case 'accept':
          return await accept(store, owner, step)
        case 'begin': {
          const answer = await store.drive.begin(fence, n, limits)
          if (answer.kind !== 'go') return
          expect(posted, 'posted twice').not.toContain(task)
          posted.add(task)
          return
        }
        case 'notTaken':
          return await notTaken(store, fence, n, task)
        case 'taken':
          // By either process, late ones too; an id only ever comes of a POST.
          if (posted.has(task)) await store.drive.taken(jobId, n, `id-${task}`)
          return
        case 'end':
          return void (await store.drive.end(fence, n, step.end))
        case 'cancel':
          return void (await store.jobs.cancel(jobId))
        case 'close':
          return await store.drive.close(fence, step.n > 1 ? { receipt } : { failure: { code: 'delivery_gone' } })
        case 'claim':
          await store.replicas.beat(owner, 0, surfaces)
          return void (await store.replicas.claim(owner, surfaces, 60_000, 3))
        case 'crash':
          return await crash(step.process)
        case 'pause':
          return await fixture.advance(at([1_000, limits.slotMs, dayMs], step.job))
      }
    } catch (error) {
      // Whose job it is not, what can't be done in this state, and what was lost on the way.
      if (!(error instanceof AppError) || !['not_ours', 'internal', 'store_unavailable'].includes(error.code))
        throw error
    } finally {
      fault = null
    }
  }

  async function accept(store: Store, owner: string, step: Act): Promise<void> {
    made += 1
    const id = `job${made}`
    jobs.unshift(id)
    jobs.length = Math.min(jobs.length, 3)
    const entry = newJob({
      ...{ id, owner, eventKey: `event${made - (step.n === 1 ? 1 : 0)}`, source: step.n === 2 ? 'again' : null },
      person: { id: `person${step.job % 2}`, name: '' },
      request: { count: step.n, quality: step.job === 0 ? 'high' : 'medium' },
    })
    await store.jobs.accept(entry, caps)
  }

  /** The process dies, and another one takes its place. */
  async function crash(place: number): Promise<void> {
    fault = null
    started += 1
    await fixture.engine.run('delete from replicas where id = $1', [at(processes, place).owner])
    processes[place] = { owner: `process${started}`, store: await start() }
  }

  async function notTaken(store: Store, fence: { jobId: string; owner: string }, n: number, task: string) {
    try {
      await store.drive.notTaken(fence, n)
    } finally {
      // Also when the answer was lost.
      const [row] = await fixture.engine.run('select state from tasks where job = $1 and n = $2', [fence.jobId, n])
      if (row === undefined || row.state === 'planned' || row.state === 'cancelled') posted.delete(task)
    }
  }

  /** The last process brings everything to its end. */
  async function finish(): Promise<void> {
    const { store } = at(processes, 0)
    const owner = 'last'
    await fixture.engine.run('delete from replicas')
    await store.replicas.beat(owner, 0, surfaces)
    for (let more = true; more; ) {
      const claimed = await store.replicas.claim(owner, surfaces, 60_000, 3)
      more = claimed.length > 0
      for (const job of claimed) {
        const fence = { jobId: job.id, owner }
        for (const task of job.tasks) {
          if (isTerminal(task)) continue
          const end = { planned: ends[3], submitting: ends[2], polling: completed }[String(task.state)] ?? completed
          await store.drive.end(fence, task.n, end)
        }
        await store.drive.close(fence, { receipt })
      }
    }
  }

  return { perform, finish }
}

function at<T>(list: readonly T[], place: number): T {
  const found = list[place]
  if (found === undefined) throw new Error(`nothing at ${place}`)
  return found
}

function faulty(engine: Engine, nextFault: () => Fault): Engine {
  const lost = () => new AppError('store_unavailable', { detail: 'lost' })
  return {
    ...engine,
    close: async () => undefined,
    transaction: async (work, pace) => {
      const fault = nextFault()
      if (fault === null) return engine.transaction(work, pace)
      if (fault === 'unheard') {
        await engine.transaction(work, pace)
        throw lost()
      }
      return engine.transaction(async (session) => {
        let left = fault.beforeStatement
        const failing: Session = {
          run: async (sql, values) => {
            if (left === 0) throw lost()
            left -= 1
            return session.run(sql, values)
          },
        }
        await work(failing)
        // Lost with the commit.
        throw lost()
      }, pace)
    },
  }
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
    `select (select count(*) from tasks where slot_until > @now) as slots,
      (select count(*) from jobs where source is not null and ended_at is null) as presses`,
  )
  expect(counts?.slots).toBeLessThanOrEqual(limits.maxInFlight)
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
