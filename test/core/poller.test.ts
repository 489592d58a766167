import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createExperience } from '../../src/core/experience.ts'
import { AppError } from '../../src/core/failure.ts'
import { durationsFrom, priorHazards, type Sighting } from '../../src/core/hazards.ts'
import { createPoller, type PollerOptions } from '../../src/core/poller.ts'
import type { ImageApi, TaskStatus } from '../../src/core/ports.ts'
import type { WatchEnd } from '../../src/core/watched.ts'
import { createManualClock } from '../fakes/clock.ts'
import { createRecordedLog } from '../http/recorded-log.ts'
import { createMemoryDurations, rttMs } from './inspection.ts'
import { createRecordedMeter } from './meter.ts'
import { seededRandom } from './random.ts'

const url = 'https://images.test/1.png'
const done: TaskStatus = { state: 'completed', urls: [url] }
const working: TaskStatus = { state: 'working' }
const prior = durationsFrom(priorHazards())

function setUp(
  look: (taskId: string, nth: number) => TaskStatus | Promise<TaskStatus>,
  change: Partial<PollerOptions> = {},
) {
  const clock = createManualClock()
  const start = clock.now()
  const looks: { readonly taskId: string; readonly at: number }[] = []
  const api: Pick<ImageApi, 'look'> = {
    look: async (taskId, signal) => {
      looks.push({ taskId, at: clock.now() - start })
      signal.throwIfAborted()
      return look(taskId, looks.length)
    },
  }
  const meter = createRecordedMeter()
  const sightings: Sighting[] = []
  const experience = {
    durations: () => prior,
    saw: (_taskClass: string, { fromMs, afterMs, byMs }: Sighting) =>
      sightings.push({
        fromMs: Math.round(fromMs),
        afterMs: Math.round(afterMs),
        byMs: byMs === null ? null : Math.round(byMs),
      }),
  }
  const poller = createPoller({
    ...{ api, clock, meter, random: () => 0, log: createRecordedLog(), experience },
    ...{ looksPerTask: 6, looksPerSecond: 1_000 },
    ...change,
  })
  const stopping = new AbortController()
  const watch = (taskId = 't1', submittedAt = clock.now(), timeoutMs = 900_000, { signal } = stopping) =>
    poller.watch(
      {
        ...{ key: taskId, taskId, taskClass: 'c', submittedAt },
        ...{ lateAt: submittedAt + timeoutMs, deadlineAt: submittedAt + timeoutMs, onLate: () => undefined },
      },
      signal,
    )
  const ended = async (watching: Promise<WatchEnd>) => {
    let end: WatchEnd | 'watching' = 'watching'
    void watching.then((value) => {
      end = value
    })
    await clock.settle()
    return end
  }
  return { clock, looks, meter, poller, sightings, stopping, watch, ended }
}

describe('a watched task', () => {
  it('is found soon after it has ended', async () => {
    const { clock, looks, poller, stopping, watch, meter } = setUp(() => (clock.monotonic() >= 6_000 ? done : working))
    const watching = watch()
    expect(poller.size).toBe(1)
    await clock.advance(8_000)
    await expect(watching).resolves.toEqual(done)
    expect(looks.length).toBeLessThan(9)
    expect(looks.at(0)?.at).toBeGreaterThan(2_000)
    expect(poller.size).toBe(0)
    expect(clock.sleepers).toBe(0)
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
    expect(meter.counted('status_queries')).toMatchObject({ completed: 1, working: looks.length - 1 })
    expect(meter.times('detection_lag')).toHaveLength(1)
  })

  it('tells its failure', async () => {
    const failed: TaskStatus = { state: 'failed', failure: { code: 'content_rejected' } }
    const { clock, watch } = setUp(() => failed)
    const watching = watch()
    await clock.advance(10_000)
    await expect(watching).resolves.toEqual(failed)
  })

  it('is looked at once when it was taken over late, and then by the rule', async () => {
    const { clock, looks, watch } = setUp(() => (clock.monotonic() >= 10_000 ? done : working))
    const watching = watch('t1', clock.now() - 60_000)
    await clock.settle()
    expect(looks).toEqual([{ taskId: 't1', at: 0 }])
    await clock.advance(30_000)
    await expect(watching).resolves.toEqual(done)
  })

  it('is looked at three times a second at most', async () => {
    const { clock, looks, poller, watch, stopping } = setUp(() => working, { looksPerTask: 1_000 })
    const watching = watch()
    for (let i = 0; i < 200; i += 1) {
      poller.nudge('t1')
      await clock.advance(50)
    }
    for (const [i, { at }] of looks.entries())
      if (i > 0) expect(at - (looks[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(333.9)
    expect(looks.length).toBeGreaterThan(25)
    stopping.abort()
    await expect(watching).rejects.toThrow()
  })

  it('times out at its deadline, after one last look', async () => {
    const { clock, looks, watch } = setUp(() => working)
    const watching = watch('t1', clock.now(), 60_000)
    await clock.advance(59_999)
    expect(looks.at(-1)?.at).toBeLessThan(60_000)
    await clock.advance(1)
    await expect(watching).resolves.toEqual({ state: 'failed', failure: { code: 'timed_out' } })
    expect(looks.at(-1)?.at).toBe(60_000)
    expect(clock.sleepers).toBe(0)
  })

  it('is delivered when the last look finds it', async () => {
    const { clock, watch } = setUp(() => (clock.monotonic() >= 60_000 ? done : working))
    const watching = watch('t1', clock.now(), 60_000)
    await clock.advance(60_000)
    await expect(watching).resolves.toEqual(done)
  })

  it('is looked at once more when its deadline passed while nobody was there', async () => {
    const { clock, watch } = setUp(() => done)
    const watching = watch('t1', clock.now() - 10 * 3_600_000)
    await clock.settle()
    await expect(watching).resolves.toEqual(done)
  })

  it('does not mind a wall clock that is set back or ahead', async () => {
    const { clock, looks, watch } = setUp(() => (clock.monotonic() >= 20_000 ? done : working))
    const watching = watch()
    await clock.advance(5_000)
    const before = looks.length
    clock.setWall(clock.now() - 3_600_000)
    await clock.advance(5_000)
    expect(looks.length).toBeGreaterThan(before)
    clock.setWall(clock.now() + 24 * 3_600_000)
    await clock.advance(12_000)
    await expect(watching).resolves.toEqual(done)
  })

  it('is timed from now where the database’s clock is ahead of ours', async () => {
    const { clock, looks, watch } = setUp(() => done)
    const watching = watch('t1', clock.now() + 120_000)
    await clock.advance(10_000)
    await expect(watching).resolves.toEqual(done)
    expect(looks).toHaveLength(1)
  })
})

describe('a look that tells nothing', () => {
  it('is repeated later, and forgotten when the next one tells something', async () => {
    const { clock, looks, watch } = setUp((_task, nth) => {
      if (nth <= 3) throw new AppError('upstream_unavailable')
      return clock.monotonic() >= 20_000 ? done : working
    })
    const watching = watch()
    await clock.advance(30_000)
    await expect(watching).resolves.toEqual(done)
    const gaps = looks.slice(1, 4).map(({ at }, i) => at - (looks[i]?.at ?? 0))
    expect(gaps).toEqual([1_000, 2_000, 4_000])
  })

  it('waits as long as the API asks', async () => {
    const { clock, looks, poller, watch } = setUp((_task, nth) => {
      if (nth === 1) throw new AppError('rate_limited', { retryAfterMs: 12_345 })
      return done
    })
    const watching = watch()
    await clock.advance(5_000)
    expect(looks).toHaveLength(1)
    // Nor does a hint shorten that.
    poller.nudge('t1')
    await clock.advance(5_000)
    expect(looks).toHaveLength(1)
    await clock.advance(10_000)
    await expect(watching).resolves.toEqual(done)
    expect((looks[1]?.at ?? 0) - (looks[0]?.at ?? 0)).toBe(12_345)
  })

  it('does not wait beyond the deadline, whatever the API asks', async () => {
    const { clock, looks, poller, watch } = setUp(() => {
      throw new AppError('rate_limited', { retryAfterMs: 3_600_000 })
    })
    const watching = watch('t1', clock.now(), 60_000)
    await clock.advance(10_000)
    poller.nudge('t1')
    await clock.advance(50_000)
    await expect(watching).resolves.toEqual({ state: 'failed', failure: { code: 'timed_out' } })
    expect(looks).toHaveLength(2)
  })

  it('goes on to the deadline, whatever it is', async () => {
    const { clock, watch, meter } = setUp(() => {
      throw new TypeError('a bug')
    })
    const watching = watch('t1', clock.now(), 120_000)
    await clock.advance(120_000)
    await expect(watching).resolves.toEqual({ state: 'failed', failure: { code: 'timed_out' } })
    expect(meter.counted('status_queries').internal).toBeGreaterThan(5)
  })

  it('may be four times that the task is unknown, then it counts', async () => {
    const { clock, looks, watch } = setUp(() => {
      throw new AppError('task_unknown')
    })
    const watching = watch()
    await clock.advance(60_000)
    await expect(watching).resolves.toEqual({ state: 'failed', failure: { code: 'task_unknown' } })
    expect(looks).toHaveLength(4)
  })

  it('may be that a task is unknown at first', async () => {
    const { clock, watch } = setUp((_task, nth) => {
      if (nth <= 3 || (nth > 4 && nth <= 7)) throw new AppError('task_unknown')
      return nth === 4 ? working : done
    })
    const watching = watch()
    await clock.advance(60_000)
    await expect(watching).resolves.toEqual(done)
  })
})

describe('a nudge', () => {
  it('makes a task due now', async () => {
    const { clock, looks, poller, watch } = setUp(() => done)
    const watching = watch()
    await clock.advance(500)
    poller.nudge('t1')
    await clock.settle()
    await expect(watching).resolves.toEqual(done)
    expect(looks).toEqual([{ taskId: 't1', at: 500 }])
  })

  it('during a look is not lost: its answer may be older than the hint', async () => {
    const answers = [Promise.withResolvers<TaskStatus>()]
    const { clock, looks, poller, watch } = setUp((_task, nth) => answers[nth - 1]?.promise ?? done)
    const watching = watch('t1', clock.now() - 60_000)
    await clock.settle()
    expect(looks).toHaveLength(1)
    poller.nudge('t1')
    answers[0]?.resolve(working)
    await clock.advance(334)
    await expect(watching).resolves.toEqual(done)
    expect(looks).toHaveLength(2)
  })

  it('for nobody does nothing', async () => {
    const { clock, poller } = setUp(() => done)
    poller.nudge('t9')
    await clock.advance(1_000)
    expect(clock.sleepers).toBe(0)
  })
})

describe('a late task', () => {
  const lateMs = 60_000

  function setUpLate(look: Parameters<typeof setUp>[0]) {
    const set = setUp(look)
    const late: number[] = []
    const submittedAt = set.clock.now()
    const watching = set.poller.watch(
      {
        ...{ key: 't1', taskId: 't1', taskClass: 'c', submittedAt, lateAt: submittedAt + lateMs },
        ...{ deadlineAt: submittedAt + 86_400_000, onLate: () => late.push(set.clock.monotonic()) },
      },
      set.stopping.signal,
    )
    return { ...set, late, watching }
  }

  it('is told once, in time, and watched on ever more rarely to its deadline', async () => {
    const { clock, late, looks, watching } = setUpLate(() => working)
    await clock.advance(lateMs - 1)
    expect(late).toEqual([])
    await clock.advance(1)
    expect(late).toEqual([lateMs])
    const before = looks.length
    await clock.advance(86_400_000 - lateMs - 1)
    expect(looks.length - before).toBeLessThan(400)
    const gaps = looks.slice(before + 1).map(({ at }, i) => at - (looks[before + i]?.at ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThan(5_000)
    await clock.advance(1)
    await expect(watching).resolves.toEqual({ state: 'failed', failure: { code: 'timed_out' } })
    expect(late).toEqual([lateMs])
  })

  it('is found although it is late', async () => {
    const { clock, watching } = setUpLate(() => (clock.monotonic() >= 3_600_000 ? done : working))
    await clock.advance(3_600_000 + 300_000)
    await expect(watching).resolves.toEqual(done)
  })

  it('is looked at soon after a hint, also one that came during a look', async () => {
    let answer = Promise.withResolvers<TaskStatus>()
    answer.resolve(working)
    const { clock, looks, poller, watching } = setUpLate(() => answer.promise)
    await clock.advance(3_600_000)
    answer = Promise.withResolvers<TaskStatus>()
    const before = looks.length
    poller.nudge('t1')
    await clock.settle()
    expect(looks.length).toBe(before + 1)
    poller.nudge('t1')
    answer.resolve(working)
    await clock.settle()
    answer = Promise.withResolvers<TaskStatus>()
    answer.resolve(done)
    await clock.advance(1_000)
    await expect(watching).resolves.toEqual(done)
  })

  it('is left alone for as long as the API asks', async () => {
    const { clock, looks, stopping, watching } = setUpLate(() => {
      if (clock.monotonic() > 3_600_000) throw new AppError('rate_limited', { retryAfterMs: 1_800_000 })
      return working
    })
    await clock.advance(3_600_000 + 300_000)
    const before = looks.length
    await clock.advance(1_400_000)
    expect(looks.length).toBe(before)
    stopping.abort(new Error('stopping'))
    await expect(watching).rejects.toThrow('stopping')
  })
})

describe('an abort', () => {
  it('rejects with its reason and leaves nothing', async () => {
    const { clock, looks, poller, stopping, watch } = setUp(() => working)
    const watching = [watch('t1'), watch('t2')]
    await clock.advance(3_000)
    const reason = new Error('stopping')
    stopping.abort(reason)
    for (const one of watching) await expect(one).rejects.toBe(reason)
    await expect(watch('t3')).rejects.toBe(reason)
    await clock.settle()
    expect(poller.size).toBe(0)
    expect(clock.sleepers).toBe(0)
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
    const before = looks.length
    await clock.advance(60_000)
    expect(looks).toHaveLength(before)
  })

  it('during a look drops its answer', async () => {
    const answer = Promise.withResolvers<TaskStatus>()
    const { clock, poller, stopping, watch, meter } = setUp(() => answer.promise)
    const watching = watch('t1', clock.now() - 60_000)
    await clock.settle()
    stopping.abort(new Error('stopping'))
    await expect(watching).rejects.toThrow('stopping')
    answer.resolve(done)
    await clock.settle()
    expect(poller.size).toBe(0)
    expect(meter.counted('status_queries')).toEqual({})
  })

  it('of one watch leaves another of the same task', async () => {
    const { clock, poller, watch } = setUp(() => (clock.monotonic() >= 5_000 ? done : working))
    const first = new AbortController()
    const lost = watch('t1', clock.now(), 900_000, first)
    const kept = watch('t1')
    first.abort(new Error('lost'))
    await expect(lost).rejects.toThrow('lost')
    expect(poller.size).toBe(1)
    poller.nudge('t1')
    await clock.advance(10_000)
    await expect(kept).resolves.toEqual(done)
  })
})

describe('the budget', () => {
  it('is kept by any number of tasks, and used', async () => {
    const { clock, looks, stopping, watch } = setUp(() => working, { looksPerSecond: 20 })
    const watching = Array.from({ length: 300 }, (_, i) => watch(`t${i}`, clock.now() - 10_000))
    await clock.advance(30_000)
    for (let from = 0; from < 29_000; from += 250) {
      const within = looks.filter(({ at }) => at >= from && at < from + 1_000).length
      // A fifth of a second's worth may come at once.
      expect(within).toBeLessThanOrEqual(25)
      expect(within).toBeGreaterThanOrEqual(19)
    }
    stopping.abort()
    await Promise.allSettled(watching)
  })

  it('starves nobody', async () => {
    const { clock, looks, stopping, watch } = setUp(() => working, { looksPerSecond: 20 })
    const watching = Array.from({ length: 100 }, (_, i) => watch(`t${i}`, clock.now() - 10_000))
    await clock.advance(60_000)
    const seen = Map.groupBy(looks, ({ taskId }) => taskId)
    expect(seen.size).toBe(100)
    const counts = [...seen.values()].map((all) => all.length)
    expect(Math.max(...counts)).toBeLessThanOrEqual(2 * Math.min(...counts))
    stopping.abort()
    await Promise.allSettled(watching)
  })

  it('is not saved up while nothing is due', async () => {
    const { clock, looks, stopping, watch } = setUp(() => working, { looksPerSecond: 10 })
    await clock.advance(600_000)
    const watching = Array.from({ length: 50 }, (_, i) => watch(`t${i}`, clock.now() - 10_000))
    await clock.settle()
    expect(looks.length).toBeLessThanOrEqual(3)
    stopping.abort()
    await Promise.allSettled(watching)
  })

  it('lets ten thousand tasks through, all of them and within their time', async () => {
    const random = seededRandom(5)
    const doneAt = new Map<string, number>()
    const { clock, looks, watch, poller, meter } = setUp(
      (task) => (clock.monotonic() >= (doneAt.get(task) ?? 0) ? done : working),
      {
        looksPerSecond: 5_000,
      },
    )
    const watching: Promise<WatchEnd>[] = []
    for (let i = 0; i < 10_000; i += 1) {
      doneAt.set(`t${i}`, 3_000 + random() * 7_000)
      watching.push(watch(`t${i}`))
    }
    // In steps: each look would otherwise be a turn of the event loop of its own.
    for (let ms = 0; ms < 30_000; ms += 500) await clock.advance(500)
    expect(poller.size).toBe(0)
    const ends = await Promise.all(watching)
    expect(ends.every((end) => end.state === 'completed')).toBe(true)
    expect(looks.length).toBeLessThan(70_000)
    const lags = meter.times('detection_lag')
    expect(lags).toHaveLength(10_000)
    expect(clock.sleepers).toBe(0)
  })
})

describe('what remains', () => {
  it('comes from the class’s durations', () => {
    const { poller } = setUp(() => working)
    expect(poller.remaining('c', [0])).toBeGreaterThan(5_000)
    expect(poller.remaining('c', [0, 0])).toBeGreaterThan(poller.remaining('c', [0]) ?? 0)
    expect(poller.remaining('c', [59_000])).toBeNull()
  })
})

describe('what a task teaches', () => {
  it('is, look by look, that it is under way, and between which looks it completed', async () => {
    const { clock, looks, sightings, watch } = setUp(() => (clock.monotonic() >= 6_000 ? done : working))
    const watching = watch()
    await clock.advance(8_000)
    await watching
    const at = looks.map((look) => Math.round(look.at))
    expect(at.length).toBeGreaterThan(2)
    const last = at.at(-2)
    expect(sightings).toEqual([
      ...at.slice(0, -1).map((afterMs, nth) => ({ fromMs: at[nth - 1] ?? 0, afterMs, byMs: null })),
      { fromMs: last, afterMs: last, byMs: at.at(-1) },
    ])
  })

  // Pitfall (d) of the design's performance page.
  it('is nothing from looks that told nothing', async () => {
    const { clock, looks, sightings, watch } = setUp((_task, nth) => {
      if (nth === 2) throw new AppError('rate_limited', { retryAfterMs: 2_000 })
      if (nth === 3) throw new AppError('upstream_unavailable')
      return nth === 1 ? working : done
    })
    const watching = watch()
    await clock.advance(20_000)
    await watching
    const at = looks.map((look) => Math.round(look.at))
    expect(at).toHaveLength(4)
    expect(sightings).toEqual([
      { fromMs: 0, afterMs: at[0], byMs: null },
      { fromMs: at[0], afterMs: at[0], byMs: at[3] },
    ])
  })

  it('is when its callback came', async () => {
    const { clock, poller, sightings, watch, meter } = setUp(() => done)
    const watching = watch()
    await clock.advance(2_000)
    poller.nudge('t1')
    await clock.settle()
    await watching
    expect(sightings).toEqual([{ fromMs: 0, afterMs: 1_500, byMs: 2_000 }])
    expect(meter.times('detection_lag')).toEqual([0])
  })

  it('is nothing from its failure', async () => {
    const failed: TaskStatus = { state: 'failed', failure: { code: 'content_rejected' } }
    const { clock, looks, sightings, watch } = setUp((_task, nth) => (nth === 1 ? working : failed))
    const watching = [watch(), watch('t2')]
    await clock.advance(20_000)
    await Promise.all(watching)
    expect(sightings).toEqual([{ fromMs: 0, afterMs: Math.round(looks[0]?.at ?? 0), byMs: null }])
  })

  it('is nothing where it was taken over after its time: nobody knows since when it is done', async () => {
    const { clock, sightings, watch } = setUp((task) => (task === 't1' || clock.monotonic() > 0 ? done : working))
    const watching = [watch('t1', clock.now() - 60_000), watch('t2', clock.now() - 60_000)]
    await clock.advance(30_000)
    await Promise.all(watching)
    expect(sightings).toHaveLength(1)
    expect(sightings[0]?.afterMs).toBeCloseTo(60_000)
  })
})

// Pitfall (e): spreading the looks by chance gains nothing and costs lag.
it('chance has no part in when to look', async () => {
  const runs = [0, 0.5, 0.999].map(async (chance) => {
    const { clock, looks, watch } = setUp(() => (clock.monotonic() >= 9_000 ? done : working), { random: () => chance })
    const watching = watch()
    await clock.advance(12_000)
    await watching
    return looks
  })
  const [first, ...others] = await Promise.all(runs)
  for (const other of others) expect(other).toEqual(first)
})

/** So many tasks under way all the time, uniform 3 to 10 s, or only once; looks take a round trip. In seconds. */
async function crowd({
  inFlight,
  once = false,
  perSecond = 20,
}: {
  inFlight: number
  once?: boolean
  perSecond?: number
}) {
  const random = seededRandom(7)
  const forever = new AbortController().signal
  const doneAt = new Map<string, number>()
  const lags: number[] = []
  let looks = 0
  const clock = createManualClock()
  const api: Pick<ImageApi, 'look'> = {
    look: async (taskId, signal) => {
      looks += 1
      await clock.sleep(rttMs / 2, signal)
      const status = clock.monotonic() >= (doneAt.get(taskId) ?? 0) ? done : working
      await clock.sleep(rttMs / 2, signal)
      return status
    },
  }
  const log = createRecordedLog()
  const experience = createExperience({ store: createMemoryDurations(), clock, log })
  const poller = createPoller({
    ...{ api, clock, meter: createRecordedMeter(), random: () => 0, log, experience },
    ...{ looksPerTask: 6, looksPerSecond: perSecond },
  })
  const start = async (): Promise<void> => {
    const taskId = `t${doneAt.size}`
    const at = clock.monotonic() + 3_000 + random() * 7_000
    doneAt.set(taskId, at)
    const far = clock.now() + 1e9
    const task = { key: taskId, taskId, taskClass: 'c', submittedAt: clock.now() }
    await poller.watch({ ...task, lateAt: far, deadlineAt: far, onLate: () => undefined }, forever)
    lags.push((clock.monotonic() - at) / 1_000)
    if (!once) await start()
  }
  for (let task = 0; task < inFlight; task += 1) {
    void start()
    await clock.advance((once ? 2_000 : 7_000) / inFlight)
  }
  await clock.advance(60_000)
  const from = once ? 0 : lags.length
  const before = once ? 0 : looks
  await clock.advance(once ? 0 : 40_000)
  const counted = lags.slice(from)
  return {
    lag: counted.reduce((sum, lag) => sum + lag, 0) / counted.length,
    worst: Math.max(...counted),
    ended: counted.length,
    looks: looks - before,
    capacity: poller.capacity('c'),
  }
}

// Section 2 of the design's performance page, "shared budget": 20 looks a second, uniform 3 to 10 s.
describe('a budget that is too small for all', () => {
  it.each([
    // In flight, lag of the best index known, lag of a common client behind a limiter.
    [30, 0.46, 0.86],
    [60, 0.88, 1.71],
    [100, 1.58, 2.27],
  ])('goes where ends are likeliest: %d tasks, %d s instead of %d s', async (inFlight, best, common) => {
    const { lag, worst, looks } = await crowd({ inFlight })
    expect(lag).toBeLessThan(best * 1.12)
    expect(lag).toBeLessThan(common * 0.75)
    // Nobody starves.
    expect(worst).toBeLessThan(common * 4)
    expect(looks).toBeLessThanOrEqual(20 * 40 + 2)
  })

  it('is all used while anybody could have ended', async () => {
    const { looks, lag } = await crowd({ inFlight: 300 })
    expect(looks).toBeGreaterThan(20 * 40 - 5)
    // No schedule can do better than 300 / 20 s - 6.5 s.
    expect(lag).toBeLessThan(9)
  })

  it('loses nobody of a burst', async () => {
    const { ended, lag } = await crowd({ inFlight: 60, once: true })
    expect(ended).toBe(60)
    expect(lag).toBeLessThan(1.3)
  })

  it('does not rest while a burst could have ended, whatever the price', async () => {
    const { ended, lag } = await crowd({ inFlight: 300, once: true })
    expect(ended).toBe(300)
    expect(lag).toBeLessThan(8)
  })

  // Learned from ends alone, the first of a burst would make all tasks seem short, and the others late.
  it('spends what it should on a burst, although the short ones end first', async () => {
    const { looks, lag } = await crowd({ inFlight: 500, once: true, perSecond: 10_000 })
    expect(looks / 500).toBeLessThan(6.2)
    expect(looks / 500).toBeGreaterThan(4.8)
    expect(lag).toBeLessThan(0.5)
  })

  it('is enough for about 65 tasks: beyond, a mean lag of a second can’t be had', async () => {
    const { capacity, lag } = await crowd({ inFlight: 65 })
    expect(capacity).toBeGreaterThan(55)
    expect(capacity).toBeLessThan(75)
    expect(lag).toBeLessThan(1.15)
  })
})
