import { mean, normal, seeded } from '../statistics.ts'
import type { TaskOrder } from '../upstream.ts'

type Draw = (random: () => number) => number

/** How long tasks take: a model, for nobody knows the real API's durations. All times in milliseconds. */
export interface Model {
  readonly name: string
  readonly title: string
  /** Tasks of different kinds: by their quality, which the client is told, or by the round, which it is not. */
  readonly kinds: { readonly by: 'quality' | 'round'; readonly draws: readonly Draw[] }
}

const second = 1000
const logNormal =
  (median: number, sigma: number): Draw =>
  (random) =>
    median * Math.exp(sigma * normal(random))
const broad = logNormal(5 * second, 0.7)

export const models = {
  uniform: {
    name: 'uniform',
    title: 'Uniform, 3–10 s',
    kinds: { by: 'quality', draws: [(random) => 3 * second + 7 * second * random()] },
  },
  qualities: {
    name: 'qualities',
    title: 'Two known qualities, 4 s and 9 s',
    kinds: { by: 'quality', draws: [logNormal(4 * second, 0.2), logNormal(9 * second, 0.25)] },
  },
  wide: {
    name: 'wide',
    title: 'Wide, 5 s, σ 0.7',
    kinds: { by: 'quality', draws: [(random) => Math.min(60 * second, broad(random))] },
  },
  drift: {
    name: 'drift',
    title: 'Drift, 5 s → 11 s → 4 s',
    kinds: {
      by: 'round',
      draws: [logNormal(5 * second, 0.25), logNormal(11 * second, 0.25), logNormal(4 * second, 0.25)],
    },
  },
} as const satisfies Record<string, Model>

/** The tasks of one round, the same for the same round. */
export function tasksOf({ kinds: { by, draws } }: Model, count: number, round: number): TaskOrder[] {
  const random = seeded(1_000 + round)
  return Array.from({ length: count }, (_, n) => {
    const kind = (by === 'round' ? round : n) % draws.length
    const ms = Math.round(draws[kind]?.(random) ?? 0)
    return { ms, quality: by === 'quality' && kind === 1 ? 'high' : 'medium' }
  })
}

/**
 * What no schedule gets below: mean lag times requests per task, in milliseconds. It is (∫√(fS))²/2, with the integral's
 * mean where there are several kinds of tasks and each is known (docs: Barlow, Hunter, Proschan on inspection).
 */
export function lawOf({ kinds }: Model): number {
  return mean(kinds.draws.map(rootIntegral)) ** 2 / 2
}

const samples = 200_000
const binMs = 100

/** ∫√(fS) of a distribution, from samples. */
function rootIntegral(draw: Draw): number {
  const random = seeded(1)
  const counts: number[] = []
  for (let n = 0; n < samples; n += 1) {
    const bin = Math.floor(draw(random) / binMs)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  let left = samples
  let sum = 0
  for (const count of counts) {
    const density = (count ?? 0) / samples / binMs
    const alive = (left - (count ?? 0) / 2) / samples
    sum += Math.sqrt(density * alive) * binMs
    left -= count ?? 0
  }
  return sum
}

/** Mean duration over all kinds, in milliseconds. */
export function meanMs(model: Model): number {
  const rounds = model.kinds.by === 'round' ? model.kinds.draws.length : 1
  return mean(Array.from({ length: rounds }, (_, round) => tasksOf(model, 20_000, round).map(({ ms }) => ms)).flat())
}
