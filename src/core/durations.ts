/** How long tasks of one class take: weights over equal bins, in milliseconds since the submit. Index i covers [i, i+1) bins. */
export interface Durations {
  readonly binMs: number
  readonly weights: readonly number[]
}

/** Before anything was seen: mostly 3–10 s as the image API's page says, with a thin tail to a minute. */
export function priorDurations(): Durations {
  const binMs = 100
  const weights = Array.from({ length: 600 }, (_, bin) => {
    const at = (bin + 0.5) * binMs
    if (at < 2_000) return 0.02
    if (at < 3_000) return 0.25
    if (at < 10_000) return 1
    // Halves every 5 s.
    return 0.25 * 0.5 ** ((at - 10_000) / 5_000)
  })
  return { binMs, weights }
}

/** The share of tasks that take longer than `ms`. */
export function survival(durations: Durations, ms: number): number {
  const { binMs, weights } = durations
  let beyond = 0
  let total = 0
  for (const [bin, weight] of weights.entries()) {
    total += weight
    const from = bin * binMs
    if (from >= ms) beyond += weight
    else if (from + binMs > ms) beyond += weight * ((from + binMs - ms) / binMs)
  }
  return total === 0 ? 0 : beyond / total
}

/** Below this share of tasks that ever took so long, a task counts as slower than usual. */
const slowShare = 0.02

/** The mean time that remains for a task that has run `elapsedMs`, or null when it is slower than usual. */
export function remaining(durations: Durations, elapsedMs: number): number | null {
  const { binMs, weights } = durations
  if (survival(durations, elapsedMs) < slowShare) return null
  let mass = 0
  let sum = 0
  for (const [bin, weight] of weights.entries()) {
    const middle = (bin + 0.5) * binMs
    if (middle <= elapsedMs) continue
    mass += weight
    sum += weight * (middle - elapsedMs)
  }
  return mass === 0 ? null : sum / mass
}
