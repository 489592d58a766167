import type { Durations } from './durations.ts'
import { capacityOf, type Mix, type Prices, pricesOf } from './price.ts'
import type { TaskClass } from './watched.ts'

/** The prices of the moment, for the classes of tasks that came lately. */
export interface Pricing {
  readonly prices: Prices
  came(taskClass: TaskClass): void
  /** Solves them anew now and then; true when they moved so far that the order of all looks should follow. */
  settle(now: number, inFlight: number, looksPerSecond: number): boolean
  /** How many tasks a budget of looks is enough for, as they come lately; the first are taken for `taskClass`. */
  capacity(looksPerSecond: number, taskClass: TaskClass): number
}

export interface PricingOptions {
  readonly durations: (taskClass: TaskClass) => Durations
  readonly looksPerTask: number
}

/** So many arrivals are remembered. */
const memory = 200
/** How often to solve, in milliseconds, and by how much and how often the order changes. */
const often = { solveMs: 250, orderMs: 1_000, moved: 1.2 }

export function createPricing({ durations, looksPerTask }: PricingOptions): Pricing {
  const counts = new Map<TaskClass, number>()
  let prices: Prices = { least: 0, shared: 0 }
  let capacity: { readonly solvedAt: number; readonly perSecond: number; readonly tasks: number } | null = null
  let solvedAt = Number.NEGATIVE_INFINITY
  let ordered = { at: Number.NEGATIVE_INFINITY, price: 0 }

  const mix = (): Mix => {
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    return [...counts].map(([taskClass, count]) => ({ durations: durations(taskClass), share: count / total }))
  }

  return {
    get prices() {
      return prices
    },
    came: (taskClass) => {
      for (const [known, count] of counts) {
        const kept = count * (1 - 1 / memory)
        if (kept < 0.01) counts.delete(known)
        else counts.set(known, kept)
      }
      counts.set(taskClass, (counts.get(taskClass) ?? 0) + 1)
    },
    settle: (now, inFlight, looksPerSecond) => {
      if (counts.size === 0 || now - solvedAt < often.solveMs) return false
      solvedAt = now
      prices = pricesOf(mix(), { looksPerTask, looksPerSecond }, inFlight, prices)
      if (now - ordered.at < often.orderMs) return false
      if (Math.abs(Math.log(prices.shared / ordered.price)) < Math.log(often.moved)) return false
      ordered = { at: now, price: prices.shared }
      return true
    },
    capacity: (looksPerSecond, taskClass) => {
      if (counts.size === 0)
        return capacityOf([{ durations: durations(taskClass), share: 1 }], { looksPerTask, looksPerSecond })
      if (capacity?.solvedAt !== solvedAt || capacity.perSecond !== looksPerSecond)
        capacity = { solvedAt, perSecond: looksPerSecond, tasks: capacityOf(mix(), { looksPerTask, looksPerSecond }) }
      return capacity.tasks
    },
  }
}
