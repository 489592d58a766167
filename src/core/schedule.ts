import { type Durations, survival } from './durations.ts'

/** Sibling services allow three status queries a second for one task (docs/image-api.md). */
export const minLookGapMs = 334

/** Gaps for tasks that outlast everything ever seen grow to this. */
const slowGapMs = 15_000

/**
 * When to look at a task next: as soon as the lag expected to have accrued since the last look reaches a price.
 * All times are milliseconds since the submit.
 */
export interface Schedule {
  next(lastLookMs: number): number
}

/** The schedule that spends about `looksPerTask` looks on a task of these durations. */
export function createSchedule(durations: Durations, looksPerTask: number): Schedule {
  const price = solvePrice(durations, looksPerTask)
  return { next: (last) => nextLook(durations, last, price) }
}

/**
 * The first time t after `last` at which the expected lag of a task alive at `last`, the integral of
 * (t - u) f(u) / S(last), reaches `price` milliseconds; never sooner than the smallest gap allowed.
 */
function nextLook(durations: Durations, last: number, price: number): number {
  const { binMs, weights } = durations
  const alive = survival(durations, last)
  const horizon = weights.length * binMs
  // A quarter of the age again: an outlier is watched, but ever more rarely.
  const late = last + Math.min(slowGapMs, Math.max(minLookGapMs, last * 0.25))
  if (alive <= 1e-4 || last >= horizon) return late
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let done = 0
  let lag = 0
  for (let bin = Math.floor(last / binMs); bin < weights.length; bin += 1) {
    const end = (bin + 1) * binMs
    const span = end - Math.max(last, bin * binMs)
    const mass = ((weights[bin] ?? 0) * (span / binMs)) / total / alive
    // What ended before this bin waits through it; what ends inside it waits for half of it.
    const grown = lag + done * span + (mass * span) / 2
    if (grown >= price) {
      const share = grown === lag ? 1 : (price - lag) / (grown - lag)
      return Math.max(last + minLookGapMs, end - span + span * share)
    }
    lag = grown
    done += mass
  }
  // Too dear a look for anything ever seen: the next one is at the end of that.
  return Math.max(last + minLookGapMs, horizon)
}

/** Finds the price at which a task costs `target` looks on average; more looks than the gap allows cost nothing extra. */
function solvePrice(durations: Durations, target: number): number {
  let low = 0.1
  let high = durations.weights.length * durations.binMs
  for (let round = 0; round < 40; round += 1) {
    const price = Math.sqrt(low * high)
    if (meanLooks(durations, price) > target) low = price
    else high = price
  }
  return Math.sqrt(low * high)
}

/** Mean number of looks: the first certainly happens, each further one if the task was still alive at the one before. */
function meanLooks(durations: Durations, price: number): number {
  let looks = 1
  let at = nextLook(durations, 0, price)
  const horizon = durations.weights.length * durations.binMs
  while (at < horizon) {
    looks += survival(durations, at)
    at = nextLook(durations, at, price)
  }
  return looks
}
