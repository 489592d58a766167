import { describe, expect, it } from 'vitest'
import { durationsFrom, learn, priorHazards } from '../../src/core/hazards.ts'
import { createPace } from '../../src/core/pace.ts'
import { capacityOf, type Mix, pricesOf } from '../../src/core/price.ts'
import { createPricing } from '../../src/core/pricing.ts'
import { costOf } from '../../src/core/schedule.ts'
import { seededRandom } from './random.ts'

/** Learned from tasks between two times. */
function between(fromMs: number, toMs: number) {
  const random = seededRandom(4)
  const sightings = Array.from({ length: 1_500 }, () => {
    const took = fromMs + (toMs - fromMs) * random()
    return { fromMs: 0, afterMs: took - 100, byMs: took + 100 }
  })
  return durationsFrom(learn(priorHazards(), sightings))
}
const usual = between(3_000, 10_000)
const slow = between(40_000, 60_000)
const of = (...all: Mix[number]['durations'][]): Mix => all.map((durations) => ({ durations, share: 1 / all.length }))
const near = { least: 0, shared: 0 }

describe('prices', () => {
  it('spend the looks wanted, on average over all classes', () => {
    for (const looksPerTask of [2.5, 4, 6, 9]) {
      const { least } = pricesOf(of(usual, slow), { looksPerTask, looksPerSecond: 1e9 }, 10, near)
      const looks = (costOf(usual, least).looks + costOf(slow, least).looks) / 2
      expect(looks).toBeCloseTo(looksPerTask, 0)
      // Where a look saves more, there are more.
      expect(costOf(slow, least).looks).toBeGreaterThan(costOf(usual, least).looks)
    }
  })

  it('are the same wherever the search begins', () => {
    const spending = { looksPerTask: 6, looksPerSecond: 20 }
    const cold = pricesOf(of(usual), spending, 60, near)
    for (const factor of [0.9, 1, 1.05, 30]) {
      const warm = pricesOf(of(usual), spending, 60, { least: cold.least * factor, shared: cold.shared * factor })
      expect(warm.least / cold.least).toBeCloseTo(1, 1.7)
      expect(warm.shared / cold.shared).toBeCloseTo(1, 1.7)
    }
  })

  it('rise only when the budget is too small for the looks wanted', () => {
    const spending = { looksPerTask: 6, looksPerSecond: 20 }
    const few = pricesOf(of(usual), spending, 20, near)
    expect(few.shared).toBe(few.least)
    const many = pricesOf(of(usual), spending, 60, near)
    expect(many.least).toBe(few.least)
    expect(many.shared).toBeGreaterThan(2 * many.least)
  })
})

describe('the capacity', () => {
  it('is about 65 tasks at 20 looks a second, and grows with the budget', () => {
    const at = (looksPerSecond: number) => capacityOf(of(usual), { looksPerTask: 6, looksPerSecond })
    expect(at(20)).toBeGreaterThan(58)
    expect(at(20)).toBeLessThan(72)
    expect(at(200) / at(20)).toBeCloseTo(10, 0)
    expect(at(0.1)).toBe(1)
  })

  it('is greater for tasks that take long, and between for both', () => {
    const spending = { looksPerTask: 6, looksPerSecond: 20 }
    const both = capacityOf(of(usual, slow), spending)
    expect(both).toBeGreaterThan(capacityOf(of(usual), spending))
    expect(both).toBeLessThan(capacityOf(of(slow), spending))
  })

  it('is that of the first task, then follows the tasks that come', () => {
    const pricing = createPricing({ durations: (taskClass) => (taskClass === 'slow' ? slow : usual), looksPerTask: 6 })
    expect(pricing.capacity(20, 'slow')).toBe(capacityOf(of(slow), { looksPerTask: 6, looksPerSecond: 20 }))
    pricing.came('usual')
    pricing.settle(0, 1, 20)
    const usually = pricing.capacity(20, 'slow')
    expect(usually).toBe(capacityOf(of(usual), { looksPerTask: 6, looksPerSecond: 20 }))
    for (let task = 0; task < 2_000; task += 1) pricing.came('slow')
    pricing.settle(1_000, 1, 20)
    expect(pricing.capacity(20, 'usual')).toBe(capacityOf(of(slow), { looksPerTask: 6, looksPerSecond: 20 }))
  })
})

describe('pricing', () => {
  it('says when the order of all looks should follow: at a great change, once a second at most', () => {
    const pricing = createPricing({ durations: () => usual, looksPerTask: 6 })
    expect(pricing.settle(0, 60, 20)).toBe(false)
    pricing.came('usual')
    expect(pricing.settle(0, 60, 20)).toBe(true)
    expect(pricing.settle(100, 300, 20)).toBe(false)
    expect(pricing.settle(500, 300, 20)).toBe(false)
    expect(pricing.settle(1_100, 300, 20)).toBe(true)
    expect(pricing.settle(3_000, 301, 20)).toBe(false)
  })
})

describe('the pace', () => {
  /** Requests sent in a time, each as soon as it may be. */
  const sent = (pace: ReturnType<typeof createPace>, from: number, to: number) => {
    let count = 0
    for (let now = from; now < to; now += 1)
      while (pace.freeAt <= now) {
        pace.sent(now)
        count += 1
      }
    return count
  }

  it('is the budget, with next to no burst after a rest', () => {
    const pace = createPace(20)
    expect(sent(pace, 0, 10_000)).toBeLessThanOrEqual(202)
    expect(sent(pace, 600_000, 601_000)).toBeLessThanOrEqual(22)
    pace.budget(100)
    expect(sent(pace, 601_000, 602_000)).toBeCloseTo(100, -1)
  })

  it('slows down where somebody says that it is too much, and finds back', () => {
    const pace = createPace(20)
    // Ten answers of one moment count once.
    for (let answer = 0; answer < 10; answer += 1) pace.tooMany(0)
    expect(sent(pace, 0, 10_000)).toBeLessThan(188)
    expect(sent(pace, 0, 10_000)).toBeLessThanOrEqual(200)
    for (let second = 10; second < 30; second += 1) pace.tooMany(second * 1_000)
    expect(sent(pace, 30_000, 40_000)).toBeLessThan(60)
    expect(sent(pace, 600_000, 610_000)).toBeGreaterThan(195)
  })
})
