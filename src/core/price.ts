import { type Durations, meanMs } from './durations.ts'
import { costOf, lowestPrice } from './schedule.ts'

/**
 * What a look should find, in milliseconds of lag: the same price for all classes at a time, so that each look goes
 * where it saves most. Solved from what is known of the durations, never found by raising and lowering: with thousands
 * of tasks under way the answer to a change comes too late for that.
 */
export interface Prices {
  /** The price at which a task costs the looks wanted: nobody is looked at sooner. */
  readonly least: number
  /** The price at which the tasks under way share the budget: it decides who comes first. At least `least`. */
  readonly shared: number
}

/** Classes by their share of the tasks; the shares sum to 1. */
export type Mix = readonly { readonly durations: Durations; readonly share: number }[]

export interface Spending {
  /** Looks at a task, on average. */
  readonly looksPerTask: number
  /** Looks a second. */
  readonly looksPerSecond: number
}

interface MixCost {
  /** Of a task, on average. */
  readonly looks: number
  readonly lagMs: number
  /** From the submit to the look that finds its end. */
  readonly stayMs: number
}

function costOfMix(mix: Mix, price: number): MixCost {
  let [looks, lagMs, stayMs] = [0, 0, 0]
  for (const { durations, share } of mix) {
    const cost = costOf(durations, price)
    looks += share * cost.looks
    lagMs += share * cost.lagMs
    stayMs += share * (cost.lagMs + meanMs(durations))
  }
  return { looks, lagMs, stayMs }
}

/** Looks a second for so many tasks, each followed by the next. */
function demandOf({ looks, stayMs }: MixCost, inFlight: number): number {
  return (inFlight * looks * 1_000) / stayMs
}

/** Below this price the smallest gap decides. */
const cheapest = 1

/** `near`: the prices found last time, from which they can't be far. */
export function pricesOf(mix: Mix, { looksPerTask, looksPerSecond }: Spending, inFlight: number, near: Prices): Prices {
  const least = lowestPrice(cheapest, near.least, (price) => costOfMix(mix, price).looks <= looksPerTask)
  const affordable = (price: number) => demandOf(costOfMix(mix, price), inFlight) <= looksPerSecond
  return { least, shared: lowestPrice(least, near.shared, affordable) }
}

/** The mean lag that nobody should have to bear, in milliseconds, or this share of the mean duration. */
const bearable = { ms: 1_000, share: 0.1 }

/**
 * How many tasks may be under way before the budget of looks makes the mean lag unbearable: beyond, no schedule helps,
 * and whoever comes has to wait for a submit instead.
 */
export function capacityOf(mix: Mix, { looksPerTask, looksPerSecond }: Spending): number {
  const mean = mix.reduce((sum, { durations, share }) => sum + share * meanMs(durations), 0)
  const mostMs = Math.max(bearable.ms, bearable.share * mean)
  const price = lowestPrice(cheapest, mostMs, (at) => {
    const { looks, lagMs } = costOfMix(mix, at)
    // Where fewer looks than that are wanted anyway, the lag is the operator's choice.
    return looks <= looksPerTask && lagMs >= mostMs
  })
  return Math.max(1, Math.floor(looksPerSecond / demandOf(costOfMix(mix, price), 1)))
}
