import fc from 'fast-check'
import { expect } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { isTerminal, type Receipt, type TaskEnd, type TaskState } from '../../src/core/job.ts'
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
export const limits: SubmitLimits = {
  maxInFlight: 3,
  perSecond: 1_000_000,
  maxRunningPerPerson: 1,
  slotMs: 600_000,
}
const caps = { day: 400, personDay: 300 }
export const dayMs = 86_400_000
const receipt: Receipt = { address: { at: 1, secret: null }, messageKey: null, files: [] }
const completed: TaskEnd = { state: 'completed', urls: ['https://images.example/1'] }
const failed: TaskEnd = { state: 'failed', failure: { code: 'content_rejected' } }
const ambiguous: TaskEnd = { state: 'ambiguous' }
const cancelled: TaskEnd = { state: 'cancelled' }

/** What becomes of an act's transaction: lost before its n-th statement, or committed and not heard of. */
type Fault = { readonly beforeStatement: number } | 'unheard' | null

/** One thing that one of the two does. */
export const act = fc.record({
  kind: fc.oneof(
    ...(
      [
        [4, 'accept'],
        [12, 'begin'],
        [8, 'taken'],
        [8, 'end'],
        [4, 'notTaken'],
        [3, 'cancel'],
        [2, 'close'],
        [3, 'claim'],
        [1, 'crash'],
        [1, 'pause'],
      ] as const
    ).map(([weight, kind]) => ({ weight, arbitrary: fc.constant(kind) })),
  ),
  process: fc.nat(1),
  /** Whether it is done where it fits, to a task in the right state by the job's owner, or just anywhere. */
  fits: fc.nat(5).map((side) => side > 0),
  job: fc.nat(3),
  n: fc.integer({ min: 1, max: 2 }),
  end: fc.constantFrom(completed, completed, failed, ambiguous, ambiguous, cancelled),
  fault: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fault>(null) },
    { weight: 1, arbitrary: fc.record({ beforeStatement: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.constant<Fault>('unheard') },
  ),
})
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never
/** So that there is something to do. */
export const first: Act = { kind: 'accept', process: 0, fits: true, job: 0, n: 2, end: completed, fault: null }

/** The states of a task to which an act may do something. */
const fitting: Partial<Record<Act['kind'], readonly TaskState[]>> = {
  begin: ['planned'],
  taken: ['submitting', 'ambiguous'],
  notTaken: ['submitting'],
  end: ['planned', 'submitting', 'polling'],
  cancel: ['planned', 'submitting', 'polling'],
  close: ['submitting', 'polling', 'ambiguous', 'completed', 'failed', 'cancelled'],
}

/** Two processes on one database, by turns. */
export async function openTwo(fixture: BooksFixture) {
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
  /** Tasks that were posted, as their owner believes: after a `go`, until it was told that the POST was not taken. */
  const posted = new Set<string>()
  let made = 0

  async function perform(step: Act): Promise<void> {
    const { jobId, n, jobOwner } = await aim(step)
    const { owner, store } =
      processes.find((process) => step.fits && process.owner === jobOwner) ?? at(processes, step.process)
    const fence = { jobId, owner }
    const task = `${jobId}/${n}`
    const mine = () => expect(jobOwner, 'changed by another').toBe(owner)
    fault = step.fault
    try {
      switch (step.kind) {
        case 'accept':
          return await accept(store, owner, step)
        case 'begin': {
          const answer = await store.drive.begin(fence, n, limits)
          mine()
          if (answer.kind !== 'go') return
          expect(posted, 'posted twice').not.toContain(task)
          posted.add(task)
          return
        }
        case 'notTaken':
          await notTaken(store, fence, n, task)
          return mine()
        case 'taken':
          // By either process, late ones too; an id only ever comes of a POST.
          if (posted.has(task)) await store.drive.taken(jobId, n, `id-${task}`)
          return
        case 'end':
          await store.drive.end(fence, n, step.end)
          return mine()
        case 'cancel':
          return void (await store.jobs.cancel(jobId))
        case 'close':
          await store.drive.close(fence, step.n > 1 ? { receipt } : { failure: { code: 'delivery_gone' } })
          return mine()
        case 'claim':
          await store.replicas.beat(owner, 0, surfaces)
          return void (await store.replicas.claim(owner, surfaces, 60_000, 3))
        case 'crash':
          return await crash(step.process)
        case 'pause':
          return await fixture.advance(at([limits.slotMs, dayMs], step.job % 2))
      }
    } catch (error) {
      // Whose job it is not, what can't be done in this state, and what was lost on the way.
      if (!(error instanceof AppError) || !['not_ours', 'internal', 'store_unavailable'].includes(error.code))
        throw error
    } finally {
      fault = null
    }
  }

  async function aim({ kind, fits, job, n }: Act) {
    const states = fits ? fitting[kind] : undefined
    const rows = await fixture.engine.run(
      `select jobs.id, n, owner, tasks.state from tasks join jobs on id = job
        where jobs.ended_at is null or $1 = 0 order by accepted_at desc, id, n limit 12`,
      [fits ? 1 : 0],
    )
    const targets = rows.filter(({ state }) => states?.some((fit) => fit === state) ?? true)
    const target = targets[(job * 2 + n - 1) % Math.max(1, targets.length)]
    return { jobId: String(target?.id ?? 'nobody'), n: Number(target?.n ?? 1), jobOwner: target?.owner ?? null }
  }

  async function accept(store: Store, owner: string, step: Act): Promise<void> {
    made += 1
    const entry = newJob({
      ...{
        id: `job${made}`,
        owner,
        eventKey: `event${made - (step.n === 1 ? 1 : 0)}`,
        source: step.n === 2 ? 'again' : null,
      },
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
          const end = task.state === 'planned' ? cancelled : task.state === 'submitting' ? ambiguous : completed
          await store.drive.end(fence, task.n, end)
        }
        await store.drive.close(fence, { receipt })
      }
    }
  }

  /** What was posted is paid for: it is neither planned again nor passed off as never begun. */
  async function checkPosts(): Promise<void> {
    const idle = await fixture.engine.run(`select job, n from tasks where state in ('planned', 'cancelled')`)
    for (const { job, n } of idle) expect(posted).not.toContain(`${job}/${n}`)
  }

  return { perform, finish, checkPosts }
}

function at<T>(list: readonly T[], place: number): T {
  const found = list[place]
  if (found === undefined) throw new Error(`nothing at ${place}`)
  return found
}

function faulty(engine: Engine, nextFault: () => Fault): Engine {
  const lost = (unheard = false) => new AppError('store_unavailable', { detail: 'lost', unheard })
  return {
    ...engine,
    close: async () => undefined,
    transaction: async (work, pace) => {
      const fault = nextFault()
      if (fault === null) return engine.transaction(work, pace)
      if (fault === 'unheard') {
        await engine.transaction(work, pace)
        throw lost(true)
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
