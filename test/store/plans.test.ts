import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Engine, Session, Value } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openStore } from '../../src/store/store.ts'
import { accepted, begun, newJob, noCaps, polling, storeOptions } from '../contract/store-fixture.ts'
import { newId } from './fixtures.ts'

/** Tables, and the names that stand for them, that grow with every job. Live jobs and waiting tasks have their own indexes. */
const growing: ReadonlySet<string> = new Set([
  'jobs',
  'j',
  'tasks',
  't',
  'ledger',
  'accounts',
  'inputs',
  'chunks',
  'drafts',
])

/** SQLite works on the thread that also answers the chat: no statement may read a table that grows from end to end. */
test('no statement of a job’s life reads a whole table', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'imagine-plans-'))
  const inner = openSqlite(dataDir)
  const heard = new Map<string, readonly Value[]>()
  const over = (session: Session): Session => ({
    run: (sql, values = []) => {
      heard.set(sql, values)
      return session.run(sql, values)
    },
  })
  const engine: Engine = { ...inner, ...over(inner), transaction: (work) => inner.transaction((s) => work(over(s))) }
  const store = await openStore(engine, { ...storeOptions, historyMs: 0, newId, exclusive: true })
  heard.clear()

  const job = await accepted(store, { request: { count: 4 } })
  await store.jobs.accept(newJob({ eventKey: 'event1' }), noCaps)
  for (let press = 0; press < 2; press += 1) await store.jobs.accept(newJob({ source: 'again:job0' }), noCaps)
  await store.jobs.line(10, 4)
  const receipt = { address: job.address, messageKey: 'm1', files: [] }
  await store.drive.opened(job.fence, receipt)
  await store.drive.prepared(job.fence, [])
  await polling(store, job.fence, 1)
  await store.drive.end(job.fence, 1, { state: 'completed', urls: ['https://images.example/1'] })
  await begun(store, job.fence, 2)
  await store.drive.end(job.fence, 2, { state: 'ambiguous' })
  await store.drive.taken(job.id, 2, 'late')
  await begun(store, job.fence, 3)
  await store.drive.notTaken(job.fence, 3)
  await store.jobs.cancel(job.id)
  await store.replicas.cancelled('alpha')
  await store.drive.close(job.fence, { receipt })
  await store.drive.taken(job.id, 2, 'later')
  await store.jobs.findByMessage('discord', 'm1')
  for (const personId of ['ann', null])
    for (const before of [job.id, null])
      await store.jobs.list({ surface: 'discord', workspace: 'guild', personId, limit: 5, before })
  const second = await accepted(store)
  await store.replicas.beat('alpha', 0, ['discord'])
  await store.replicas.claim('beta', ['discord'], 1_000, 200)
  await store.replicas.release('beta', [second.id])
  await store.replicas.leave('beta')
  await store.shelf.put('p', 'image/png', (async function* () {})(), 1_000)
  await store.shelf.find('p')
  await store.drafts.put('draft', 1, 1_000)
  await store.drafts.get('draft')
  await store.jobs.erase(job.id)
  await store.jobs.spent('discord', 'ann')
  await store.vault.put('a', 'b')
  await store.sweep()

  expect(heard.size).toBeGreaterThan(40)
  const scans: { readonly sql: string; readonly detail: string }[] = []
  for (const [sql, values] of heard) {
    const plan = await inner.run(`explain query plan ${sql}`, values)
    const details = plan.map((row) => String(row.detail))
    for (const detail of details) {
      // An index that only tells the platform or the place reads half of all jobs.
      if (/\((surface|workspace)=\?\)$/.test(detail)) scans.push({ sql, detail })
      const [, table = '', how = ''] = /^SCAN (\S+)(.*)/.exec(detail) ?? []
      if (!growing.has(table) || /jobs_live|tasks_planned/.test(how)) continue
      // `j` names what a subquery gave, unless the planner reads the table in its place.
      if (table === 'j' && details.some((other) => /^(CO-ROUTINE|MATERIALIZE) j$/.test(other))) continue
      scans.push({ sql, detail })
    }
  }
  expect(scans).toEqual([])
  await store.close()
  await rm(dataDir, { recursive: true })
})
