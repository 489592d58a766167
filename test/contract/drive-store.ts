import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Receipt, TaskEnd, TaskState } from '../../src/core/job.ts'
import { mayMove } from '../../src/core/job.ts'
import type { Fence, SubmitLimits } from '../../src/core/ports.ts'
import { creditsPerPicture } from '../../src/core/request.ts'
import {
  accepted,
  begun,
  books,
  type OpenFixture,
  polling,
  type StoreFixture,
  spent,
  wideLimits,
} from './store-fixture.ts'

const price = creditsPerPicture.medium
const completed = { state: 'completed', urls: ['https://images.example/1.png'] } as const
const failed: TaskEnd = { state: 'failed', failure: { code: 'content_rejected', detail: 'said no' } }
const receipt: Receipt = { address: { at: { message: '9' }, secret: null }, messageKey: 'm9', files: ['f1'] }

export function driveStoreContract(open: OpenFixture): void {
  describe('DriveStore', () => {
    let fixture: StoreFixture
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(() => fixture.close())

    const job = (change: Parameters<typeof accepted>[1] = {}) => accepted(fixture.store, change)
    const taskOf = async (fence: Fence, n = 1) =>
      (await fixture.store.jobs.get(fence.jobId))?.tasks.find((task) => task.n === n)

    /** Brings task 1 of a new job of two to a state. */
    async function taskIn(state: TaskState): Promise<Fence> {
      const { store } = fixture
      const { fence } = await job({ request: { count: 2 } })
      if (state === 'planned') return fence
      if (state === 'cancelled') {
        await store.drive.end(fence, 1, { state })
        return fence
      }
      await begun(store, fence)
      if (state === 'submitting') return fence
      if (state === 'ambiguous') await store.drive.end(fence, 1, { state })
      else await store.drive.taken(fence.jobId, 1, 'task')
      if (state === 'completed') await store.drive.end(fence, 1, completed)
      if (state === 'failed') await store.drive.end(fence, 1, failed)
      return fence
    }

    describe('the fence', () => {
      test('another owner’s changes throw not_ours and change nothing', async () => {
        const { store } = fixture
        const { fence, id } = await job({ request: { count: 2 } })
        await begun(store, fence, 2)
        const before = await store.jobs.get(id)
        const foreign = { jobId: id, owner: 'beta' }
        const calls = [
          () => store.drive.opened(foreign, receipt),
          () => store.drive.prepared(foreign, []),
          () => store.drive.begin(foreign, 1, wideLimits),
          () => store.drive.notTaken(foreign, 2),
          () => store.drive.end(foreign, 1, { state: 'cancelled' }),
          () => store.drive.close(foreign, { receipt }),
          () => store.drive.close(foreign, { failure: { code: 'delivery_gone' } }),
        ]
        for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'not_ours' })
        expect(await store.jobs.get(id)).toEqual(before)
        expect(await books(fixture)).toEqual({ hold: 2 * price })
      })

      test('an unknown job is nobody’s', async () => {
        const nobody = { jobId: 'nobody', owner: 'alpha' }
        await expect(fixture.store.drive.end(nobody, 1, completed)).rejects.toMatchObject({ code: 'not_ours' })
      })

      test('a closed job is nobody’s any more', async () => {
        const { store } = fixture
        const { fence } = await job()
        await store.drive.close(fence, { failure: { code: 'delivery_gone' } })
        for (const call of [
          () => store.drive.opened(fence, receipt),
          () => store.drive.begin(fence, 1, wideLimits),
          () => store.drive.close(fence, { receipt }),
        ])
          await expect(call()).rejects.toMatchObject({ code: 'not_ours' })
      })

      test('a task that does not exist is an error', async () => {
        const { fence } = await job()
        await expect(fixture.store.drive.begin(fence, 2, wideLimits)).rejects.toMatchObject({ code: 'internal' })
      })
    })

    describe('opened and prepared', () => {
      test('keep the receipt, and what is ready', async () => {
        const { store } = fixture
        const { fence, id } = await job({ request: { count: 2 } })
        const shown = { address: { at: { message: '7' }, secret: { token: 'new' } }, messageKey: 'm7', files: [] }
        await store.drive.opened(fence, shown)
        await store.drive.prepared(fence, [
          { kind: 'shelf', id: 'a', type: 'image/png' },
          { kind: 'public', url: 'https://cdn.example/b.png?s=1' },
        ])
        expect(await store.jobs.get(id)).toMatchObject({
          state: 'accepted',
          receipt: shown,
          address: shown.address,
          ready: [{ kind: 'shelf' }, { kind: 'public', url: 'https://cdn.example/b.png?s=1' }],
        })
      })

      test('a message may be opened at any time while the job lives', async () => {
        const { store } = fixture
        const fence = await taskIn('polling')
        await store.drive.opened(fence, receipt)
        await store.drive.end(fence, 1, completed)
        await store.jobs.cancel(fence.jobId)
        await store.drive.opened(fence, { ...receipt, messageKey: 'm10' })
        expect(await store.jobs.get(fence.jobId)).toMatchObject({ state: 'settled', receipt: { messageKey: 'm10' } })
      })
    })

    describe('begin', () => {
      test('marks the task with its time and makes the job run', async () => {
        const { store } = fixture
        const { fence, acceptedAt } = await job()
        const answer = await store.drive.begin(fence, 1, wideLimits)
        if (answer.kind !== 'go') throw new Error(answer.kind)
        expect(answer.submittedAt).toBeGreaterThanOrEqual(acceptedAt)
        const now = await store.jobs.get(fence.jobId)
        expect(now?.state).toBe('running')
        expect(now?.tasks).toEqual([{ n: 1, state: 'submitting', submittedAt: answer.submittedAt }])
      })

      test('skips what is not planned', async () => {
        for (const state of ['submitting', 'polling', 'completed', 'failed', 'ambiguous', 'cancelled'] as const) {
          const fence = await taskIn(state)
          const before = await fixture.store.jobs.get(fence.jobId)
          expect(await fixture.store.drive.begin(fence, 1, wideLimits)).toEqual({ kind: 'skip' })
          expect(await fixture.store.jobs.get(fence.jobId)).toEqual(before)
        }
      })

      test('of two begins of one task at once only one goes', async () => {
        const { fence } = await job()
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, at) =>
            (at % 2 === 0 ? fixture.store : fixture.peer).drive.begin(fence, 1, wideLimits),
          ),
        )
        expect(answers.filter((answer) => answer.kind === 'go')).toHaveLength(1)
        expect(answers.filter((answer) => answer.kind === 'skip')).toHaveLength(9)
      })

      describe('slots', () => {
        const limits: SubmitLimits = { ...wideLimits, maxInFlight: 2, slotMs: 600_000 }

        test('waits when all are taken, leaving no mark', async () => {
          const { store } = fixture
          const { fence } = await job({ request: { count: 3 } })
          await begun(store, fence, 1, limits)
          await begun(store, fence, 2, limits)
          const answer = await store.drive.begin(fence, 3, limits)
          expect(answer).toMatchObject({ kind: 'wait' })
          if (answer.kind === 'wait') expect(answer.ms).toBeGreaterThan(0)
          expect(await taskOf(fence, 3)).toEqual({ n: 3, state: 'planned' })
        })

        test('each way out of the slot frees it', async () => {
          const { store } = fixture
          const one = { ...limits, maxInFlight: 1 }
          const { fence } = await job({ request: { count: 4 } })
          await begun(store, fence, 1, one)
          await store.drive.notTaken(fence, 1)
          await begun(store, fence, 1, one)
          await store.drive.end(fence, 1, failed)
          await begun(store, fence, 2, one)
          await store.drive.taken(fence.jobId, 2, 't2')
          expect(await store.drive.begin(fence, 3, one)).toMatchObject({ kind: 'wait' })
          await store.drive.end(fence, 2, completed)
          await begun(store, fence, 3, one)
        })

        test('an unknown outcome keeps its slot until the time set at its begin, and no longer', async () => {
          const { store } = fixture
          const one = { ...limits, maxInFlight: 1 }
          const { fence } = await job({ request: { count: 2 } })
          await begun(store, fence, 1, one)
          await fixture.advance(200_000)
          await store.drive.end(fence, 1, { state: 'ambiguous' })
          expect(await store.drive.begin(fence, 2, one)).toMatchObject({ kind: 'wait' })
          await fixture.advance(300_000)
          expect(await store.drive.begin(fence, 2, one)).toMatchObject({ kind: 'wait' })
          await fixture.advance(200_000)
          await begun(store, fence, 2, one)
        })

        test('a task that is under way keeps its slot until that time too, and is watched on without it', async () => {
          const { store } = fixture
          const two = { ...limits, maxInFlight: 2 }
          const { fence } = await job({ request: { count: 4 } })
          await begun(store, fence, 1, two)
          await store.drive.taken(fence.jobId, 1, 't1')
          await begun(store, fence, 2, two)
          await fixture.advance(590_000)
          expect(await store.drive.begin(fence, 3, two)).toMatchObject({ kind: 'wait' })
          await fixture.advance(20_000)
          await begun(store, fence, 3, two)
          await begun(store, fence, 4, two)
          // An id that is learnt so late brings no slot back.
          await store.drive.taken(fence.jobId, 2, 't2')
          await store.drive.end(fence, 3, failed)
          await store.drive.end(fence, 1, completed)
          const next = await job({ request: { count: 2 } })
          await begun(store, next.fence, 1, two)
          expect(await store.drive.begin(next.fence, 2, two)).toMatchObject({ kind: 'wait' })
        })

        test('concurrent begins never pass the last slot, and use all', async () => {
          const jobs = await Promise.all(Array.from({ length: 40 }, () => job()))
          const seven = { ...limits, maxInFlight: 7 }
          const answers = await Promise.all(
            jobs.map(({ fence }, at) => (at % 2 === 0 ? fixture.store : fixture.peer).drive.begin(fence, 1, seven)),
          )
          expect(answers.filter((answer) => answer.kind === 'go')).toHaveLength(7)
          expect(answers.filter((answer) => answer.kind === 'wait')).toHaveLength(33)
        })
      })

      describe('a person', () => {
        const limits: SubmitLimits = { ...wideLimits, maxRunningPerPerson: 2, slotMs: 600_000 }
        const expectBusy = async ({ fence }: { readonly fence: Fence }, n = 1) => {
          const answer = await fixture.peer.drive.begin(fence, n, limits)
          expect(answer).toMatchObject({ kind: 'person_busy' })
          if (answer.kind === 'person_busy') expect(answer.ms).toBeGreaterThan(0)
          expect(await taskOf(fence, n)).toEqual({ n, state: 'planned' })
        }

        test('has no more jobs running than allowed, but each of these with all its tasks', async () => {
          const { store } = fixture
          const [one, two, three] = [await job({ request: { count: 3 } }), await job(), await job()]
          await begun(store, one.fence, 1, limits)
          await begun(store, two.fence, 1, limits)
          await expectBusy(three)
          await begun(store, one.fence, 2, limits)
          await store.drive.taken(one.id, 1, 't1')
          await store.drive.end(one.fence, 1, completed)
          await begun(store, one.fence, 3, limits)
          await expectBusy(three)
        })

        test('is somebody else elsewhere', async () => {
          const { store } = fixture
          const one = { ...limits, maxRunningPerPerson: 1 }
          await begun(store, (await job()).fence, 1, one)
          const bob = { id: 'bob', name: 'Bob' }
          for (const change of [{ person: bob }, { workspace: 'elsewhere' }, { surface: 'slack' }])
            await begun(store, (await job(change)).fence, 1, one)
        })

        test('may start another as soon as nothing of a job is at the image API', async () => {
          const { store } = fixture
          const one = { ...limits, maxRunningPerPerson: 1 }
          const [first, second] = [await job({ request: { count: 3 } }), await job()]
          await begun(store, first.fence, 1, one)
          await store.drive.notTaken(first.fence, 1)
          await begun(store, second.fence, 1, one)
          // A job that stopped running waits like any other.
          expect(await store.drive.begin(first.fence, 1, one)).toMatchObject({ kind: 'person_busy' })
          await store.drive.end(second.fence, 1, failed)
          await begun(store, first.fence, 1, one)
          await store.drive.taken(first.id, 1, 't1')
          await store.drive.end(first.fence, 1, completed)
          await begun(store, (await job()).fence, 1, one)
        })

        test('is not held up by what is late', async () => {
          const { store } = fixture
          const jobs = [await job(), await job(), await job()] as const
          await begun(store, jobs[0].fence, 1, limits)
          await store.drive.taken(jobs[0].id, 1, 't1')
          await begun(store, jobs[1].fence, 1, limits)
          await expectBusy(jobs[2])
          await fixture.advance(601_000)
          await begun(store, jobs[2].fence, 1, limits)
        })

        test('is held up by an unknown outcome for as long as a late id could make its job run again', async () => {
          const { store } = fixture
          const one = { ...limits, maxRunningPerPerson: 1 }
          const [first, second] = [await job(), await job()]
          await begun(store, first.fence, 1, one)
          await store.drive.end(first.fence, 1, { state: 'ambiguous' })
          expect(await store.drive.begin(second.fence, 1, one)).toMatchObject({ kind: 'person_busy' })
          await store.drive.close(first.fence, { receipt })
          await begun(store, second.fence, 1, one)
        })

        test('never gets past it by many begins at once', async () => {
          const three = { ...limits, maxRunningPerPerson: 3 }
          const people = ['ann', 'bob', 'cat']
          const jobs = await Promise.all(
            Array.from({ length: 36 }, (_, at) => job({ person: { id: people[at % 3] ?? '', name: '' } })),
          )
          const answers = await Promise.all(
            jobs.map(async ({ fence, person }, at) => {
              const { drive } = Math.floor(at / 3) % 2 === 0 ? fixture.store : fixture.peer
              return `${person.id} ${(await drive.begin(fence, 1, three)).kind}`
            }),
          )
          for (const id of people) {
            expect(answers.filter((answer) => answer === `${id} go`)).toHaveLength(3)
            expect(answers.filter((answer) => answer === `${id} person_busy`)).toHaveLength(9)
          }
        })

        test('who has enough running is told so even when no slot is free, so that nobody waits behind', async () => {
          const { store } = fixture
          const one = { ...limits, maxInFlight: 1, maxRunningPerPerson: 1 }
          await begun(store, (await job()).fence, 1, one)
          expect(await store.drive.begin((await job()).fence, 1, one)).toMatchObject({ kind: 'person_busy' })
          const bob = await job({ person: { id: 'bob', name: 'Bob' } })
          expect(await store.drive.begin(bob.fence, 1, one)).toMatchObject({ kind: 'wait' })
        })
      })

      describe('rate', () => {
        // One in 1,000 seconds: the time that the test itself takes is far less than a step.
        const slow: SubmitLimits = { ...wideLimits, perSecond: 0.001 }

        test('lets one second’s worth go at once, and says when the next may', async () => {
          const { store } = fixture
          const { fence } = await job({ request: { count: 2 } })
          await begun(store, fence, 1, slow)
          const answer = await store.drive.begin(fence, 2, slow)
          if (answer.kind !== 'wait') throw new Error(answer.kind)
          expect(answer.ms).toBeGreaterThan(500_000)
          expect(answer.ms).toBeLessThanOrEqual(1_000_000)
          await fixture.advance(answer.ms)
          await begun(store, fence, 2, slow)
        })

        test('a pause earns no more than one second’s worth', async () => {
          const { store } = fixture
          await fixture.advance(360_000_000)
          const fences = await Promise.all(Array.from({ length: 3 }, async () => (await job()).fence))
          const answers = await Promise.all(fences.map((fence) => store.drive.begin(fence, 1, slow)))
          expect(answers.map((answer) => answer.kind).sort()).toEqual(['go', 'wait', 'wait'])
        })

        test('asking in vain costs nothing', async () => {
          const { store } = fixture
          const { fence } = await job({ request: { count: 2 } })
          await begun(store, fence, 1, slow)
          for (let at = 0; at < 5; at += 1) await store.drive.begin(fence, 2, slow)
          await fixture.advance(1_000_000)
          await begun(store, fence, 2, slow)
        })

        test('a clock that was set back does not stop submits', async () => {
          const { store } = fixture
          const { fence } = await job({ request: { count: 3 } })
          await fixture.advance(86_400_000)
          await begun(store, fence, 1, slow)
          await fixture.advance(-86_400_000)
          const answer = await store.drive.begin(fence, 2, slow)
          if (answer.kind !== 'wait') throw new Error(answer.kind)
          expect(answer.ms).toBeLessThanOrEqual(1_000_000)
        })

        test('is exact for many at once', async () => {
          // The burst is five; each 200 ms that the test needs earn one more.
          const many: SubmitLimits = { ...wideLimits, perSecond: 5 }
          const fences = await Promise.all(Array.from({ length: 30 }, async () => (await job()).fence))
          const startedAt = performance.now()
          const answers = await Promise.all(
            fences.map((fence, at) => (at % 2 === 0 ? fixture.store : fixture.peer).drive.begin(fence, 1, many)),
          )
          const earned = Math.ceil((performance.now() - startedAt) / 200)
          const went = answers.filter((answer) => answer.kind === 'go').length
          expect(went).toBeGreaterThanOrEqual(5)
          expect(went).toBeLessThanOrEqual(5 + earned)
        })
      })
    })

    describe('notTaken', () => {
      test('plans the task again, as if it had not begun', async () => {
        const { store } = fixture
        const { fence } = await job()
        await begun(store, fence)
        await store.drive.notTaken(fence, 1)
        await store.drive.notTaken(fence, 1)
        expect(await taskOf(fence)).toEqual({ n: 1, state: 'planned' })
        expect(await books(fixture)).toEqual({ hold: price })
        await begun(store, fence)
      })

      test('of a job that was cancelled meanwhile cancels the task', async () => {
        const { store } = fixture
        const { fence } = await job()
        await begun(store, fence)
        await store.jobs.cancel(fence.jobId)
        await store.drive.notTaken(fence, 1)
        expect(await store.jobs.get(fence.jobId)).toMatchObject({ state: 'settled', tasks: [{ state: 'cancelled' }] })
        expect(await books(fixture)).toEqual({ hold: price, refund: price })
        await store.drive.notTaken(fence, 1)
        expect(await books(fixture)).toEqual({ hold: price, refund: price })
      })

      test('is refused once there is an answer', async () => {
        for (const state of ['polling', 'completed', 'ambiguous'] as const) {
          const fence = await taskIn(state)
          await expect(fixture.store.drive.notTaken(fence, 1)).rejects.toMatchObject({ code: 'internal' })
          expect((await taskOf(fence))?.state).toBe(state)
        }
      })
    })

    describe('end', () => {
      test('takes exactly the moves that mayMove allows; what has ended stays as it is', async () => {
        const starts: readonly TaskState[] = [
          ...(['planned', 'submitting', 'polling'] as const),
          ...(['completed', 'failed', 'ambiguous', 'cancelled'] as const),
        ]
        const ends: readonly TaskEnd[] = [completed, failed, { state: 'ambiguous' }, { state: 'cancelled' }]
        for (const from of starts)
          for (const end of ends) {
            const fence = await taskIn(from)
            const call = fixture.store.drive.end(fence, 1, end)
            const late = !['planned', 'submitting', 'polling'].includes(from)
            // Its id became known while the driver gave it up: the id is the fact.
            const known = from === 'polling' && end.state === 'ambiguous'
            if (mayMove(from, end.state)) expect((await call).tasks[0]?.state).toBe(end.state)
            else if (late || known) expect((await call).tasks[0]?.state).toBe(from)
            else await expect(call).rejects.toMatchObject({ code: 'internal' })
          }
      })

      test('keeps what the end says', async () => {
        const { store } = fixture
        const { fence, acceptedAt } = await job({ request: { count: 2 } })
        await polling(store, fence, 1)
        await begun(store, fence, 2)
        await store.drive.end(fence, 2, failed)
        const after = await store.drive.end(fence, 1, completed)
        expect(after).toEqual(await store.jobs.get(fence.jobId))
        const [first, second] = after.tasks
        expect(first).toMatchObject({ state: 'completed', taskId: `task-${fence.jobId}-1`, urls: completed.urls })
        expect(second).toMatchObject({ state: 'failed', failure: { code: 'content_rejected', detail: 'said no' } })
        if (first?.state !== 'completed') throw new Error('not completed')
        expect(first.submittedAt).toBeGreaterThanOrEqual(acceptedAt)
        expect(first.endedAt).toBeGreaterThanOrEqual(first.submittedAt)
      })

      test('settles the job with its last task, not before', async () => {
        const { store } = fixture
        const { fence } = await job({ request: { count: 3 } })
        await polling(store, fence, 1)
        expect((await store.drive.end(fence, 2, failed)).state).toBe('running')
        await begun(store, fence, 3)
        expect((await store.drive.end(fence, 1, completed)).state).toBe('running')
        expect((await store.drive.end(fence, 3, failed)).state).toBe('settled')
      })

      test('a job none of whose tasks ever began settles too', async () => {
        const { store } = fixture
        const { fence } = await job()
        expect((await store.drive.end(fence, 1, failed)).state).toBe('settled')
        expect(await books(fixture)).toEqual({ hold: price, refund: price })
      })

      test('told twice, or twice at once, resolves the hold once', async () => {
        const { store, peer } = fixture
        const { fence } = await job()
        await polling(store, fence)
        const ends = await Promise.all([store, peer, store, peer].map(({ drive }) => drive.end(fence, 1, completed)))
        for (const end of ends) expect(end).toEqual(ends[0])
        expect(await store.drive.end(fence, 1, { state: 'failed', failure: { code: 'timed_out' } })).toEqual(ends[0])
        expect(await books(fixture)).toEqual({ hold: price, capture: price })
      })

      test('captures what was made and gives the rest back, to the day that was charged', async () => {
        const { store } = fixture
        const { fence } = await job({ request: { count: 4, quality: 'high' } })
        const each = creditsPerPicture.high
        await fixture.advance(86_400_000)
        await job()
        for (const n of [1, 2]) await polling(store, fence, n)
        await begun(store, fence, 3)
        await store.drive.end(fence, 1, completed)
        await store.drive.end(fence, 2, failed)
        await store.drive.end(fence, 3, { state: 'ambiguous' })
        await store.drive.end(fence, 4, { state: 'cancelled' })
        expect(await books(fixture)).toEqual({ hold: 4 * each + price, capture: each, refund: 3 * each })
        const rows = await fixture.query('select spent from accounts where scope = $1 order by day', ['all'])
        expect(rows.map((row) => row.spent)).toEqual([each, price])
      })
    })

    describe('taken', () => {
      test('turns submitting into polling, for whoever learns it, once', async () => {
        const { store, peer } = fixture
        const { fence } = await job()
        await begun(store, fence)
        expect(await peer.drive.taken(fence.jobId, 1, 'first')).toBe(true)
        expect(await store.drive.taken(fence.jobId, 1, 'second')).toBe(false)
        expect(await taskOf(fence)).toMatchObject({ state: 'polling', taskId: 'first' })
        expect(await books(fixture)).toEqual({ hold: price })
      })

      test('two answers at once: one id is kept', async () => {
        const { fence } = await job()
        await begun(fixture.store, fence)
        const stored = await Promise.all(
          [fixture.store, fixture.peer].map(({ drive }, at) => drive.taken(fence.jobId, 1, `id${at}`)),
        )
        expect(stored.filter(Boolean)).toHaveLength(1)
        expect(await taskOf(fence)).toMatchObject({ taskId: `id${stored.indexOf(true)}` })
      })

      test('tells nothing of a task that has no POST in doubt, or of an unknown job', async () => {
        for (const state of ['planned', 'completed', 'failed', 'cancelled'] as const) {
          const fence = await taskIn(state)
          const before = await fixture.store.jobs.get(fence.jobId)
          expect(await fixture.store.drive.taken(fence.jobId, 1, 'late')).toBe(false)
          expect(await fixture.store.jobs.get(fence.jobId)).toEqual(before)
        }
        expect(await fixture.store.drive.taken('nobody', 1, 'late')).toBe(false)
      })

      test('learnt late while the job runs: polled again, the refund taken back', async () => {
        const { store } = fixture
        const fence = await taskIn('ambiguous')
        expect(await books(fixture)).toEqual({ hold: 2 * price, refund: price })
        expect(await store.drive.taken(fence.jobId, 1, 'late')).toBe(true)
        expect(await taskOf(fence)).toMatchObject({ state: 'polling', taskId: 'late' })
        expect(await books(fixture)).toEqual({ hold: 2 * price })
        expect(await spent(fixture)).toEqual({ 'discord/ann': 2 * price, all: 2 * price })
        await store.drive.end(fence, 1, completed)
        expect(await books(fixture)).toEqual({ hold: 2 * price, capture: price })
      })

      test('learnt late, then failed after all: refunded once', async () => {
        const { store } = fixture
        const fence = await taskIn('ambiguous')
        await store.drive.taken(fence.jobId, 1, 'late')
        await store.drive.end(fence, 1, failed)
        expect(await books(fixture)).toEqual({ hold: 2 * price, refund: price })
      })

      test('learnt after the ambiguity had settled the job, which was not shown yet: it runs again', async () => {
        const { store } = fixture
        const { fence } = await job()
        await begun(store, fence)
        expect((await store.drive.end(fence, 1, { state: 'ambiguous' })).state).toBe('settled')
        expect(await store.drive.taken(fence.jobId, 1, 'late')).toBe(true)
        expect(await store.jobs.get(fence.jobId)).toMatchObject({ state: 'running', tasks: [{ state: 'polling' }] })
        expect((await store.drive.end(fence, 1, completed)).state).toBe('settled')
        expect(await books(fixture)).toEqual({ hold: price, capture: price })
      })

      test('learnt after the job was closed: noted for the operator, charged to nobody', async () => {
        const { store } = fixture
        for (const close of [{ receipt }, { failure: { code: 'delivery_gone' } as const }]) {
          const { fence } = await job()
          await begun(store, fence)
          await store.drive.end(fence, 1, { state: 'ambiguous' })
          await store.drive.close(fence, close)
          const before = await store.jobs.get(fence.jobId)
          expect(await store.drive.taken(fence.jobId, 1, 'late')).toBe(true)
          expect(await store.drive.taken(fence.jobId, 1, 'later')).toBe(false)
          expect(await store.jobs.get(fence.jobId)).toEqual(before)
          const [row] = await fixture.query('select task_id from tasks where job = $1', [fence.jobId])
          expect(row).toEqual({ task_id: 'late' })
        }
        expect(await books(fixture)).toEqual({ hold: 2 * price, refund: 2 * price, late: 2 * price })
        expect(await spent(fixture)).toEqual({ 'discord/ann': 0, all: 0 })
      })
    })

    describe('close', () => {
      test('delivered: keeps the receipt, erases every secret and what was made ready', async () => {
        const { store } = fixture
        const { fence } = await job()
        await store.drive.prepared(fence, [{ kind: 'public', url: 'https://cdn.example/b.png?signature=hush' }])
        await store.drive.opened(fence, { ...receipt, address: { at: 1, secret: 'hush' } })
        await polling(store, fence)
        const settled = await store.drive.end(fence, 1, completed)
        expect(settled.address.secret).toBe('hush')
        await store.drive.close(fence, { receipt: { ...receipt, address: { at: { m: 2 }, secret: 'hush' } } })
        const over = await store.jobs.get(fence.jobId)
        const address = { at: { m: 2 }, secret: null }
        expect(over).toMatchObject({ state: 'delivered', receipt: { ...receipt, address }, address })
        if (over?.state === 'delivered') expect(over.endedAt).toBeGreaterThanOrEqual(over.acceptedAt)
        const rows = await fixture.query('select * from jobs')
        expect(JSON.stringify(rows)).not.toContain('hush')
      })

      test('abandoned: keeps the reason and the tasks, erases the secret', async () => {
        const { store } = fixture
        const { fence } = await job()
        await polling(store, fence)
        await store.drive.end(fence, 1, completed)
        await store.drive.close(fence, { failure: { code: 'delivery_gone', detail: 'channel' } })
        expect(await store.jobs.get(fence.jobId)).toMatchObject({
          state: 'abandoned',
          failure: { code: 'delivery_gone', detail: 'channel' },
          address: { secret: null },
          tasks: [{ state: 'completed' }],
        })
        expect(await books(fixture)).toEqual({ hold: price, capture: price })
      })

      test('what was still under way is resolved: refunded, its slot kept, a known task noted as late', async () => {
        const { store } = fixture
        const { fence } = await job({ request: { count: 3 } })
        const three: SubmitLimits = { ...wideLimits, maxInFlight: 2 }
        await polling(store, fence, 1)
        await begun(store, fence, 2)
        await store.drive.close(fence, { failure: { code: 'delivery_gone' } })
        const over = await store.jobs.get(fence.jobId)
        expect(over?.tasks.map((task) => task.state)).toEqual(['ambiguous', 'ambiguous', 'cancelled'])
        expect(await books(fixture)).toEqual({ hold: 3 * price, refund: 3 * price, late: price })
        const next = await job()
        expect(await store.drive.begin(next.fence, 1, three)).toMatchObject({ kind: 'wait' })
        await fixture.advance(wideLimits.slotMs + 1_000)
        await begun(store, next.fence, 1, three)
      })

      test('shown as settled while its lost task id was being stored: as if the id had come after', async () => {
        const { store, peer } = fixture
        const { fence } = await job()
        await begun(store, fence)
        await store.drive.end(fence, 1, { state: 'ambiguous' })
        await peer.drive.taken(fence.jobId, 1, 'late')
        await store.drive.close(fence, { receipt })
        expect(await store.jobs.get(fence.jobId)).toMatchObject({
          state: 'delivered',
          tasks: [{ state: 'ambiguous' }],
        })
        expect(await books(fixture)).toEqual({ hold: price, refund: price, late: price })
      })
    })

    test('whatever happens, each hold of a closed job is resolved exactly once', async () => {
      const { store, peer } = fixture
      let seed = 7
      const dice = (sides: number) => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
        return Math.floor((seed / 2_147_483_648) * sides)
      }
      const ends: readonly TaskEnd[] = [completed, failed, { state: 'ambiguous' }, { state: 'cancelled' }]
      const tolerated = (call: Promise<unknown>) =>
        call.catch((error: { code?: string }) => expect(['internal', 'not_ours']).toContain(error.code))
      const jobs = await Promise.all(
        Array.from({ length: 12 }, () =>
          job({ request: { count: dice(4) + 1, quality: dice(2) ? 'high' : 'medium' } }),
        ),
      )
      await Promise.all(
        jobs.map(async ({ fence, request }) => {
          for (let step = 0; step < 20; step += 1) {
            const n = dice(request.count) + 1
            const { drive, jobs } = dice(2) === 0 ? store : peer
            const moves: readonly (() => Promise<unknown>)[] = [
              () => drive.begin(fence, n, wideLimits),
              () => drive.begin(fence, n, wideLimits),
              () => drive.taken(fence.jobId, n, `t${dice(1_000_000)}`),
              () => drive.end(fence, n, ends[dice(4)] ?? completed),
              () => drive.end(fence, n, ends[dice(4)] ?? completed),
              () => drive.notTaken(fence, n),
              () => (dice(12) === 0 ? jobs.cancel(fence.jobId) : jobs.get(fence.jobId)),
            ]
            const move = moves[dice(moves.length)]
            if (move !== undefined) await tolerated(dice(3) === 0 ? Promise.all([move(), move()]) : move())
          }
          await tolerated(store.drive.close(fence, dice(2) ? { receipt } : { failure: { code: 'delivery_gone' } }))
          await store.drive.taken(fence.jobId, 1, 'very late')
        }),
      )
      const { hold, capture = 0, refund = 0 } = await books(fixture)
      expect(hold).toBe(capture + refund)
      const unresolved = await fixture.query(
        `select job, n from ledger where kind in ('hold', 'capture', 'refund') group by job, n having count(*) <> 2`,
      )
      expect(unresolved).toEqual([])
      expect((await spent(fixture)).all).toBe(capture)
    })
  })
}
