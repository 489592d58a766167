import { binCount, binEdges, binOf, type Durations, horizonMs, livedBy, survival } from './durations.ts'

/** Sibling services allow three status queries a second for one task (docs/image-api.md). */
export const minLookGapMs = 334

/** A quarter of the age, at most this: between looks at a task that outlasts everything ever seen. */
const slowGapMs = 15_000
/** Fewer tasks than this share say nothing about how much longer. */
const fewest = 1e-4

/**
 * When to look at a task next: as soon as the lag expected to have accrued since the last look reaches a price, in
 * milliseconds of lag. That is the integral of (t - u) f(u) / S(last) from the last look to t.
 */
export function nextLook(durations: Durations, last: number, price: number): number {
  const share = survival(durations, last)
  const latest = last + Math.min(slowGapMs, Math.max(minLookGapMs, last / 4))
  if (share <= fewest || last >= horizonMs) return latest
  const due = Math.max(last + minLookGapMs, dueAt(durations, last, share, price))
  return last > 0 ? Math.min(due, Math.max(latest, last + slowGapMs)) : due
}

/** By parts the lag is (t - last) - (lived(t) - lived(last)) / S(last): it grows with t, and is a parabola in a bin. */
function dueAt(durations: Durations, last: number, share: number, price: number): number {
  const { alive, lived } = durations
  const wanted = share * (last + price) - livedBy(durations, last)
  let low = binOf(last)
  let high = binCount
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (share * (binEdges[middle] ?? 0) - (lived[middle] ?? 0) >= wanted) high = middle
    else low = middle
  }
  const [from, to] = [binEdges[low] ?? 0, binEdges[low + 1] ?? 0]
  const missing = wanted - (share * from - (lived[low] ?? 0))
  const slope = share - (alive[low] ?? 0)
  const bend = ((alive[low] ?? 0) - (alive[low + 1] ?? 0)) / (to - from)
  const ms = bend > 0 ? (Math.sqrt(slope * slope + 2 * bend * missing) - slope) / bend : missing / slope
  return Number.isFinite(ms) ? Math.min(from + ms, horizonMs) : horizonMs
}

/** What a price means: looks at a task on average, and the mean lag from its end to the look that finds it. */
export interface Cost {
  readonly looks: number
  readonly lagMs: number
}

export function costOf(durations: Durations, price: number): Cost {
  let looks = 0
  let lagMs = 0
  for (let at = 0; ; ) {
    const share = survival(durations, at)
    if (share <= negligible || at >= horizonMs) return { looks, lagMs }
    const next = nextLook(durations, at, price)
    looks += share
    lagMs += share * (next - at) - (livedBy(durations, next) - livedBy(durations, at))
    at = next
  }
}

/** The tail that this share of tasks reach adds nothing worth its computing. */
const negligible = 1e-3

/**
 * The lowest price of at least `least` at which `fits` holds, to a two-hundredth; it must hold at every higher price too.
 * It is found sooner where `near` was the answer last time.
 */
export function lowestPrice(least: number, near: number, fits: (price: number) => boolean): number {
  if (fits(least)) return least
  let low = least
  let high = horizonMs
  for (const guess of [near * 1.1, near / 1.1]) {
    if (guess <= low || guess >= high) continue
    if (fits(guess)) high = guess
    else low = guess
  }
  while (high / low > 1.005) {
    const price = Math.sqrt(low * high)
    if (fits(price)) high = price
    else low = price
  }
  return high
}
