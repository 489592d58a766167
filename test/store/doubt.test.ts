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
    const lost = (unheard = false) => new AppError('store_unavailable', { detail: 'connection lost', unheard })
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
          throw lost(true)
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

  test.for([
    { when: 'after', end: 'it is given back, and lives' },
    { when: 'before', end: 'it is not written anew' },
  ] as const)('of an accept that nobody repeats, lost $when the commit: $end', async ({ when }) => {
    const entry = newJob()
    losing = when
    await expect(store.jobs.accept(entry, noCaps)).rejects.toMatchObject({ unheard: when === 'after' })
    store.jobs.disown(entry)
    losing = null
    expect(await claim('beta')).toEqual(when === 'after' ? [entry.id] : [])
    expect((await store.jobs.get(entry.id)) === null).toBe(when === 'before')
    expect(await engine.run('select job from ledger')).toHaveLength(when === 'after' ? 1 : 0)
    // Found out once: whoever has it now keeps it.
    expect(await claim('alpha')).toEqual([])
    if (when === 'after') await begun(store, { jobId: entry.id, owner: 'beta' })
    else
      expect(await store.jobs.accept(newJob({ eventKey: entry.eventKey }), noCaps)).toMatchObject({ kind: 'accepted' })
  })

  test('of an accept whose process claims it itself: it is driven here', async () => {
    const entry = newJob()
    losing = 'after'
    await expect(store.jobs.accept(entry, noCaps)).rejects.toMatchObject({ code: 'store_unavailable' })
    store.jobs.disown(entry)
    losing = null
    expect(await claim(entry.owner)).toEqual([entry.id])
    expect(await claim('beta')).toEqual([])
  })

  test('of an accept that is repeated: it stands, and nobody gives it back meanwhile', async () => {
    const entry = newJob()
    losing = 'after'
    await expect(store.jobs.accept(entry, noCaps)).rejects.toMatchObject({ code: 'store_unavailable' })
    losing = null
    expect(await claim('beta')).toEqual([])
    expect(await store.jobs.accept(entry, noCaps)).toMatchObject({ kind: 'accepted', job: { id: entry.id } })
    expect(await claim('alpha')).toEqual([])
    await begun(store, { jobId: entry.id, owner: 'alpha' })
  })

  test('of an accept while the database stays away: given back when it is there again', async () => {
    const entry = newJob()
    losing = 'after'
    await expect(store.jobs.accept(entry, noCaps)).rejects.toMatchObject({ code: 'store_unavailable' })
    store.jobs.disown(entry)
    losing = 'before'
    await expect(claim('alpha')).rejects.toMatchObject({ code: 'store_unavailable' })
    losing = null
    expect(await claim('beta')).toEqual([entry.id])
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
