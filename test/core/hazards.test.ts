import { describe, expect, it } from 'vitest'
import { binCount, meanMs, remaining, survival } from '../../src/core/durations.ts'
import {
  decode,
  durationsFrom,
  encode,
  type Hazards,
  learn,
  priorHazards,
  type Sighting,
} from '../../src/core/hazards.ts'
import { seededRandom } from './random.ts'

const times = (count: number, make: (at: number) => Sighting) => Array.from({ length: count }, (_, at) => make(at))
/** Seen to end between two looks. */
const between = (afterMs: number, byMs: number): Sighting => ({ fromMs: 0, afterMs, byMs })
const median = (hazards: Hazards) => {
  const durations = durationsFrom(hazards)
  let ms = 0
  while (survival(durations, ms) > 0.5) ms += 10
  return ms
}

describe('what is learned', () => {
  it('is what was seen, once enough was', () => {
    const random = seededRandom(1)
    const hazards = learn(
      priorHazards(),
      times(600, () => {
        const took = 20_000 + 4_000 * random()
        return between(took - 300 * random(), took + 300 * random())
      }),
    )
    const durations = durationsFrom(hazards)
    expect(survival(durations, 19_500)).toBeGreaterThan(0.95)
    expect(survival(durations, 22_000)).toBeCloseTo(0.5, 1)
    expect(survival(durations, 25_000)).toBeLessThan(0.02)
    expect(meanMs(durations)).toBeCloseTo(22_000, -3)
    expect(remaining(durations, [21_000])).toBeCloseTo(1_500, -3)
  })

  it('leaves what it was made of as it was', () => {
    const before = priorHazards()
    learn(
      before,
      times(50, () => between(20_000, 21_000)),
    )
    expect(before).toEqual(priorHazards())
  })

  it('follows the prior until something was seen, and forgets it soon', () => {
    const first = median(priorHazards())
    const after = [5, 20, 60].map((count) =>
      median(
        learn(
          priorHazards(),
          times(count, () => between(14_000, 14_500)),
        ),
      ),
    )
    expect(first).toBeLessThan(7_500)
    expect(after[0]).toBeGreaterThan(first)
    expect(after.at(-1)).toBeGreaterThan(14_000)
  })

  it('knows between wide looks where the ends are, for the looks are not always the same', () => {
    const random = seededRandom(2)
    const hazards = learn(
      priorHazards(),
      times(1_500, () => {
        const took = 7_000 + 200 * random()
        const edge = 3_000 * random()
        return took < 5_500 + edge ? between(0, 5_500 + edge) : between(5_500 + edge, 10_000 + edge)
      }),
    )
    expect(median(hazards)).toBeGreaterThan(6_500)
    expect(median(hazards)).toBeLessThan(7_600)
  })

  it('is the same whether told look by look or all at once', () => {
    const parts = [
      { fromMs: 0, afterMs: 4_000, byMs: null },
      { fromMs: 4_000, afterMs: 6_030, byMs: null },
      { fromMs: 6_030, afterMs: 6_030, byMs: 6_700 },
    ]
    expect(learn(priorHazards(), parts)).toEqual(learn(priorHazards(), [between(6_030, 6_700)]))
  })

  it('takes a task of which no more is known for one that took at least so long', () => {
    const known = learn(
      priorHazards(),
      times(200, () => between(4_900, 5_100)),
    )
    const more = learn(
      known,
      times(40, () => ({ fromMs: 0, afterMs: 9_000, byMs: null })),
    )
    expect(survival(durationsFrom(known), 6_000)).toBeLessThan(0.05)
    expect(survival(durationsFrom(more), 6_000)).toBeGreaterThan(0.15)
  })

  // Pitfall (c): forgetting with each completion, thousands of short tasks would wipe out what the long ones taught.
  it('forgets by bin: rare long tasks are remembered through thousands of short ones', () => {
    const random = seededRandom(3)
    let hazards = priorHazards()
    let worst = 0
    for (let round = 0; round < 120; round += 1) {
      const took = 30_000 + 30_000 * random()
      hazards = learn(hazards, [between(took - 500, took), ...times(100, () => between(4_900, 5_000))])
      const left = remaining(
        durationsFrom(
          learn(
            hazards,
            times(40, () => ({ fromMs: 0, afterMs: 30_000, byMs: null })),
          ),
        ),
        [30_000],
      )
      if (round >= 80) worst = Math.max(worst, Math.abs((left ?? 0) - 15_000))
    }
    expect(survival(durationsFrom(hazards), 6_000)).toBeLessThan(0.1)
    expect(worst).toBeLessThan(4_000)
  })

  it('bears what can’t be', () => {
    const sightings = [
      between(5_000, 5_000),
      between(5_000, 4_000),
      between(1e9, 2e9),
      between(0, 1e12),
      between(-5, 0),
    ]
    const { reached, ended } = learn(priorHazards(), [...sightings, { fromMs: 2e9, afterMs: 1e9, byMs: null }])
    for (let bin = 0; bin < binCount; bin += 1) {
      expect(reached[bin]).toBeGreaterThan(0)
      expect(ended[bin]).toBeGreaterThanOrEqual(0)
    }
    expect(survival(durationsFrom({ reached, ended }), 6_000)).toBeGreaterThan(0)
  })
})

describe('what is kept', () => {
  it('is read as it was written', () => {
    const hazards = learn(
      priorHazards(),
      times(77, (at) => between(4_000 + at * 10, 4_400 + at * 10)),
    )
    const read = decode(encode(hazards))
    expect(encode(read ?? priorHazards())).toBe(encode(hazards))
    expect(median(read ?? priorHazards())).toBeCloseTo(median(hazards), -2)
    expect(encode(hazards).length).toBeLessThan(8_000)
  })

  it.each([
    ['nothing', ''],
    ['half a text', '{'],
    ['another format', '{"format":2}'],
    ['another number of bins', encode(priorHazards()).replace('10,', '')],
    ['what can’t be', encode(priorHazards()).replace('10,', '-1,')],
    ['no number', encode(priorHazards()).replace('10,', 'null,')],
  ])('is passed over where it can’t be read: %s', (_what, text) => {
    expect(decode(text)).toBeNull()
  })
})
