import { z } from 'zod'
import { binCount, binEdges, binOf, type Durations, durationsOf } from './durations.ts'

/**
 * What was learned of how long a class of tasks takes. For each bin: how often a task was seen to come as far as it, and
 * how often one ended in it, both fading as newer ones come.
 */
export interface Hazards {
  readonly reached: Float64Array
  readonly ended: Float64Array
}

/**
 * What one look saw of a task, in milliseconds since its submit. Those still under way count too, as they are seen: to
 * learn from the ends alone would be to learn from the short ones first.
 */
export interface Sighting {
  /** What came before was told by earlier sightings. */
  readonly fromMs: number
  /** It was under way until here. */
  readonly afterMs: number
  /** By when it had completed; null: it is still under way, or failed. */
  readonly byMs: number | null
}

/** So many tasks a bin remembers. A bin forgets by those that reach it: the rare long ones keep what they taught. */
const memory = 150
/** As many tasks the prior counts for. */
const priorWeight = 10

/** Before anything was seen: mostly 3–10 s as the image API's page says, with a thin tail to a minute. */
export function priorHazards(): Hazards {
  const mass = (at: number) => {
    if (at < 2_000) return 0.02
    if (at < 3_000) return 0.25
    if (at < 10_000) return 1
    // Halves every 5 s.
    return 0.1 * 0.5 ** ((at - 10_000) / 5_000)
  }
  const masses = Array.from({ length: binCount }, (_, bin) => {
    const [from, to] = [binEdges[bin] ?? 0, binEdges[bin + 1] ?? 0]
    return mass((from + to) / 2) * (to - from)
  })
  const reached = new Float64Array(binCount).fill(priorWeight)
  const ended = new Float64Array(binCount)
  let left = masses.reduce((sum, one) => sum + one, 0)
  for (const [bin, one] of masses.entries()) {
    ended[bin] = priorWeight * (left > 1e-6 ? Math.min(1, one / left) : 1)
    left -= one
  }
  return { reached, ended }
}

/** What is known after some more looks, in their order. */
export function learn(known: Hazards, sightings: readonly Sighting[]): Hazards {
  const next = { reached: known.reached.slice(), ended: known.ended.slice() }
  for (const sighting of sightings) see(next, sighting)
  return next
}

/**
 * An end between two looks is spread over the bins between as ends were spread so far (one step of expectation
 * maximisation). Hazards alone would favour the late bins, and confirm a wrong peak there again and again.
 */
function see(into: Hazards, { fromMs, afterMs, byMs }: Sighting): void {
  const first = binOf(afterMs)
  for (let bin = binOf(fromMs); bin < first; bin += 1) note(into, bin, 1, 0)
  if (byMs === null) return
  const last = binOf(byMs)
  const shares: number[] = []
  let total = 0
  let alive = 1
  for (let bin = first; bin <= last; bin += 1) {
    const [from, to] = [binEdges[bin] ?? 0, binEdges[bin + 1] ?? 0]
    const overlap = (Math.min(byMs, to) - Math.max(afterMs, from)) / (to - from)
    const hazard = Math.min(1, (into.ended[bin] ?? 0) / (into.reached[bin] ?? 1))
    // Never nothing: what was not seen for long may come again.
    const share = Math.max(0, overlap) * (alive * hazard + leastShare)
    shares.push(share)
    total += share
    alive *= 1 - hazard
  }
  let left = 1
  for (const [at, share] of shares.entries()) {
    // Later than all bins, it ends in the last one.
    const end = total > 0 ? share / total : at === shares.length - 1 ? 1 : 0
    note(into, first + at, left, end)
    left = Math.max(0, left - end)
  }
}

const leastShare = 1e-6

/** `came` of a task reached this bin, `end` of it ended there. */
function note({ reached, ended }: Hazards, bin: number, came: number, end: number): void {
  const kept = 1 - came / memory
  reached[bin] = (reached[bin] ?? 0) * kept + came
  ended[bin] = (ended[bin] ?? 0) * kept + end
}

/** The distribution that follows. */
export function durationsFrom({ reached, ended }: Hazards): Durations {
  return durationsOf(ended.map((end, bin) => Math.min(1, end / (reached[bin] ?? 1))))
}

const format = 1

/** As text, to be kept; small numbers are rounded. */
export function encode({ reached, ended }: Hazards): string {
  const rounded = (values: Float64Array) => Array.from(values, (value) => Number(value.toPrecision(5)))
  return JSON.stringify({ format, reached: rounded(reached), ended: rounded(ended) })
}

/** What was kept, or null where it is of another version of this program. */
export function decode(text: string): Hazards | null {
  const kept = shape.safeParse(parsed(text))
  if (!kept.success) return null
  return { reached: Float64Array.from(kept.data.reached), ended: Float64Array.from(kept.data.ended) }
}

const shape = z.object({
  format: z.literal(format),
  reached: z.array(z.number().positive()).length(binCount),
  ended: z.array(z.number().nonnegative()).length(binCount),
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
