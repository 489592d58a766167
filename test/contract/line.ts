import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LiveJob } from '../../src/core/job.ts'
import type { Fence } from '../../src/core/ports.ts'
import { accepted, begun, type OpenFixture, polling, type StoreFixture, wideLimits } from './store-fixture.ts'

export function lineContract(open: OpenFixture): void {
  describe('JobStore.line', () => {
    let fixture: StoreFixture
    let at = 0
    beforeEach(async () => {
      fixture = await open()
      at = Date.now() - 3_600_000
    })
    afterEach(() => fixture.close())

    /** A job accepted a second after the one before it. */
    async function next(person: string, count = 1, change: Parameters<typeof accepted>[1] = {}) {
      const job = await accepted(fixture.store, { person: { id: person, name: '' }, ...change, request: { count } })
      at += 1_000
      await fixture.query('update jobs set accepted_at = $2 where id = $1', [job.id, at])
      return job
    }
    const names = async (jobs: Readonly<Record<string, LiveJob>>, limit = 100, maxRunningPerPerson = 1_000) => {
      const byId = new Map(Object.entries(jobs).map(([name, job]) => [job.id, name]))
      return (await fixture.peer.jobs.line(limit, maxRunningPerPerson)).map((id) => byId.get(id)).join(' ')
    }

    test('is empty while nobody waits', async () => {
      const { store } = fixture
      expect(await store.jobs.line(10, 1_000)).toEqual([])
      const job = await accepted(store)
      await begun(store, job.fence)
      expect(await store.jobs.line(10, 1_000)).toEqual([])
    })

    test('takes one task of each person, round by round, the older job first', async () => {
      const jobs = {
        ann1: await next('ann', 3),
        ann2: await next('ann'),
        bob1: await next('bob', 2),
        carl1: await next('carl'),
        bob2: await next('bob'),
      }
      expect(await names(jobs)).toBe('ann1 bob1 carl1 ann1 bob1 ann1 bob2 ann2')
      expect(await names(jobs, 4)).toBe('ann1 bob1 carl1 ann1')
    })

    test('lets twenty requests of one person come after the first of the next', async () => {
      const many = await Promise.all(Array.from({ length: 20 }, () => next('ann')))
      const one = await next('bob')
      const line = await fixture.store.jobs.line(100, 1_000)
      expect(line).toHaveLength(21)
      expect(line.indexOf(one.id)).toBe(1)
      expect(new Set(line)).toEqual(new Set([...many, one].map((job) => job.id)))
    })

    test('puts who has most under way last, for as long as that holds slots', async () => {
      const { store } = fixture
      const ann = await next('ann', 4)
      const jobs = { ann, bob: await next('bob', 2), carl: await next('carl', 2) }
      await begun(store, ann.fence, 1)
      await polling(store, ann.fence, 2)
      expect(await names(jobs)).toBe('bob carl bob carl ann ann')
      await store.drive.end(ann.fence, 2, { state: 'failed', failure: { code: 'content_rejected' } })
      expect(await names(jobs)).toBe('bob carl ann bob carl ann')
      await fixture.advance(wideLimits.slotMs + 1_000)
      expect(await names(jobs)).toBe('ann bob carl ann bob carl')
    })

    test('puts jobs beyond what their person may have running after everybody’s others', async () => {
      const { store } = fixture
      const ann = {
        ann1: await next('ann', 2),
        ann2: await next('ann'),
        ann3: await next('ann', 2),
        ann4: await next('ann'),
      }
      const jobs = { ...ann, bob1: await next('bob', 2), bob2: await next('bob'), bob3: await next('bob') }
      const named = async () => names(jobs, 100, 2)
      expect(await named()).toBe('ann1 bob1 ann1 bob1 ann2 bob2 ann3 bob3 ann3 ann4')
      await begun(store, ann.ann1.fence, 1)
      // Two of these run then: the rest of ann1 may go on, ann2 may begin, the others wait for their own.
      expect(await named()).toBe('bob1 ann1 bob1 ann2 bob2 bob3 ann3 ann3 ann4')
      await begun(store, ann.ann3.fence, 1)
      expect(await named()).toBe('bob1 bob1 ann1 bob2 ann3 bob3 ann2 ann4')
      await fixture.advance(wideLimits.slotMs + 1_000)
      expect(await named()).toBe('ann1 bob1 ann2 bob1 bob2 ann3 bob3 ann4')
    })

    test('takes somebody of the same name elsewhere for somebody else', async () => {
      const jobs = {
        here: await next('ann', 2),
        elsewhere: await next('ann', 2, { workspace: 'elsewhere' }),
        slack: await next('ann', 2, { surface: 'slack' }),
      }
      expect(await names(jobs)).toBe('here elsewhere slack here elsewhere slack')
    })

    test('leaves out what was cancelled, ended or closed, and has back what was not taken', async () => {
      const { store } = fixture
      const back = await next('ann', 2)
      const cancelled = await next('bob')
      const closed = await next('carl')
      const failed = await next('dora')
      await begun(store, back.fence, 1)
      await store.drive.notTaken(back.fence, 1)
      await store.jobs.cancel(cancelled.id)
      await store.drive.close(closed.fence, { failure: { code: 'delivery_gone' } })
      await store.drive.end(failed.fence, 1, { state: 'failed', failure: { code: 'input_gone' } })
      expect(await store.jobs.line(10, 1_000)).toEqual([back.id, back.id])
    })

    test('is in each round the order of the jobs, whatever their number', async () => {
      const jobs: (LiveJob & { fence: Fence })[] = []
      for (let made = 0; made < 60; made += 1)
        jobs.push(await next(`person${(made * 7) % 5}`, ((made * 5) % 4) + 1, { workspace: `place${made % 2}` }))
      for (const job of jobs.slice(0, 9)) await begun(fixture.store, job.fence, 1)
      expect(await fixture.store.jobs.line(1_000, 1_000)).toEqual(expected(jobs, new Set(jobs.slice(0, 9))))
    })
  })
}

/** The same order, worked out by hand; `begun` jobs have their first task under way. */
function expected(jobs: readonly LiveJob[], begunJobs: ReadonlySet<LiveJob>): readonly string[] {
  const rounds = new Map<string, number>()
  const personOf = (job: LiveJob) => `${job.workspace}/${job.person.id}`
  for (const job of begunJobs) rounds.set(personOf(job), (rounds.get(personOf(job)) ?? 0) + 1)
  const line = jobs.flatMap((job, order) =>
    job.tasks.slice(begunJobs.has(job) ? 1 : 0).map(() => {
      const round = (rounds.get(personOf(job)) ?? 0) + 1
      rounds.set(personOf(job), round)
      return { id: job.id, round, order }
    }),
  )
  return line.toSorted((a, b) => a.round - b.round || a.order - b.order).map(({ id }) => id)
}
