import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { createImageApi } from '../../src/imageapi/client.ts'
import { openSqliteStore } from '../../src/store/store.ts'
import { say, told } from '../process.ts'
import { quietLog } from '../quiet.ts'
import { type Usage, used } from '../usage.ts'
import { askOf, compose, silentReply } from './composition.ts'

// Thousands of jobs under way in one process, all of the core and a real store; nobody looks at the chat.

export interface JobsOptions {
  readonly origin: string
  readonly jobs: number
  readonly looksPerSecond: number
  /** How long it is watched once all are under way. */
  readonly watchMs: number
}

export interface JobsFound {
  /** From the first job to the last one's POST. */
  readonly takeMs: number
  /** Resident beyond what it was without a job, at most. */
  readonly extraBytes: number
  /** While watched. */
  readonly looks: number
  readonly usage: Usage
}

/** Commands given together. */
const atOnce = 20

const { origin, jobs, looksPerSecond, watchMs } = told<JobsOptions>()
const newId = () => randomBytes(16).toString('hex')
const dataDir = await mkdtemp(join(tmpdir(), 'imagine-bench-'))
const store = await openSqliteStore({ dataDir, newId, ttlMs: 12_000, historyMs: 86_400_000 })
const client = createImageApi(
  {
    ...{ baseUrl: `${origin}/api/v1`, key: 'aio_bench', model: 'gpt-image-1-5', poolSize: 64 },
    timeouts: { submitMs: 30_000, lookMs: 15_000, resultMs: 30_000 },
  },
  { log: quietLog },
)
let looks = 0
let posts = 0
const api: typeof client = {
  ...client,
  submit: async (order, call) => {
    const answer = await client.submit(order, call)
    posts += 1
    return answer
  },
  look: (taskId, signal) => {
    looks += 1
    return client.look(taskId, signal)
  },
}
const { studio, stop } = await compose({ store, api, newId, looksPerSecond })
await begin(1)
const taking = await used(() => begin(jobs))
// The stream of new ones is over; looks are all that is left.
await after(5_000)
const before = looks
const usage = await used(() => after(watchMs))
const found: JobsFound = {
  takeMs: taking.wallMs,
  extraBytes: Math.max(taking.peakBytes, usage.peakBytes) - (taking.peakBytes - taking.extraBytes),
  looks: looks - before,
  usage,
}
say(found)
await stop()
await rm(dataDir, { recursive: true, force: true })

/** Tasks that outlast the benchmark. */
async function begin(count: number): Promise<void> {
  const wanted = posts + count
  for (let from = 0; from < count; from += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, count - from) }, (_, n) => from + n)
    await Promise.all(
      numbers.map((n) => studio.imagine(askOf(n, `job ${n} takes 3600000 ms`, `bench:${newId()}`), silentReply)),
    )
  }
  while (posts < wanted) await after(20)
}
