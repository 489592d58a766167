import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { creditsPerPicture } from '../../src/core/request.ts'
import { accepted, books, type OpenFixture, polling, type StoreFixture, spent, storeOptions } from './store-fixture.ts'

const price = creditsPerPicture.medium
const { historyMs } = storeOptions

export function historyContract(open: OpenFixture): void {
  describe('history', () => {
    let fixture: StoreFixture
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(() => fixture.close())

    const ids = async () => (await fixture.query('select id from jobs order by id')).map((row) => String(row.id))
    const count = async (table: string) => (await fixture.query(`select count(*) as n from ${table}`))[0]?.n

    async function closed(kind: 'delivered' | 'abandoned', person = 'ann') {
      const { store } = fixture
      const job = await accepted(store, { request: { count: 2 }, person: { id: person, name: '' } })
      await polling(store, job.fence, 1)
      await store.drive.end(job.fence, 1, { state: 'completed', urls: ['https://images.example/1'] })
      await store.drive.end(job.fence, 2, { state: 'failed', failure: { code: 'content_rejected' } })
      const receipt = { address: job.address, messageKey: `message/${job.id}`, files: [] }
      await store.drive.close(job.fence, kind === 'delivered' ? { receipt } : { failure: { code: 'delivery_gone' } })
      return job
    }

    test('closed jobs go when their time is over, with their tasks and their books, whose sums still agree', async () => {
      const { store } = fixture
      const live = await accepted(store)
      await closed('delivered')
      await closed('abandoned', 'bob')
      await fixture.advance(historyMs - 1_000)
      const young = await closed('delivered')
      await store.sweep()
      expect(await ids()).toHaveLength(4)
      await fixture.advance(2_000)
      await store.sweep()
      expect(await ids()).toEqual([live.id, young.id].sort())
      expect(await count('tasks')).toBe(3)
      expect(await books(fixture)).toEqual({ hold: 3 * price, capture: price, refund: price })
      // A task id that comes this late finds nothing, and hurts nobody.
      expect(await store.drive.taken('job0', 1, 'late')).toBe(false)
    })

    test('what a person spent goes too, what everybody spent stays', async () => {
      const { store } = fixture
      await closed('delivered', 'bob')
      await fixture.advance(historyMs + 86_400_000)
      await closed('delivered')
      await store.sweep()
      expect(await spent(fixture)).toEqual({ 'discord/ann': price, all: price })
      expect(await fixture.query(`select spent from accounts where scope = 'all' order by day`)).toEqual([
        { spent: price },
        { spent: price },
      ])
    })

    test('more than one batch goes at once, and two processes that sweep share', async () => {
      const { store, peer } = fixture
      const first = await closed('delivered')
      const columns = (await fixture.query('select * from jobs')).flatMap((row) => Object.keys(row))
      const copied = columns.filter((name) => name !== 'id' && name !== 'event_key').join(', ')
      for (let copy = 0; copy < 130; copy += 1)
        await fixture.query(
          `insert into jobs (id, event_key, ${copied}) select $2, $2, ${copied} from jobs where id = $1`,
          [first.id, `copy${copy}`],
        )
      await fixture.advance(historyMs + 1_000)
      const live = await accepted(store)
      await Promise.all([store.sweep(), peer.sweep()])
      expect(await ids()).toEqual([live.id])
      expect(await books(fixture)).toEqual({ hold: price })
    })

    test('a job that still lives stays, however old', async () => {
      const { store } = fixture
      const job = await accepted(store)
      await polling(store, job.fence)
      await fixture.advance(3 * historyMs)
      await store.sweep()
      expect((await store.jobs.get(job.id))?.state).toBe('running')
      const end = { state: 'failed', failure: { code: 'timed_out' } } as const
      await store.drive.end(job.fence, 1, end)
      await store.drive.close(job.fence, { failure: { code: 'delivery_gone' } })
      await store.sweep()
      expect((await store.jobs.get(job.id))?.state).toBe('abandoned')
    })
  })
}
