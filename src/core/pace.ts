/** When the next request may be sent, within a budget of so many a second. */
export interface Pace {
  /** The moment from which on one may be sent, on the monotonic clock. */
  readonly freeAt: number
  readonly perSecond: number
  sent(now: number): void
  budget(perSecond: number): void
  /** Somebody said that these are too many: a little slower for a while. */
  tooMany(now: number): void
}

/** Requests that fell due while nothing was sent may be sent together, up to this much of the budget, in milliseconds. */
const burstMs = 50
/** After a refusal the pace is this much slower, not twice within `restMs`, and finds back in about a minute. */
const slowing = { by: 1.1, most: 10, restMs: 500, backMs: 60_000 }

export function createPace(budget: number): Pace {
  let perSecond = budget
  let freeAt = Number.NEGATIVE_INFINITY
  let slow = 1
  let slowedAt = Number.NEGATIVE_INFINITY

  const slowness = (now: number) => 1 + (slow - 1) * Math.exp(-(now - slowedAt) / slowing.backMs)

  return {
    get freeAt() {
      return freeAt
    },
    get perSecond() {
      return perSecond
    },
    sent: (now) => {
      freeAt = Math.max(freeAt, now - burstMs) + (1_000 / perSecond) * slowness(now)
    },
    budget: (next) => {
      perSecond = next
    },
    tooMany: (now) => {
      if (now - slowedAt < slowing.restMs) return
      slow = Math.min(slowing.most, slowness(now) * slowing.by)
      slowedAt = now
    },
  }
}
