import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { ImageApi } from '../src/core/ports.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../src/store/store.ts'
import { type Benchmark, shown, within } from './benchmark.ts'
import { askOf, compose, silentReply } from './jobs/composition.ts'
import { createPostgresDatabase } from './jobs/database.ts'
import { quantile } from './statistics.ts'

const everyMs = 20

/**
 * From the adapter's call to the moment at which the POST would leave: accept, turn, rate, slot and mark, on a real
 * store. SQLite always, PostgreSQL where TEST_DATABASE_URL names a server.
 */
export const commandToPost: Benchmark = {
  name: 'command-to-post',
  title: 'Command to POST',
  run: async (scale) => {
    const commands = scale === 'full' ? 500 : 100
    const options = { newId, ttlMs: 12_000, historyMs: 86_400_000 }
    const dataDir = await mkdtemp(join(tmpdir(), 'imagine-bench-'))
    const sqlite = await timesOn(await openSqliteStore({ ...options, dataDir }), commands)
    await rm(dataDir, { recursive: true, force: true })
    const { TEST_DATABASE_URL: server } = process.env
    const postgres = server === undefined ? null : await onPostgres(server, commands)

    const row = (name: string, times: readonly number[]) => [
      name,
      ...[0.5, 0.95, 0.99].map((share) => quantile(times, share).toFixed(2)),
    ]
    return {
      goals: [
        within(['', 'p50 on SQLite'], { ours: quantile(sqlite, 0.5), atMost: 5 }, shown.ms),
        ...(postgres === null
          ? []
          : [within(['', 'p50 on PostgreSQL'], { ours: quantile(postgres, 0.5), atMost: 10 }, shown.ms)]),
      ],
      measured: [
        {
          head: ['store', 'p50 ms', 'p95 ms', 'p99 ms'],
          rows: [row('SQLite', sqlite), ...(postgres === null ? [] : [row('PostgreSQL', postgres)])],
        },
      ],
    }
    async function onPostgres(url: string, count: number): Promise<number[]> {
      await using database = await createPostgresDatabase(url)
      return await timesOn(await openPostgresStore({ ...options, url: database.url }), count)
    }
  },
}

function newId(): string {
  return randomBytes(16).toString('hex')
}

async function timesOn(store: Store, commands: number): Promise<number[]> {
  const askedAt = new Map<string, number>()
  const tookMs: number[] = []
  const api: ImageApi = {
    submit: async ({ request }, call) => {
      call.gate()
      tookMs.push(performance.now() - (askedAt.get(request.prompt) ?? Number.NEGATIVE_INFINITY))
      return { kind: 'taken', taskId: request.prompt }
    },
    look: async () => ({ state: 'working' }),
    result: () => ({ open: () => Promise.reject(new Error('no task ends here')) }),
  }
  const { studio, stop } = await compose({ store, api, newId, looksPerSecond: 50 })
  for (let n = 0; n < commands; n += 1) {
    const prompt = `command ${n}`
    askedAt.set(prompt, performance.now())
    void studio.imagine(askOf(n, prompt, `bench:${newId()}`), silentReply)
    await after(everyMs)
  }
  await after(1_000)
  await stop()
  await store.close()
  if (tookMs.length !== commands) throw new Error(`${tookMs.length} of ${commands} commands came to a POST`)
  return tookMs
}
