import { createExperience } from '../../src/core/experience.ts'
import type { DurationStore, Random } from '../../src/core/ports.ts'
import { createPricing } from '../../src/core/pricing.ts'
import { nextLook } from '../../src/core/schedule.ts'
import { createRecordedLog } from '../http/recorded-log.ts'
import { seededRandom } from './random.ts'

/** A look takes this long there and back (section 2 of the design's performance page). */
export const rttMs = 100

interface SimulatedTask {
  readonly taskClass: string
  readonly tookMs: number
}
/** The task of this number out of so many. */
export type Model = (random: Random, at: number, of: number) => SimulatedTask

export function logNormal(random: Random, medianMs: number, sigma: number): number {
  return medianMs * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))
}

/** The models of the design's performance page, section 2. */
export const models = {
  uniform: (random) => ({ taskClass: 'a', tookMs: 3_000 + 7_000 * random() }),
  twoQualities: (random) =>
    random() < 0.5
      ? { taskClass: 'medium', tookMs: logNormal(random, 4_000, 0.2) }
      : { taskClass: 'high', tookMs: logNormal(random, 9_000, 0.25) },
  narrow: (random) => ({ taskClass: 'a', tookMs: logNormal(random, 5_000, 0.25) }),
  wide: (random) => ({ taskClass: 'a', tookMs: Math.min(60_000, logNormal(random, 5_000, 0.7)) }),
  // A step from 5 to 11 s, then a ramp down to 4 s.
  drift: (random, at, of) => {
    const ramp = Math.max(0, (3 * at) / of - 2)
    return { taskClass: 'a', tookMs: logNormal(random, at < of / 3 ? 5_000 : 11_000 - 7_000 * ramp, 0.25) }
  },
} satisfies Readonly<Record<string, Model>>

/** Schedules of the peers: the first look, then one every so often after each answer (section 1 of that page). */
export const peers = {
  replicate: { firstMs: 0, everyMs: 500 },
  azure: { firstMs: 0, everyMs: 2_000 },
  kie: { firstMs: 2_500, everyMs: 2_500 },
  openai: { firstMs: 0, everyMs: 5_000 },
} as const

/** Times in seconds, looks a task. */
export interface Outcome {
  readonly lag: number
  readonly p95: number
  readonly looks: number
}

interface Found {
  readonly lagMs: number
  readonly looks: number
}

export function outcomeOf(found: readonly Found[]): Outcome {
  const lags = found.map(({ lagMs }) => lagMs).toSorted((a, b) => a - b)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    lag: mean(lags) / 1_000,
    p95: (lags[Math.floor(lags.length * 0.95)] ?? 0) / 1_000,
    looks: mean(found.map(({ looks }) => looks)),
  }
}

function tasksOf(model: Model, count: number, seed: number): SimulatedTask[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, at) => model(random, at, count))
}

/** Looks from the first one on until one finds the task ended: it sees what is half a round trip after it was sent. */
function look(
  tookMs: number,
  firstMs: number,
  next: (lastMs: number) => number,
): Found & { readonly seenMs: readonly number[]; readonly atMs: number } {
  const seenMs: number[] = []
  let atMs = firstMs
  while (atMs + rttMs / 2 < tookMs) {
    seenMs.push(atMs)
    atMs = Math.max(next(atMs), atMs + rttMs)
  }
  return { lagMs: atMs + rttMs - tookMs, looks: seenMs.length + 1, seenMs, atMs }
}

export function runPeer(model: Model, peer: keyof typeof peers, count: number, seed = 1): Outcome {
  const { firstMs, everyMs } = peers[peer]
  return outcomeOf(
    tasksOf(model, count, seed).map(({ tookMs }) => look(tookMs, firstMs, (lastMs) => lastMs + rttMs + everyMs)),
  )
}

/** Keeps nothing beyond itself. */
export function createMemoryDurations(): DurationStore & {
  readonly kept: Map<string, string>
  readonly writes: number
} {
  const kept = new Map<string, string>()
  let writes = 0
  return {
    kept,
    get writes() {
      return writes
    },
    all: async () => new Map(kept),
    update: async (taskClass, change) => {
      writes += 1
      const learned = change(kept.get(taskClass) ?? null)
      kept.set(taskClass, learned)
      return learned
    },
  }
}

export interface OursOptions {
  readonly looksPerTask: number
  readonly count: number
  readonly seed?: number
  /** How many tasks are under way at once: so much later each teaches something. */
  readonly atOnce?: number
}

/** Our own looks, from the prior on, learning from nothing but the looks. Budget and store are out of the way. */
export function runOurs(model: Model, { looksPerTask, count, seed = 1, atOnce = 8 }: OursOptions): readonly Found[] {
  const clock = { sleep: () => Promise.reject(new Error('nobody sleeps here')) }
  const experience = createExperience({ store: createMemoryDurations(), clock, log: createRecordedLog() })
  const pricing = createPricing({ durations: experience.durations, looksPerTask })
  const underWay: (() => void)[] = []
  return tasksOf(model, count, seed).map(({ taskClass, tookMs }, at) => {
    pricing.came(taskClass)
    // At eighty tasks a second.
    pricing.settle(at * 12.5, 1, Number.POSITIVE_INFINITY)
    const next = (lastMs: number) => nextLook(experience.durations(taskClass), lastMs, pricing.prices.least)
    const found = look(tookMs, next(0), next)
    underWay.push(() => {
      let fromMs = 0
      for (const afterMs of found.seenMs) {
        experience.saw(taskClass, { fromMs, afterMs, byMs: null })
        fromMs = afterMs
      }
      experience.saw(taskClass, { fromMs, afterMs: fromMs, byMs: found.atMs })
    })
    if (underWay.length > atOnce) underWay.shift()?.()
    return found
  })
}
