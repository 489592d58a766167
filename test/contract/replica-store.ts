import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Fence } from '../../src/core/ports.ts'
import { accepted, begun, type OpenFixture, polling, type StoreFixture, wideLimits } from './store-fixture.ts'

const ttlMs = 600_000
const both = ['discord', 'slack']

export function replicaStoreContract(open: OpenFixture, exclusive: boolean): void {
  describe('ReplicaStore', () => {
    let fixture: StoreFixture
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(() => fixture.close())

    const claim = async (owner: string, limit = 200, surfaces: readonly string[] = both) =>
      (await fixture.store.replicas.claim(owner, surfaces, ttlMs, limit)).map((job) => job.id)

    test('says whether one process alone has the store', () => {
      expect(fixture.store.replicas.exclusive).toBe(exclusive)
    })

    test('jobs of a replica that beats are left alone; once it is silent for the TTL they are taken over', async () => {
      const { store } = fixture
      await store.replicas.beat('alpha', 3, both)
      const job = await accepted(store)
      expect(await claim('beta')).toEqual([])
      await fixture.advance(ttlMs - 100_000)
      expect(await claim('beta')).toEqual([])
      await fixture.advance(150_000)
      expect(await claim('beta')).toEqual([job.id])
      expect(await claim('beta')).toEqual([])
    })

    test('a beat renews the lease', async () => {
      const { store } = fixture
      await store.replicas.beat('alpha', 0, both)
      await accepted(store)
      for (let at = 0; at < 3; at += 1) {
        await fixture.advance(ttlMs - 100_000)
        await store.replicas.beat('alpha', at, both)
      }
      expect(await claim('beta')).toEqual([])
      const rows = await fixture.query('select id, polling, surfaces from replicas')
      expect(rows).toEqual([{ id: 'alpha', polling: 2, surfaces: '["discord","slack"]' }])
    })

    test('a beat tells what all who live are polling together', async () => {
      const { store, peer } = fixture
      expect(await store.replicas.beat('alpha', 3, both)).toEqual({ polling: 3 })
      expect(await peer.replicas.beat('beta', 40, both)).toEqual({ polling: 43 })
      expect(await store.replicas.beat('alpha', 5, both)).toEqual({ polling: 45 })
      await fixture.advance(ttlMs - 100_000)
      expect(await store.replicas.beat('alpha', 6, both)).toEqual({ polling: 46 })
      await fixture.advance(150_000)
      expect(await store.replicas.beat('alpha', 7, both)).toEqual({ polling: 7 })
      await store.replicas.beat('beta', 1, both)
      await store.replicas.leave('alpha')
      expect(await peer.replicas.beat('beta', 2, both)).toEqual({ polling: 2 })
    })

    test('tells an owner which of its jobs were cancelled, until they are settled', async () => {
      const { store, peer } = fixture
      const watched = await accepted(store, { request: { count: 2 } })
      await polling(store, watched.fence, 1)
      const planned = await accepted(store)
      await accepted(store)
      const foreign = await accepted(store, { owner: 'beta' })
      await polling(store, foreign.fence, 1)
      expect(await store.replicas.cancelled('alpha')).toEqual([])
      for (const { id } of [watched, planned, foreign]) await peer.jobs.cancel(id)
      // The planned one had nothing under way: it is settled already.
      expect(await store.replicas.cancelled('alpha')).toEqual([watched.id])
      expect(await store.replicas.cancelled('beta')).toEqual([foreign.id])
      await store.drive.end(watched.fence, 1, { state: 'completed', urls: ['https://images.example/1'] })
      expect(await store.replicas.cancelled('alpha')).toEqual([])
      await store.drive.close(foreign.fence, { failure: { code: 'delivery_gone' } })
      expect(await store.replicas.cancelled('beta')).toEqual([])
    })

    test('an owner without any heartbeat is dead, the caller never', async () => {
      const { store } = fixture
      const job = await accepted(store)
      expect(await claim('alpha')).toEqual([])
      expect(await claim('beta')).toEqual([job.id])
    })

    test('what is taken over is whole, and the old owner’s changes throw from then on', async () => {
      const { store } = fixture
      const { fence, id } = await accepted(store, { request: { count: 2 } })
      await polling(store, fence, 1)
      await begun(store, fence, 2)
      const before = await store.jobs.get(id)
      const [job] = await store.replicas.claim('beta', both, ttlMs, 10)
      expect(job).toEqual(before)
      await expect(store.drive.begin(fence, 2, wideLimits)).rejects.toMatchObject({ code: 'not_ours' })
      await expect(store.drive.close(fence, { failure: { code: 'internal' } })).rejects.toMatchObject({
        code: 'not_ours',
      })
      const next: Fence = { jobId: id, owner: 'beta' }
      expect(await store.drive.taken(id, 2, 'known to the old owner')).toBe(true)
      await store.drive.end(next, 1, { state: 'completed', urls: ['https://images.example/1'] })
    })

    test('settled jobs are taken over, closed ones not', async () => {
      const { store } = fixture
      const settled = await accepted(store)
      await store.drive.end(settled.fence, 1, { state: 'cancelled' })
      const closed = await accepted(store)
      await store.drive.close(closed.fence, { failure: { code: 'delivery_gone' } })
      expect(await claim('beta')).toEqual([settled.id])
    })

    test('only of the surfaces asked for', async () => {
      const { store } = fixture
      const discord = await accepted(store)
      const slack = await accepted(store, { surface: 'slack' })
      expect(await claim('beta', 10, [])).toEqual([])
      expect(await claim('beta', 10, ['playground'])).toEqual([])
      expect(await claim('beta', 10, ['slack'])).toEqual([slack.id])
      expect(await claim('beta', 10, both)).toEqual([discord.id])
    })

    test('oldest first, in batches, until none is left', async () => {
      const { store } = fixture
      const ids: string[] = []
      for (let at = 0; at < 130; at += 1) ids.push((await accepted(store, { request: { count: (at % 2) + 1 } })).id)
      await fixture.query(`update jobs set accepted_at = accepted_at - 1000000 + cast(substr(id, 4) as bigint)`)
      expect(await claim('beta', 65)).toEqual(ids.slice(0, 65))
      expect(await claim('beta', 64)).toEqual(ids.slice(65, 129))
      expect(await claim('beta', 64)).toEqual(ids.slice(129))
      expect(await claim('beta', 64)).toEqual([])
    })

    test('two that claim at once share, and no job goes to both', async () => {
      const { store, peer } = fixture
      for (let at = 0; at < 40; at += 1) await accepted(store)
      await store.replicas.beat('beta', 0, both)
      await store.replicas.beat('gamma', 0, both)
      const parts = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          (at % 2 === 0 ? store : peer).replicas.claim(at % 2 === 0 ? 'beta' : 'gamma', both, ttlMs, 7),
        ),
      )
      const ids = parts.flat().map((job) => job.id)
      expect(new Set(ids).size).toBe(ids.length)
      const rest = await claim('beta', 200)
      const more = await claim('gamma', 200)
      expect(new Set([...ids, ...rest, ...more]).size).toBe(40)
    })

    test('jobs that are given back can be taken at once, those of others can’t be given back', async () => {
      const { store } = fixture
      await store.replicas.beat('alpha', 0, both)
      await store.replicas.beat('beta', 0, both)
      const kept = await accepted(store)
      const given = await accepted(store)
      const foreign = await accepted(store, { owner: 'beta' })
      await store.replicas.release('alpha', [given.id, foreign.id, 'nobody'])
      await store.replicas.release('alpha', [])
      expect(await claim('gamma')).toEqual([given.id])
      await expect(store.drive.begin(given.fence, 1, wideLimits)).rejects.toMatchObject({ code: 'not_ours' })
      await begun(store, kept.fence)
      await begun(store, foreign.fence)
    })

    test('the trace of a dead replica is swept after a day', async () => {
      const { store } = fixture
      await store.replicas.beat('alpha', 0, both)
      await fixture.advance(86_000_000)
      await store.replicas.beat('beta', 0, both)
      await store.sweep()
      expect(await fixture.query('select id from replicas order by id')).toEqual([{ id: 'alpha' }, { id: 'beta' }])
      await fixture.advance(1_000_000)
      await store.sweep()
      expect(await fixture.query('select id from replicas')).toEqual([{ id: 'beta' }])
    })

    test('whoever leaves gives everything back, and is gone', async () => {
      const { store } = fixture
      await store.replicas.beat('alpha', 0, both)
      const jobs = [await accepted(store), await accepted(store)]
      const closed = await accepted(store)
      await store.drive.close(closed.fence, { failure: { code: 'delivery_gone' } })
      await store.replicas.leave('alpha')
      await store.replicas.leave('alpha')
      expect(await fixture.query('select id from replicas')).toEqual([])
      expect((await claim('beta')).sort()).toEqual(jobs.map((job) => job.id).sort())
    })
  })
}
