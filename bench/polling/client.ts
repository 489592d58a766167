import { setTimeout as after } from 'node:timers/promises'
import { request } from 'undici'
import { say, told } from '../process.ts'
import type { Seen, TaskOrder } from '../upstream.ts'
import { type Usage, used } from '../usage.ts'
import { createPoll, type PollerChoice } from './pollers.ts'

// One poller in a process of its own: lets the upstream take tasks and waits for them, round after round.

export interface ClientOptions {
  readonly origin: string
  readonly poller: PollerChoice
  readonly rounds: readonly Round[]
}

export interface Round {
  readonly tasks: readonly TaskOrder[]
  /** The tasks are taken evenly within this time. */
  readonly spreadMs: number
}

/** What one round came to. */
export interface RoundFound {
  /** From a task's end to the first answer that told of it, as the upstream saw it, in milliseconds. */
  readonly lagsMs: readonly number[]
  /** From a task's end to the poller's own word for it. */
  readonly resolvesMs: readonly number[]
  /** Tasks that the poller gave up. */
  readonly lost: number
  readonly requests: number
  /** Answers of 429. */
  readonly refused: number
  readonly connections: number
  readonly usage: Usage
}

/** Tasks are taken in batches: a benchmark of looks should not spend its time on submits. */
const batchMs = 50

const { origin, poller, rounds } = told<ClientOptions>()
const poll = await createPoll(poller, origin)
const found: RoundFound[] = []
for (const round of rounds) found.push(await play(round))
say(found)

async function play({ tasks, spreadMs }: Round): Promise<RoundFound> {
  await ask('GET', '/bench/seen')
  const ids = new Set<string>()
  const resolvesMs: number[] = []
  let lost = 0
  const wait = async (id: string, at: number, order: TaskOrder) => {
    ids.add(id)
    try {
      await poll({ id, at, quality: order.quality })
      resolvesMs.push(Date.now() - at - order.ms)
    } catch {
      lost += 1
    }
  }
  const usage = await used(async () => {
    const waits: Promise<void>[] = []
    const startedAt = performance.now()
    const batch = Math.max(1, Math.ceil((tasks.length * batchMs) / spreadMs))
    for (let from = 0; from < tasks.length; from += batch) {
      const due = startedAt + (from / tasks.length) * spreadMs
      await after(Math.max(0, due - performance.now()))
      const orders = tasks.slice(from, from + batch)
      const taken = await ask<readonly { id: string; at: number }[]>('POST', '/bench/tasks', orders)
      waits.push(...taken.map(({ id, at }, n) => wait(id, at, orders[n] ?? { ms: 0, quality: 'medium' })))
    }
    await Promise.all(waits)
  })
  const { looks } = await ask<{ looks: Record<string, number> }>('GET', '/simulator/looks')
  const { lags } = await ask<{ lags: Record<string, number> }>('GET', '/simulator/lags')
  const { connections, refused } = await ask<Seen>('GET', '/bench/seen')
  const own = <T>(all: Record<string, T>) => Object.entries(all).flatMap(([id, value]) => (ids.has(id) ? [value] : []))
  const requests = own(looks).reduce((sum, count) => sum + count, 0)
  return { lagsMs: own(lags), resolvesMs, lost, requests, refused, connections, usage }
}

async function ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const response = await request(`${origin}${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  return (await response.body.json()) as T
}
