/**
 * How long tasks of one class take, as a distribution over fixed bins: within a bin, ends are spread evenly. Times are
 * milliseconds since the submit.
 */
export interface Durations {
  /** The share of tasks still under way at each edge: one more than there are bins, the first is 1. */
  readonly alive: Float64Array
  /** The integral of `alive` up to each edge, in milliseconds. */
  readonly lived: Float64Array
}

/** Bins of 100 ms at first, from 5 s on of a fiftieth of the age: as fine as looks can be, and few. */
const bins = { firstMs: 100, evenMs: 5_000, growth: 1.02, longestMs: 3_600_000 }
const evenBins = bins.evenMs / bins.firstMs

/** Where each bin begins, in milliseconds, and last where the last one ends. */
export const binEdges: Float64Array = Float64Array.from(
  { length: evenBins + Math.ceil(Math.log(bins.longestMs / bins.evenMs) / Math.log(bins.growth)) + 1 },
  (_, at) => (at <= evenBins ? at * bins.firstMs : bins.evenMs * bins.growth ** (at - evenBins)),
)
export const binCount = binEdges.length - 1
export const horizonMs = binEdges[binCount] ?? 0

/** The bin in which a time lies; the last one for all that is longer. */
export function binOf(ms: number): number {
  if (ms < bins.evenMs) return Math.max(0, Math.floor(ms / bins.firstMs))
  const guess = evenBins + Math.floor(Math.log(ms / bins.evenMs) / Math.log(bins.growth))
  // At an edge itself the logarithm may be a hair off.
  const at = ms >= (binEdges[guess + 1] ?? Number.POSITIVE_INFINITY) ? guess + 1 : guess
  return Math.min(binCount - 1, at)
}

/** The distribution in which a task alive at the start of a bin ends within it with that bin's probability. */
export function durationsOf(hazards: ArrayLike<number>): Durations {
  const alive = new Float64Array(binCount + 1)
  const lived = new Float64Array(binCount + 1)
  alive[0] = 1
  for (let bin = 0; bin < binCount; bin += 1) {
    const from = alive[bin] ?? 0
    const to = from * (1 - (hazards[bin] ?? 0))
    alive[bin + 1] = to
    lived[bin + 1] = (lived[bin] ?? 0) + ((from + to) / 2) * ((binEdges[bin + 1] ?? 0) - (binEdges[bin] ?? 0))
  }
  return { alive, lived }
}

/** The share of tasks that take longer than `ms`. */
export function survival({ alive }: Durations, ms: number): number {
  if (ms <= 0) return 1
  if (ms >= horizonMs) return alive[binCount] ?? 0
  const bin = binOf(ms)
  const from = binEdges[bin] ?? 0
  const start = alive[bin] ?? 0
  return start + (((alive[bin + 1] ?? 0) - start) * (ms - from)) / ((binEdges[bin + 1] ?? 0) - from)
}

/** The mean time that tasks spend under way before `ms`: the integral of `survival`. */
export function livedBy(durations: Durations, ms: number): number {
  if (ms <= 0) return 0
  const { alive, lived } = durations
  const end = alive[binCount] ?? 0
  if (ms >= horizonMs) return (lived[binCount] ?? 0) + end * (ms - horizonMs)
  const bin = binOf(ms)
  const span = ms - (binEdges[bin] ?? 0)
  return (lived[bin] ?? 0) + (((alive[bin] ?? 0) + survival(durations, ms)) / 2) * span
}

/** The mean duration. */
export function meanMs({ lived }: Durations): number {
  return lived[binCount] ?? 0
}

/** Below this share of tasks that ever took so long, a task counts as slower than usual. */
const slowShare = 0.02

/**
 * The mean time until the last of some tasks ends, given how long each has run: null when one of them is slower than
 * usual.
 */
export function remaining(durations: Durations, elapsedMs: readonly number[]): number | null {
  const shares = elapsedMs.map((ms) => survival(durations, ms))
  if (shares.some((share) => share < slowShare)) return null
  if (elapsedMs.length === 0) return 0
  // The integral of the probability that any is left, bin by bin.
  let sum = 0
  let left = 1
  for (let bin = 1; bin <= binCount && left > 1e-4; bin += 1) {
    const at = binEdges[bin] ?? 0
    const over = elapsedMs.reduce((all, ms, n) => all * (1 - survival(durations, ms + at) / (shares[n] ?? 1)), 1)
    sum += ((left + 1 - over) / 2) * (at - (binEdges[bin - 1] ?? 0))
    left = 1 - over
  }
  return sum
}
