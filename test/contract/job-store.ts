import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from '../../src/core/job.ts'
import type { Fence } from '../../src/core/ports.ts'
import { creditsPerPicture } from '../../src/core/request.ts'
import {
  accepted,
  begun,
  books,
  newJob,
  noCaps,
  type OpenFixture,
  polling,
  type StoreFixture,
  spent,
  tally,
  wideLimits,
} from './store-fixture.ts'

const price = creditsPerPicture.medium

export function jobStoreContract(open: OpenFixture): void {
  describe('JobStore', () => {
    let fixture: StoreFixture
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(() => fixture.close())

    describe('accept', () => {
      test('stores the whole request, readable as it was accepted', async () => {
        const { store } = fixture
        const entry = newJob({
          surface: 'slack',
          parentId: 'job0',
          action: 'edit',
          person: { id: 'U1', name: 'Zoë "🦊" <!channel> \u0007 \ud800' },
          inputs: [
            { kind: 'remote', name: 'a\u0000b.png', at: { file: 'F1', url: null } },
            { kind: 'result', name: 'fox.png', jobId: 'job0', n: 2 },
          ],
          request: { prompt: 'NUL \u0000, half a pair \ud800, $1 @now ; drop table jobs', count: 3, private: true },
          address: { at: ['C1', 1.5, true, null, { ts: '1.2' }], secret: 'https://hooks.example/secret' },
        })
        const answer = await store.jobs.accept(entry, noCaps)
        if (answer.kind !== 'accepted') throw new Error(answer.kind)
        const { eventKey: _event, owner: _owner, source: _source, ...facts } = entry
        const person = { id: 'U1', name: 'Zoë "🦊" <!channel> \u0007 \ufffd' }
        expect(answer.job).toMatchObject({ ...facts, person, state: 'accepted', receipt: null, ready: null })
        expect(answer.job.cancelledAt).toBeNull()
        expect(answer.job.tasks).toEqual([1, 2, 3].map((n) => ({ n, state: 'planned' })))
        expect(Math.abs(answer.job.acceptedAt - Date.now())).toBeLessThan(60_000)
        expect(await store.jobs.get(entry.id)).toEqual(answer.job)
      })

      test('an address’s secret is erased when no platform would take it any more', async () => {
        const { store } = fixture
        const old = await accepted(store)
        await fixture.advance(29 * 60_000)
        const young = await accepted(store)
        await store.sweep()
        expect((await store.jobs.get(old.id))?.address.secret).toEqual({ token: 'hush' })
        await fixture.advance(2 * 60_000)
        await store.sweep()
        expect((await store.jobs.get(old.id))?.address).toEqual({ at: old.address.at, secret: null })
        expect((await store.jobs.get(young.id))?.address.secret).toEqual({ token: 'hush' })
      })

      test('a name with a NUL loses only that', async () => {
        const job = await accepted(fixture.store, { person: { id: 'bob', name: 'B\u0000ob' } })
        expect(job.person.name).toBe('Bob')
        expect((await fixture.store.jobs.get(job.id))?.person.name).toBe('Bob')
      })

      test('an event is accepted once, and the second time changes nothing', async () => {
        const { store } = fixture
        const first = newJob({ request: { count: 2 } })
        await store.jobs.accept(first, noCaps)
        const before = [await books(fixture), await spent(fixture)]
        expect(await store.jobs.accept(newJob({ eventKey: first.eventKey }), noCaps)).toEqual({ kind: 'duplicate' })
        expect([await books(fixture), await spent(fixture)]).toEqual(before)
        const [count] = await fixture.query('select count(*) as jobs from jobs')
        expect(count).toEqual({ jobs: 1 })
      })

      test('the same call repeated (its commit was not heard of) is answered alike, with one hold', async () => {
        const entry = newJob()
        const first = await fixture.store.jobs.accept(entry, noCaps)
        expect(await fixture.store.jobs.accept(entry, noCaps)).toEqual(first)
        expect(await books(fixture)).toEqual({ hold: price })
      })

      test('the same call repeated when another has taken the job over is a duplicate: that one speaks for it', async () => {
        const { store, peer } = fixture
        const entry = newJob()
        await store.jobs.accept(entry, noCaps)
        await store.replicas.release('alpha', [entry.id])
        await peer.replicas.beat('beta', 0, ['discord'])
        expect(await peer.replicas.claim('beta', ['discord'], 60_000, 10)).toHaveLength(1)
        expect(await store.jobs.accept(entry, noCaps)).toEqual({ kind: 'duplicate' })
      })

      test('200 deliveries of one event at once are one job', async () => {
        const entries = Array.from({ length: 200 }, () => newJob({ eventKey: 'one event' }))
        const answers = await Promise.all(
          entries.map((entry, at) => (at % 2 === 0 ? fixture.store : fixture.peer).jobs.accept(entry, noCaps)),
        )
        expect(tally(answers)).toEqual({ accepted: 1, duplicate: 199, under_way: 0, refused: 0 })
        expect(await books(fixture)).toEqual({ hold: price })
        expect(await spent(fixture)).toEqual({ 'discord/ann': price, all: price })
      })

      test('an id that is taken by another event is an error, and leaves no trace', async () => {
        const job = await accepted(fixture.store)
        await expect(fixture.store.jobs.accept(newJob({ id: job.id }), noCaps)).rejects.toMatchObject({
          code: 'internal',
        })
        expect(await books(fixture)).toEqual({ hold: price })
      })
    })

    describe('a second press', () => {
      const press = { source: 'again:job0' }
      const close = (job: { fence: Fence; address: Address }) =>
        fixture.store.drive.close(job.fence, { receipt: { address: job.address, messageKey: null, files: [] } })

      test('of the same source is under way while the first job lives, and leaves no trace', async () => {
        const { store, peer } = fixture
        const first = await accepted(store, press)
        const before = [await books(fixture), await spent(fixture)]
        const second = newJob(press)
        expect(await peer.jobs.accept(second, noCaps)).toEqual({ kind: 'under_way' })
        // Nothing is left of its day's cap, and still it is told that the first one is on its way.
        expect(await store.jobs.accept(newJob(press), { day: price, personDay: price })).toEqual({ kind: 'under_way' })
        expect([await books(fixture), await spent(fixture)]).toEqual(before)
        expect(await fixture.query('select id from jobs')).toEqual([{ id: first.id }])
        await store.drive.end(first.fence, 1, { state: 'cancelled' })
        expect(await store.jobs.accept(second, noCaps)).toEqual({ kind: 'under_way' })
        await close(first)
        expect(await store.jobs.accept(second, noCaps)).toMatchObject({ kind: 'accepted', job: { id: second.id } })
        await store.drive.close({ jobId: second.id, owner: 'alpha' }, { failure: { code: 'delivery_gone' } })
        await accepted(store, press)
      })

      test('a redelivered event is a duplicate, and the same call repeated is answered alike', async () => {
        const { store } = fixture
        const entry = newJob(press)
        const first = await store.jobs.accept(entry, noCaps)
        expect(await store.jobs.accept(newJob({ ...press, eventKey: entry.eventKey }), noCaps)).toEqual({
          kind: 'duplicate',
        })
        expect(await store.jobs.accept(entry, noCaps)).toEqual(first)
      })

      test('of something else, by somebody else or elsewhere is a job of its own; what is typed always is', async () => {
        const { store } = fixture
        await accepted(store, press)
        await accepted(store, { source: 'again:job1' })
        await accepted(store, { ...press, person: { id: 'bob', name: 'Bob' } })
        await accepted(store, { ...press, workspace: 'elsewhere' })
        await accepted(store, { ...press, surface: 'slack' })
        await accepted(store)
        await accepted(store)
      })

      test('of many at once exactly one is accepted', async () => {
        const answers = await Promise.all(
          Array.from({ length: 60 }, (_, at) =>
            (at % 2 === 0 ? fixture.store : fixture.peer).jobs.accept(newJob(press), noCaps),
          ),
        )
        expect(tally(answers)).toEqual({ accepted: 1, duplicate: 0, under_way: 59, refused: 0 })
        expect(await books(fixture)).toEqual({ hold: price })
      })

      test('at the moment at which the first job ends: the one or the other, never both', async () => {
        for (let round = 0; round < 10; round += 1) {
          const first = await accepted(fixture.store, press)
          const [answer] = await Promise.all([fixture.peer.jobs.accept(newJob(press), noCaps), close(first)])
          expect(['accepted', 'under_way']).toContain(answer.kind)
          if (answer.kind === 'accepted')
            await close({ ...answer.job, fence: { jobId: answer.job.id, owner: 'alpha' } })
        }
      })
    })

    describe('caps', () => {
      test('the day’s cap refuses what would pass it, with no trace, and takes what just fits', async () => {
        const { store } = fixture
        const caps = { day: 4 * price, personDay: 0 }
        await accepted(store, { request: { count: 3 } }, caps)
        const refused = await store.jobs.accept(
          newJob({ request: { count: 2 }, person: { id: 'bob', name: '' } }),
          caps,
        )
        expect(refused).toEqual({ kind: 'refused', failure: { code: 'day_spent' } })
        expect(await spent(fixture)).toEqual({ 'discord/ann': 3 * price, all: 3 * price })
        const bob = { person: { id: 'bob', name: '' } }
        expect(await store.jobs.accept(newJob(bob), { day: 4 * price - 1, personDay: 0 })).toMatchObject({
          kind: 'refused',
        })
        await accepted(store, bob, caps)
        expect(await books(fixture)).toEqual({ hold: 4 * price })
        const [count] = await fixture.query('select count(*) as jobs from jobs')
        expect(count).toEqual({ jobs: 2 })
      })

      test('a person’s cap holds in all their workspaces and for nobody else', async () => {
        const { store } = fixture
        const caps = { day: 0, personDay: 2 * price }
        await accepted(store, {}, caps)
        await accepted(store, { workspace: 'elsewhere' }, caps)
        expect(await store.jobs.accept(newJob(), caps)).toEqual({
          kind: 'refused',
          failure: { code: 'person_day_spent' },
        })
        await accepted(store, { person: { id: 'bob', name: '' } }, caps)
        await accepted(store, { surface: 'slack' }, caps)
      })

      test('one request larger than a cap is refused on a fresh day', async () => {
        const { store } = fixture
        const four = { request: { count: 4 } }
        expect(await store.jobs.accept(newJob(four), { day: 3 * price, personDay: 0 })).toMatchObject({
          failure: { code: 'day_spent' },
        })
        expect(await store.jobs.accept(newJob(four), { day: 0, personDay: 3 * price })).toMatchObject({
          failure: { code: 'person_day_spent' },
        })
        expect(await spent(fixture)).toEqual({})
      })

      test('what was spent before a cap was set counts; the next day is a new one', async () => {
        const { store } = fixture
        await accepted(store)
        const caps = { day: price, personDay: price }
        expect(await store.jobs.accept(newJob(), caps)).toMatchObject({ kind: 'refused' })
        await fixture.advance(86_400_000)
        await accepted(store, {}, caps)
      })

      test('concurrent accepts never pass a cap, and use it up', async () => {
        const caps = { day: 10 * price, personDay: 4 * price }
        const answers = await Promise.all(
          Array.from({ length: 60 }, (_, at) =>
            (at % 2 === 0 ? fixture.store : fixture.peer).jobs.accept(
              newJob({ person: { id: `person${at % 3}`, name: '' } }),
              caps,
            ),
          ),
        )
        expect(tally(answers)).toEqual({ accepted: 10, duplicate: 0, under_way: 0, refused: 50 })
        const accounts = await spent(fixture)
        expect(accounts.all).toBe(10 * price)
        for (const person of ['person0', 'person1', 'person2'])
          expect(accounts[`discord/${person}`] ?? 0).toBeLessThanOrEqual(4 * price)
        expect(await books(fixture)).toEqual({ hold: 10 * price })
      })

      test('a refused event may be accepted later', async () => {
        const { store } = fixture
        const entry = newJob()
        expect(await store.jobs.accept(entry, { day: 1, personDay: 0 })).toMatchObject({ kind: 'refused' })
        expect(await store.jobs.accept(entry, noCaps)).toMatchObject({ kind: 'accepted' })
      })
    })

    describe('looking', () => {
      test('an unknown job is null', async () => {
        expect(await fixture.store.jobs.get('nobody')).toBeNull()
        expect(await fixture.store.jobs.findByMessage('discord', 'nothing')).toBeNull()
      })

      test('a job is found by its message, on its own surface, for as long as it is kept', async () => {
        const { store } = fixture
        const job = await accepted(store)
        const receipt = { address: job.address, messageKey: 'general/9', files: [] }
        await store.drive.opened(job.fence, receipt)
        expect((await store.jobs.findByMessage('discord', 'general/9'))?.id).toBe(job.id)
        expect(await store.jobs.findByMessage('slack', 'general/9')).toBeNull()
        await store.drive.opened(job.fence, { ...receipt, messageKey: 'general/10' })
        expect(await store.jobs.findByMessage('discord', 'general/9')).toBeNull()
        await store.jobs.cancel(job.id)
        await store.drive.close(job.fence, { receipt: { ...receipt, messageKey: 'general/10', files: ['f1'] } })
        expect(await store.jobs.findByMessage('discord', 'general/10')).toMatchObject({
          state: 'delivered',
          receipt: { files: ['f1'] },
        })
      })

      test('lists newest first, page by page, without gap or repeat', async () => {
        const { store } = fixture
        const ids: string[] = []
        for (let at = 0; at < 7; at += 1) {
          // Two of each three at the same millisecond, as far as the machine allows: the id decides then.
          if (at % 3 === 0) await fixture.advance(10)
          ids.push((await accepted(store, { request: { count: (at % 4) + 1 } })).id)
        }
        await fixture.query('update jobs set accepted_at = accepted_at - accepted_at % 10')
        await accepted(store, { workspace: 'elsewhere' })
        await accepted(store, { surface: 'slack' })
        const seen: string[] = []
        for (let before: string | null = null; ; ) {
          const page = await store.jobs.list({
            ...{ surface: 'discord', workspace: 'guild', personId: null, limit: 3, before },
          })
          for (const job of page) expect(job.tasks).toHaveLength(job.request.count)
          for (const [at, job] of page.entries())
            expect(job.acceptedAt).toBeLessThanOrEqual(page[at - 1]?.acceptedAt ?? Number.POSITIVE_INFINITY)
          seen.push(...page.map((job) => job.id))
          before = page.at(-1)?.id ?? null
          if (page.length < 3) break
        }
        expect(seen).toHaveLength(7)
        expect([...seen].sort()).toEqual([...ids].sort())
      })

      test('lists one person’s, and nothing after a job that is not there', async () => {
        const { store } = fixture
        const mine = await accepted(store)
        const older = await accepted(store, { person: { id: 'bob', name: 'Bob' } })
        const query = { surface: 'discord', workspace: 'guild', personId: 'ann', limit: 10, before: null }
        expect((await store.jobs.list(query)).map((job) => job.id)).toEqual([mine.id])
        expect((await store.jobs.list({ ...query, personId: null })).map((job) => job.id).sort()).toEqual(
          [mine.id, older.id].sort(),
        )
        expect(await store.jobs.list({ ...query, before: mine.id })).toEqual([])
        expect(await store.jobs.list({ ...query, before: 'nobody' })).toEqual([])
      })

      test('lists neither shares nor what was erased, which only a job that is over can be', async () => {
        const { store } = fixture
        const query = { surface: 'discord', workspace: 'guild', personId: null, limit: 10, before: null }
        const kept = await accepted(store)
        const gone = await accepted(store)
        const share = await accepted(store, { action: 'share', parentId: kept.id })
        expect(await store.jobs.erase(gone.id)).toBe(false)
        expect(await store.jobs.erase('nobody')).toBe(false)
        await store.jobs.cancel(gone.id)
        await store.drive.close(gone.fence, { failure: { code: 'delivery_gone' } })
        expect(await store.jobs.erase(gone.id)).toBe(true)
        expect(await store.jobs.erase(gone.id)).toBe(true)
        expect((await store.jobs.list(query)).map((job) => job.id)).toEqual([kept.id])
        const all = await store.jobs.list({ ...query, shares: true })
        expect(all.map((job) => job.id).sort()).toEqual([kept.id, share.id].sort())
        expect((await store.jobs.get(gone.id))?.id).toBe(gone.id)
      })
    })

    describe('a share', () => {
      test('has no task, costs nothing, is settled at once and is driven like every other', async () => {
        const { store } = fixture
        const shown = await accepted(store)
        const before = [await books(fixture), await spent(fixture)]
        const share = await accepted(store, { action: 'share', parentId: shown.id, source: `share:${shown.id}` })
        expect(share).toMatchObject({ state: 'settled', tasks: [], parentId: shown.id })
        const { fence, ...job } = share
        expect(await store.jobs.get(share.id)).toEqual(job)
        expect([await books(fixture), await spent(fixture)]).toEqual(before)
        const press = newJob({ action: 'share', parentId: shown.id, source: `share:${shown.id}` })
        expect(await store.jobs.accept(press, noCaps)).toEqual({ kind: 'under_way' })
        expect(await store.jobs.cancel(share.id)).toBeNull()
        await store.replicas.leave('alpha')
        const claimed = await store.replicas.claim('beta', ['discord'], 600_000, 10)
        expect(claimed.map(({ id }) => id)).toContain(share.id)
        await store.drive.close({ ...fence, owner: 'beta' }, { receipt: { ...share, messageKey: 'm9', files: [1] } })
        expect(await store.jobs.findByMessage('discord', 'm9')).toMatchObject({ state: 'delivered', tasks: [] })
        expect((await store.jobs.accept(press, noCaps)).kind).toBe('accepted')
      })
    })

    describe('what was spent', () => {
      test('counts today, the month and the pictures of a person on one platform', async () => {
        const { store } = fixture
        const one = await accepted(store, { request: { count: 2 } })
        await polling(store, one.fence)
        await store.drive.end(one.fence, 1, { state: 'completed', urls: ['https://x.test/1'] })
        await accepted(store, { workspace: 'elsewhere', request: { quality: 'high' } })
        await accepted(store, { person: { id: 'bob', name: 'Bob' } })
        await accepted(store, { surface: 'slack' })
        expect(await store.jobs.spent('discord', 'ann')).toEqual({
          ...{ today: 48, month: 48, pictures: 1, everybodyToday: 68 },
        })
        await fixture.advance(86_400_000)
        const refunded = await accepted(store)
        await store.jobs.cancel(refunded.id)
        expect(await store.jobs.spent('discord', 'ann')).toMatchObject({ today: 0, month: 48, everybodyToday: 0 })
        await fixture.advance(30 * 86_400_000)
        expect(await store.jobs.spent('discord', 'ann')).toEqual({
          ...{ today: 0, month: 0, pictures: 0, everybodyToday: 0 },
        })
      })
    })

    describe('cancel', () => {
      test('ends what is planned, refunds it and settles, whoever owns the job', async () => {
        const { store, peer } = fixture
        const job = await accepted(store, { request: { count: 2 } })
        const cancelled = await peer.jobs.cancel(job.id)
        expect(cancelled).toMatchObject({
          state: 'settled',
          tasks: [
            { n: 1, state: 'cancelled' },
            { n: 2, state: 'cancelled' },
          ],
        })
        expect(cancelled?.cancelledAt).toBeGreaterThanOrEqual(job.acceptedAt)
        expect(await books(fixture)).toEqual({ hold: 2 * price, refund: 2 * price })
        expect(await spent(fixture)).toEqual({ 'discord/ann': 0, all: 0 })
      })

      test('leaves what is under way to its end', async () => {
        const { store } = fixture
        const job = await accepted(store, { request: { count: 3 } })
        await polling(store, job.fence, 1)
        await begun(store, job.fence, 2)
        expect(await store.jobs.cancel(job.id)).toMatchObject({
          state: 'running',
          tasks: [{ state: 'polling' }, { state: 'submitting' }, { state: 'cancelled' }],
        })
        expect(await books(fixture)).toEqual({ hold: 3 * price, refund: price })
        await store.drive.end(job.fence, 2, { state: 'failed', failure: { code: 'content_rejected' } })
        const after = await store.drive.end(job.fence, 1, { state: 'completed', urls: ['https://images.example/1'] })
        expect(after.state).toBe('settled')
        expect(after.cancelledAt).not.toBeNull()
        expect(await books(fixture)).toEqual({ hold: 3 * price, refund: 2 * price, capture: price })
      })

      test('twice is once', async () => {
        const { store } = fixture
        const job = await accepted(store, { request: { count: 2 } })
        await polling(store, job.fence, 1)
        const first = await store.jobs.cancel(job.id)
        await fixture.advance(5_000)
        expect(await store.jobs.cancel(job.id)).toEqual(first)
        expect(await books(fixture)).toEqual({ hold: 2 * price, refund: price })
      })

      test('of an unknown, settled or closed job is null and changes nothing', async () => {
        const { store } = fixture
        expect(await store.jobs.cancel('nobody')).toBeNull()
        const job = await accepted(store)
        await polling(store, job.fence)
        const settled = await store.drive.end(job.fence, 1, { state: 'completed', urls: ['https://images.example/1'] })
        expect(await store.jobs.cancel(job.id)).toBeNull()
        expect(await store.jobs.get(job.id)).toEqual(settled)
        await store.drive.close(job.fence, { receipt: { address: job.address, messageKey: null, files: [] } })
        expect(await store.jobs.cancel(job.id)).toBeNull()
      })

      test('against a begin at the same moment: one of the two has the task', async () => {
        const { store, peer } = fixture
        for (let round = 0; round < 10; round += 1) {
          const job = await accepted(store)
          const [begin] = await Promise.all([
            store.drive.begin(job.fence, 1, { ...wideLimits, slotMs: 1_000 }),
            peer.jobs.cancel(job.id),
          ])
          const state = (await store.jobs.get(job.id))?.tasks[0]?.state
          expect(state).toBe(begin.kind === 'go' ? 'submitting' : 'cancelled')
        }
      })
    })
  })
}
