import { setTimeout as after } from 'node:timers/promises'
import { Pool, request } from 'undici'
import { say, told } from '../process.ts'
import { quietLog } from '../quiet.ts'
import { quantile } from '../statistics.ts'
import type { TaskOrder } from '../upstream.ts'
import { type Usage, used } from '../usage.ts'

// Asks for the status of a running task, so many times a second, in one way.

/** `undici`: a bare request on a pool, which is as little as it can cost. */
export type Way = 'global fetch' | 'undici' | 'ours'

export interface RequestOptions {
  readonly origin: string
  readonly way: Way
  readonly perSecond: number
  readonly seconds: number
}

export interface RequestsFound {
  readonly requests: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly usage: Usage
}

const { origin, way, perSecond, seconds } = told<RequestOptions>()
const id = await newTask({ ms: 3_600_000, quality: 'medium' })
const path = `${origin}/api/v1/tasks/${id}`
const headers = { authorization: 'Bearer aio_bench' }
const lookers: Readonly<Record<Way, () => Promise<() => Promise<unknown>>>> = { ours, undici, 'global fetch': plain }
const look = await lookers[way]()
const takenMs: number[] = []
// Compiled and connected first.
await send(perSecond)
takenMs.length = 0
const usage = await used(() => send(perSecond * seconds))
const found: RequestsFound = {
  requests: takenMs.length,
  p50Ms: quantile(takenMs, 0.5),
  p95Ms: quantile(takenMs, 0.95),
  usage,
}
say(found)

/** At an even pace, whatever the answers take. */
async function send(count: number): Promise<void> {
  const startedAt = performance.now()
  const sent: Promise<void>[] = []
  while (sent.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAt) / 1000) * perSecond))
    while (sent.length < due) sent.push(timed())
    await after(1)
  }
  await Promise.all(sent)
}

async function timed(): Promise<void> {
  const at = performance.now()
  await look()
  takenMs.push(performance.now() - at)
}

async function ours(): Promise<() => Promise<unknown>> {
  const { createImageApi } = await import('../../src/imageapi/client.ts')
  const api = createImageApi(
    {
      ...{ baseUrl: `${origin}/api/v1`, key: 'aio_bench', model: 'gpt-image-1-5', poolSize: 64 },
      timeouts: { submitMs: 30_000, lookMs: 15_000, resultMs: 30_000 },
    },
    { log: quietLog },
  )
  const { signal } = new AbortController()
  return () => api.look(id, signal)
}

async function plain(): Promise<() => Promise<unknown>> {
  return async () => statusIn(await (await fetch(path, { headers })).json())
}

async function undici(): Promise<() => Promise<unknown>> {
  const pool = new Pool(origin, { connections: 64 })
  return async () =>
    statusIn(await (await pool.request({ method: 'GET', path: new URL(path).pathname, headers })).body.json())
}

function statusIn(answer: unknown): void {
  const { status } = (answer as { data: { status: string } }).data
  if (status !== 'IN_PROGRESS') throw new Error(status)
}

async function newTask(order: TaskOrder): Promise<string> {
  const response = await request(`${origin}/bench/tasks`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([order]) },
  })
  const [task] = (await response.body.json()) as [{ id: string }]
  return task.id
}
