import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Engine } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { accepted, begun, newJob, noCaps, storeOptions } from '../contract/store-fixture.ts'
import { newId } from './fixtures.ts'

const surfaces = ['discord']

describe('a commit whose answer is lost', () => {
  let dataDir: string
  let engine: Engine
  let store: Store
  /** `after`: commits, then the connection is lost; `before`: it was lost before; `null`: all is well. */
  let losing: 'before' | 'after' | null = null
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'imagine-doubt-'))
    engine = openSqlite(dataDir)
    losing = null
    const lost = () => new AppError('store_unavailable', { detail: 'connection lost' })
    store = await openStore(
      {
        ...engine,
        transaction: async (work) => {
          const when = losing
          if (when === null) return engine.transaction(work)
          await engine.transaction(async (session) => {
            await work(session)
            if (when === 'before') throw lost()
          })
          throw lost()
        },
      },
      { ...storeOptions, newId, exclusive: false },
    )
    await store.replicas.beat('alpha', 0, surfaces)
    await store.replicas.beat('beta', 0, surfaces)
  })
  afterEach(async () => {
    await store.close()
    await rm(dataDir, { recursive: true })
  })

  const claim = async (owner: string) => (await store.replicas.claim(owner, surfaces, 60_000, 10)).map((job) => job.id)

  test('of an accept: its person was told that it failed, so it is undone, holds and all', async () => {
    const caps = { day: 10, personDay: 0 }
    for (const when of ['after', 'before'] as const) {
      const entry = newJob()
      losing = when
      await expect(store.jobs.accept(entry, caps)).rejects.toMatchObject({ code: 'store_unavailable' })
      losing = null
      expect((await store.jobs.get(entry.id)) === null).toBe(when === 'before')
      expect(await claim('alpha')).toEqual([])
      expect(await store.jobs.get(entry.id)).toBeNull()
      expect(await engine.run('select * from ledger')).toEqual([])
      expect(await engine.run('select * from tasks')).toEqual([])
      // The day's cap has room again, and the event may come again.
      const again = newJob({ eventKey: entry.eventKey })
      expect(await store.jobs.accept(again, caps)).toMatchObject({ kind: 'accepted' })
      await engine.run('delete from jobs')
      await engine.run('delete from ledger')
      await engine.run('delete from accounts')
    }
  })

  test('of an accept that is repeated: it stands', async () => {
    const entry = newJob()
    losing = 'after'
    await expect(store.jobs.accept(entry, noCaps)).rejects.toMatchObject({ code: 'store_unavailable' })
    losing = null
    expect(await store.jobs.accept(entry, noCaps)).toMatchObject({ kind: 'accepted', job: { id: entry.id } })
    expect(await claim('alpha')).toEqual([])
    await begun(store, { jobId: entry.id, owner: 'alpha' })
  })

  test('of an accept while the database stays away: undone when it is back', async () => {
    const entry = newJob()
    losing = 'after'
    await expect(store.jobs.accept(entry, noCaps)).rejects.toMatchObject({ code: 'store_unavailable' })
    losing = 'before'
    await expect(store.replicas.claim('alpha', surfaces, 60_000, 10)).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    losing = null
    expect(await claim('alpha')).toEqual([])
    expect(await store.jobs.get(entry.id)).toBeNull()
  })

  test('of a claim: the jobs are given back and can be taken, although their owner lives', async () => {
    const jobs = [await accepted(store), await accepted(store)]
    await store.replicas.release(
      'alpha',
      jobs.map((job) => job.id),
    )
    losing = 'after'
    await expect(store.replicas.claim('beta', surfaces, 60_000, 10)).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    losing = null
    expect(await claim('alpha')).toHaveLength(2)
    expect(await claim('beta')).toEqual([])
  })
})
