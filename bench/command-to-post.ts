import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBreaker } from '../src/core/breaker.ts'
import { createCallbacks } from '../src/core/callbacks.ts'
import { systemClock } from '../src/core/clock.ts'
import { priorDurations } from '../src/core/durations.ts'
import { createPoller } from '../src/core/poller.ts'
import type { ImageApi, Log, Meter, Surface } from '../src/core/ports.ts'
import { createRelay } from '../src/core/relay.ts'
import { createRunner } from '../src/core/runner.ts'
import { createStudio } from '../src/core/studio.ts'
import { createTurns } from '../src/core/turns.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../src/store/store.ts'

const commands = 300
const everyMs = 20

/**
 * From the adapter's call to the moment at which the POST would leave: accept, turn, rate, slot and mark, on a real
 * store. SQLite always, PostgreSQL where BENCH_DATABASE_URL names an empty database.
 */
export async function commandToPost(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'imagine-bench-'))
  const options = { newId, ttlMs: 12_000, historyMs: 86_400_000 }
  const rows = [['store', 'p50 ms', 'p99 ms', 'goal p50']]
  rows.push(['SQLite', ...(await measure(await openSqliteStore({ ...options, dataDir: dir }))), '5'])
  await rm(dir, { recursive: true, force: true })
  const { BENCH_DATABASE_URL: url } = process.env
  if (url !== undefined)
    rows.push(['PostgreSQL', ...(await measure(await openPostgresStore({ ...options, url }))), '10'])
  return [
    `Command to POST, ${commands} commands`,
    ...rows.map((row) => row.map((cell) => cell.padEnd(12)).join('')),
  ].join('\n')
}

let ids = 0
function newId(): string {
  ids += 1
  return `bench${Date.now().toString(36)}${ids}`
}

async function measure(store: Store): Promise<[string, string]> {
  const postedAt = new Map<string, number>()
  const askedAt = new Map<string, number>()
  const api: ImageApi = {
    submit: async ({ request }, call) => {
      call.gate()
      postedAt.set(request.prompt, performance.now())
      return { kind: 'taken', taskId: request.prompt }
    },
    look: async () => ({ state: 'working' }),
    result: () => ({ open: () => Promise.reject(new Error('no task ends here')) }),
  }
  const { studio, stop } = compose(store, api)
  for (let n = 0; n < commands; n += 1) {
    const prompt = `command ${n}`
    askedAt.set(prompt, performance.now())
    void studio.imagine(
      {
        ...{
          eventKey: `bench:${newId()}`,
          surface: 'bench',
          workspace: 'w',
          channel: 'c',
          locale: 'en',
          action: 'imagine',
        },
        ...{
          person: { id: `p${n % 50}`, name: 'p' },
          parentId: null,
          source: null,
          input: { prompt },
          inputs: [],
          problems: [],
        },
        ...{ address: { at: null, secret: null }, receivedAt: 0 },
      },
      { accept: async () => null, refuse: async () => undefined, defer: async () => undefined },
    )
    await systemClock.sleep(everyMs, new AbortController().signal)
  }
  await systemClock.sleep(1_000, new AbortController().signal)
  await stop()
  await store.close()
  const times = [...askedAt]
    .map(([prompt, at]) => (postedAt.get(prompt) ?? Number.POSITIVE_INFINITY) - at)
    .sort((a, b) => a - b)
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(2)
  return [at(0.5), at(0.99)]
}

function compose(store: Store, api: ImageApi) {
  const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log }
  const meter: Meter = { count: () => {}, time: () => {} }
  const surface: Surface = {
    name: 'bench',
    show: async (address) => ({ address, messageKey: null, files: [] }),
    pace: () => 60_000,
    input: () => ({ picture: api.result(''), publicUrl: null }),
    picture: () => api.result(''),
  }
  const surfaces = new Map([[surface.name, surface]])
  const shared = { clock: systemClock, log, meter, random: Math.random, step: () => undefined }
  const durations = priorDurations()
  const poller = createPoller({ ...shared, api, durations: () => durations, looksPerTask: 6, looksPerSecond: 50 })
  const turns = createTurns({ clock: systemClock, maxRunningPerPerson: 1_000, line: null })
  const converter = { fit: () => Promise.reject(new Error('no picture is handed in here')) }
  const relay = createRelay({
    ...shared,
    surfaces,
    jobs: store.jobs,
    converter,
    shelf: store.shelf,
    links: null,
    keepMs: 0,
  })
  const owner = newId()
  const runner = createRunner({
    ...{
      ...shared,
      owner,
      surfaces,
      api,
      relay,
      poller,
      turns,
      hints: store.hints,
      jobs: store.jobs,
      drive: store.drive,
    },
    ...{ breaker: createBreaker(shared), callbacks: createCallbacks({ links: null, log }) },
    ...{ replicas: store.replicas, ttlMs: 12_000, looksPerSecond: 50 },
    settings: {
      limits: { maxInFlight: 100_000, perSecond: 10_000, maxRunningPerPerson: 1_000, slotMs: 900_000 },
      ...{ submitTimeoutMs: 30_000, taskTimeoutMs: 900_000, longestMs: 86_400_000, model: 'bench' },
    },
  })
  const studio = createStudio({
    ...{ ...shared, owner, jobs: store.jobs, runner, hints: store.hints, newId },
    ...{ caps: { day: 0, personDay: 0 }, allowedWorkspaces: new Set<string>(), acceptPatienceMs: 0 },
  })
  runner.start()
  return { studio, stop: () => runner.stop(0) }
}
