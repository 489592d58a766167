import { backoffMs } from './backoff.ts'
import { remaining } from './durations.ts'
import type { Experience } from './experience.ts'
import { AppError } from './failure.ts'
import { createHeap } from './heap.ts'
import { createPace } from './pace.ts'
import type { Clock, ImageApi, Log, Meter, Random } from './ports.ts'
import { createPricing } from './pricing.ts'
import { minLookGapMs, nextLook } from './schedule.ts'
import type { TaskClass, Watch, WatchEnd, Watched } from './watched.ts'
import { createWatch, endOf, inTime, lateLookAt, sightingOf } from './watched.ts'

/** Looks at all tasks of this process, each at the right time, within one budget of requests. Writes nothing. */
export interface Poller {
  /** Resolves when the task has ended; rejects with the signal's reason when that aborts. */
  watch(watched: Watched, signal: AbortSignal): Promise<WatchEnd>
  /** Makes a task due now: something hinted that it has ended. */
  nudge(key: string): void
  /** Status queries a second that are this process's share. */
  budget(looksPerSecond: number): void
  /** How many tasks are watched. */
  readonly size: number
  /** How many tasks all replicas together may have under way before looks come too late; one more is of this class. */
  capacity(taskClass: TaskClass): number
  /**
   * The mean time until the last of some tasks of a class ends that have run `elapsedMs`; null when one is slower than
   * usual.
   */
  remaining(taskClass: TaskClass, elapsedMs: readonly number[]): number | null
}

export interface PollerOptions {
  readonly api: Pick<ImageApi, 'look'>
  readonly clock: Clock
  readonly random: Random
  readonly meter: Meter
  readonly log: Log
  readonly experience: Pick<Experience, 'durations' | 'saw'>
  readonly looksPerTask: number
  /** Status queries a second, over all tasks of all replicas. */
  readonly looksPerSecond: number
}

/** A 404 may be a replica of the API that has not heard of the task yet; after this many it counts. */
const unknownLooks = 4
const blindBackoff = { firstMs: 1_000, mostMs: 30_000 }
/** Looks due within so many milliseconds are sent together: waking up costs more than looking does. */
const gatherMs = 8

interface Item {
  readonly watch: Watch
  /** As it was when it was queued: another one since makes this copy stale. */
  readonly rank: number
}

export function createPoller(options: PollerOptions): Poller {
  const { api, clock, meter, log, experience } = options
  const watches = new Map<string, Watch>()
  const pricing = createPricing({ durations: experience.durations, looksPerTask: options.looksPerTask })
  const pace = createPace(options.looksPerSecond)
  let heap = createHeap<Item>((item) => item.rank)
  let late = 0
  let wake: AbortController | null = null

  /** Prices move with what is learned and with the number of tasks; the order of the looks follows. */
  function settlePrices(now: number): void {
    if (!pricing.settle(now, watches.size - late, pace.perSecond)) return
    heap = createHeap((item) => item.rank)
    for (const watch of watches.values()) {
      if (watch.looking) continue
      // What has another reason than the prices stays as it is.
      if (!watch.late && watch.blind === 0 && watch.calledAt === null) plan(watch)
      heap.push({ watch, rank: watch.rank })
    }
    wake?.abort()
  }

  /** When to look next by the prices, after a look that found it under way or before the first. */
  function plan(watch: Watch): void {
    const durations = experience.durations(watch.watched.taskClass)
    const age = Math.max(0, watch.lastLookAt - watch.submittedAt)
    const { least, shared } = pricing.prices
    watch.readyAt = inTime(watch, watch.submittedAt + nextLook(durations, age, least))
    watch.rank = shared > least ? inTime(watch, watch.submittedAt + nextLook(durations, age, shared)) : watch.readyAt
  }

  const queue = (watch: Watch) => {
    heap.push({ watch, rank: watch.rank })
    if (wake === null) void pump()
    else if (heap.peek()?.watch === watch) wake.abort()
  }

  const queueAt = (watch: Watch, at: number) => {
    watch.readyAt = at
    watch.rank = at
    queue(watch)
  }

  const isStale = ({ watch, rank }: Item) => watch.over || watch.looking || rank !== watch.rank

  /** Runs while anything is due some time; one wait at a time, cut short by anything that becomes due earlier. */
  async function pump(): Promise<void> {
    wake = new AbortController()
    for (;;) {
      settlePrices(clock.monotonic())
      const next = heap.peek()
      if (next === undefined) break
      if (isStale(next)) {
        heap.pop()
        continue
      }
      const now = clock.monotonic()
      const at = Math.max(next.watch.readyAt, pace.freeAt)
      if (at > now) {
        await pause(Math.max(gatherMs, at - now))
        continue
      }
      heap.pop()
      pace.sent(now)
      void look(next.watch)
    }
    wake = null
  }

  async function pause(ms: number): Promise<void> {
    const waiting = new AbortController()
    wake = waiting
    // Cut short on purpose by `queue`; nothing else aborts it.
    await clock.sleep(ms, waiting.signal).catch(() => undefined)
  }

  async function look(watch: Watch): Promise<void> {
    watch.looking = true
    watch.nudged = false
    const askedAt = clock.monotonic()
    try {
      const status = await api.look(watch.watched.taskId, watch.signal)
      if (watch.over) return
      meter.count('status_queries', { answer: status.state })
      const sighting = sightingOf(watch, askedAt, status.state)
      if (sighting !== null) experience.saw(watch.watched.taskClass, sighting)
      if (status.state !== 'working') {
        meter.time('detection_lag', clock.monotonic() - endOf(watch, askedAt))
        watch.settle(status)
        return
      }
      watch.blind = 0
      watch.unknown = 0
      watch.lastLookAt = askedAt
      again(watch, watch.nudged ? askedAt : null)
    } catch (error) {
      if (watch.over) return
      toldNothing(watch, error)
    } finally {
      watch.looking = false
    }
  }

  function toldNothing(watch: Watch, error: unknown): void {
    const code = error instanceof AppError ? error.code : 'internal'
    meter.count('status_queries', { answer: code })
    if (code === 'task_unknown') {
      watch.unknown += 1
      if (watch.unknown >= unknownLooks) {
        watch.settle({ state: 'failed', failure: { code: 'task_unknown' } })
        return
      }
    }
    watch.blind += 1
    if (watch.blind === 3) log.warn({ code }, 'status queries tell nothing')
    const asked = error instanceof AppError ? error.retryAfterMs : undefined
    const now = clock.monotonic()
    if (code === 'rate_limited') pace.tooMany(now)
    if (asked !== undefined) watch.notBefore = now + asked
    again(watch, now + Math.max(minLookGapMs, asked ?? backoffMs(blindBackoff, watch.blind, options.random)))
  }

  /** Queues the next look: at a time, or when the prices say so. */
  function again(watch: Watch, at: number | null): void {
    watch.looking = false
    const now = clock.monotonic()
    if (now >= watch.deadlineAt) {
      watch.settle({ state: 'failed', failure: { code: 'timed_out' } })
      return
    }
    if (now >= watch.lateAt && !watch.late) {
      watch.late = true
      late += 1
      watch.watched.onLate()
    }
    if (watch.late) queueAt(watch, lateLookAt(watch, now))
    else if (at !== null) queueAt(watch, inTime(watch, at))
    else {
      plan(watch)
      queue(watch)
    }
  }

  return {
    get size() {
      return watches.size
    },
    capacity: (taskClass) => pricing.capacity(options.looksPerSecond, taskClass),
    remaining: (taskClass, elapsedMs) => remaining(experience.durations(taskClass), elapsedMs),
    budget: pace.budget,
    nudge: (key) => {
      const watch = watches.get(key)
      if (watch === undefined) return
      const now = clock.monotonic()
      watch.calledAt ??= now
      if (watch.looking) watch.nudged = true
      // Asked to stay away for longer, it comes when that is over.
      else if (watch.notBefore <= now) queueAt(watch, Math.max(now, watch.lastLookAt + minLookGapMs))
    },
    watch: (watched, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const leave = () => {
          watch.over = true
          if (watch.late) late -= 1
          // A task watched twice (lost and taken over again) stays known by its later watch.
          if (watches.get(watched.key) === watch) watches.delete(watched.key)
          signal.removeEventListener('abort', stop)
          // The heap drops it when it comes up; an empty pump should not sleep for it.
          if (heap.peek()?.watch === watch) wake?.abort()
        }
        const stop = () => {
          leave()
          reject(signal.reason)
        }
        const settle = (end: WatchEnd) => {
          leave()
          resolve(end)
        }
        const now = clock.monotonic()
        const watch = createWatch(watched, signal, settle, { monotonic: now, wall: clock.now() })
        pricing.came(watched.taskClass)
        settlePrices(now)
        watches.set(watched.key, watch)
        signal.addEventListener('abort', stop, { once: true })
        plan(watch)
        // Taken over late it may have passed its time already: looked at once, then by the rule.
        watch.takenOver = watch.readyAt < now
        queue(watch)
      }),
  }
}
