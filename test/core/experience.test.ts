import { describe, expect, it } from 'vitest'
import { meanMs } from '../../src/core/durations.ts'
import { createExperience, type Experience } from '../../src/core/experience.ts'
import { AppError } from '../../src/core/failure.ts'
import { createManualClock } from '../fakes/clock.ts'
import { createRecordedLog } from '../http/recorded-log.ts'
import { createMemoryDurations } from './inspection.ts'

function setUp(store = createMemoryDurations()) {
  const clock = createManualClock()
  const replica = () => createExperience({ store, clock, log: createRecordedLog() })
  return { clock, store, replica }
}

const see = (experience: Experience, taskClass: string, ms: number, times: number) => {
  for (let seen = 0; seen < times; seen += 1) experience.saw(taskClass, { fromMs: 0, afterMs: ms - 300, byMs: ms })
}
const mean = (experience: Experience, taskClass: string) => meanMs(experience.durations(taskClass)) / 1_000

describe('experience', () => {
  it('is of each class by itself, and the prior for a class that is new', () => {
    const experience = setUp().replica()
    see(experience, 'high', 20_000, 200)
    expect(mean(experience, 'high')).toBeGreaterThan(17)
    expect(mean(experience, 'medium')).toBeCloseTo(mean(setUp().replica(), 'any'))
  })

  it('counts soon in the beginning, later in batches', () => {
    const experience = setUp().replica()
    const before = experience.durations('a')
    see(experience, 'a', 9_000, 1)
    const after = experience.durations('a')
    expect(after).not.toBe(before)
    see(experience, 'a', 9_000, 600)
    let much = experience.durations('a')
    while (experience.durations('a') === much) see(experience, 'a', 9_000, 1)
    much = experience.durations('a')
    see(experience, 'a', 9_000, 10)
    expect(experience.durations('a')).toBe(much)
  })

  it('is there again after a restart', async () => {
    const { replica, store } = setUp()
    const first = replica()
    see(first, 'a', 15_000, 200)
    await first.save()
    const second = replica()
    expect(mean(second, 'a')).toBeLessThan(10)
    await second.load()
    expect(mean(second, 'a')).toBeCloseTo(mean(first, 'a'), 2)
    expect(store.writes).toBe(1)
  })

  it('of two replicas adds up: nobody’s is lost, and both know it', async () => {
    const { replica, store } = setUp()
    const [one, two] = [replica(), replica()]
    see(one, 'a', 12_000, 100)
    see(two, 'a', 6_000, 100)
    await Promise.all([one.save(), two.save()])
    const third = replica()
    await third.load()
    expect(mean(third, 'a')).toBeGreaterThan(7)
    expect(mean(third, 'a')).toBeLessThan(11)
    expect(mean(two, 'a')).toBeCloseTo(mean(third, 'a'), 1)
    // The first learns of the other's with its next own.
    see(one, 'a', 9_000, 1)
    await one.save()
    expect(mean(one, 'a')).toBeCloseTo(mean(third, 'a'), 0)
    expect(store.writes).toBe(3)
  })

  it('seen while it is being kept is neither lost nor counted twice', async () => {
    const { replica, store } = setUp()
    const gate = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const slow = {
      ...store,
      update: async (...args: Parameters<typeof store.update>) => {
        asked.resolve()
        await gate.promise
        return store.update(...args)
      },
    }
    const experience = createExperience({ store: slow, clock: createManualClock(), log: createRecordedLog() })
    see(experience, 'a', 6_000, 100)
    const saving = experience.save()
    await asked.promise
    see(experience, 'a', 12_000, 50)
    gate.resolve()
    await saving
    expect(mean(experience, 'a')).toBeGreaterThan(7)
    await experience.save()
    const other = replica()
    await other.load()
    expect(mean(other, 'a')).toBeCloseTo(mean(experience, 'a'), 2)
    expect(store.writes).toBe(2)
  })

  it('goes on without the store, and is kept when that is back', async () => {
    const store = createMemoryDurations()
    let away = true
    const update: typeof store.update = async (...args) => {
      if (away) throw new AppError('store_unavailable')
      return store.update(...args)
    }
    const all: typeof store.all = async () => {
      if (away) throw new AppError('store_unavailable')
      return store.all()
    }
    const clock = createManualClock()
    const experience = createExperience({ store: { update, all }, clock, log: createRecordedLog() })
    await experience.load()
    see(experience, 'a', 15_000, 25_000)
    await experience.save()
    expect(mean(experience, 'a')).toBeGreaterThan(13)
    away = false
    await experience.save()
    expect(store.writes).toBe(1)
    expect(mean(experience, 'a')).toBeGreaterThan(13)
  })

  it('is passed over where another version kept it, and written anew', async () => {
    const { replica, store } = setUp()
    store.kept.set('a', '{"format":99}')
    const experience = replica()
    await experience.load()
    expect(mean(experience, 'a')).toBeLessThan(10)
    see(experience, 'a', 15_000, 100)
    await experience.save()
    expect(mean(experience, 'a')).toBeGreaterThan(12)
  })
})

describe('keeping it', () => {
  it('takes a write a minute and class at most, none while nothing ends, and soon after many', async () => {
    const { clock, replica, store } = setUp()
    const experience = replica()
    const stopping = new AbortController()
    const keeping = experience.keep(stopping.signal)
    await clock.advance(300_000)
    expect(store.writes).toBe(0)
    for (let second = 0; second < 300; second += 1) {
      see(experience, 'a', 5_000, 1)
      see(experience, 'b', 9_000, 1)
      await clock.advance(1_000)
    }
    expect(store.writes).toBeGreaterThanOrEqual(8)
    expect(store.writes).toBeLessThanOrEqual(12)
    await clock.advance(120_000)
    const before = store.writes
    see(experience, 'a', 5_000, 4_000)
    await clock.advance(10_000)
    expect(store.writes).toBe(before + 1)
    stopping.abort()
    await keeping
    expect(clock.sleepers).toBe(0)
  })
})
