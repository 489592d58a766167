import { backoffMs } from './backoff.ts'
import { type Durations, remaining } from './durations.ts'
import { AppError } from './failure.ts'
import { createHeap } from './heap.ts'
import type { Clock, ImageApi, Log, Meter, Random, TaskStatus } from './ports.ts'
import { createSchedule, minLookGapMs } from './schedule.ts'
import { lateLookAt, type TaskClass, type Watched } from './watched.ts'

export type WatchEnd = Exclude<TaskStatus, { state: 'working' }>

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
  /** The mean time left for a task of this class that has run `elapsedMs`; null when it is slower than usual. */
  remaining(taskClass: TaskClass, elapsedMs: number): number | null
}

export interface PollerOptions {
  readonly api: Pick<ImageApi, 'look'>
  readonly clock: Clock
  readonly random: Random
  readonly meter: Meter
  readonly log: Log
  readonly durations: (taskClass: TaskClass) => Durations
  readonly looksPerTask: number
  /** Status queries a second, over all tasks. */
  readonly looksPerSecond: number
}

/** All times here are on the monotonic clock: a wall clock that is set back must not stop the looks. */
interface Entry {
  readonly watched: Watched
  readonly signal: AbortSignal
  readonly settle: (end: WatchEnd) => void
  readonly submittedAt: number
  readonly lateAt: number
  readonly deadlineAt: number
  late: boolean
  /** A nudge or a stop makes the heap's copy stale. */
  dueAt: number
  lastLookAt: number
  /** The API asked not to be asked before. */
  notBefore: number
  /** Nudged while a look was on its way, whose answer may be older than the hint. */
  nudged: boolean
  /** Looks in a row that told nothing. */
  blind: number
  unknown: number
  looking: boolean
  over: boolean
}

/** A 404 may be a replica of the API that has not heard of the task yet; after this many it counts. */
const unknownLooks = 4
const blindBackoff = { firstMs: 1_000, mostMs: 30_000 }

export function createPoller(options: PollerOptions): Poller {
  const { api, clock, meter, log } = options
  const heap = createHeap<{ readonly entry: Entry; readonly dueAt: number }>((item) => item.dueAt)
  const entries = new Map<string, Entry>()
  const schedules = new Map<TaskClass, ReturnType<typeof createSchedule>>()
  let paceMs = 1000 / options.looksPerSecond
  let freeAt = Number.NEGATIVE_INFINITY
  let wake: AbortController | null = null

  const scheduleOf = (taskClass: TaskClass) => {
    const known = schedules.get(taskClass)
    if (known !== undefined) return known
    const made = createSchedule(options.durations(taskClass), options.looksPerTask)
    schedules.set(taskClass, made)
    return made
  }

  const queue = (entry: Entry, dueAt: number) => {
    entry.dueAt = dueAt
    heap.push({ entry, dueAt })
    if (wake === null) void pump()
    else if (heap.peek()?.entry === entry) wake.abort()
  }

  const isStale = (item: { entry: Entry; dueAt: number }) =>
    item.entry.over || item.entry.looking || item.dueAt !== item.entry.dueAt

  /** Runs while anything is due some time; one wait at a time, cut short by anything that becomes due earlier. */
  async function pump(): Promise<void> {
    wake = new AbortController()
    for (;;) {
      const next = heap.peek()
      if (next === undefined) break
      if (isStale(next)) {
        heap.pop()
        continue
      }
      const now = clock.monotonic()
      const at = Math.max(next.dueAt, freeAt)
      if (at > now) {
        await pause(at - now)
        continue
      }
      heap.pop()
      freeAt = Math.max(freeAt, now - burstMs) + paceMs
      void look(next.entry)
    }
    wake = null
  }

  async function pause(ms: number): Promise<void> {
    const waiting = new AbortController()
    wake = waiting
    // Cut short on purpose by `queue`; nothing else aborts it.
    await clock.sleep(ms, waiting.signal).catch(() => undefined)
  }

  async function look(entry: Entry): Promise<void> {
    entry.looking = true
    entry.nudged = false
    const askedAt = clock.monotonic()
    try {
      const status = await api.look(entry.watched.taskId, entry.signal)
      if (entry.over) return
      meter.count('status_queries', { answer: status.state })
      if (status.state !== 'working') {
        // The task ended somewhere between the two looks: its middle is the estimate.
        const since = Math.max(entry.lastLookAt, entry.submittedAt)
        meter.time('detection_lag', Math.max(0, clock.monotonic() - (since + askedAt) / 2))
        entry.settle(status)
        return
      }
      entry.blind = 0
      entry.unknown = 0
      entry.lastLookAt = askedAt
      const { submittedAt } = entry
      const next = submittedAt + scheduleOf(entry.watched.taskClass).next(askedAt - submittedAt)
      again(entry, entry.nudged ? askedAt : next)
    } catch (error) {
      if (entry.over) return
      toldNothing(entry, error)
    } finally {
      entry.looking = false
    }
  }

  function toldNothing(entry: Entry, error: unknown): void {
    const code = error instanceof AppError ? error.code : 'internal'
    meter.count('status_queries', { answer: code })
    if (code === 'task_unknown') {
      entry.unknown += 1
      if (entry.unknown >= unknownLooks) {
        entry.settle({ state: 'failed', failure: { code: 'task_unknown' } })
        return
      }
    }
    entry.blind += 1
    if (entry.blind === 3) log.warn({ code }, 'status queries tell nothing')
    const asked = error instanceof AppError ? error.retryAfterMs : undefined
    const now = clock.monotonic()
    if (asked !== undefined) entry.notBefore = now + asked
    again(entry, now + Math.max(minLookGapMs, asked ?? backoffMs(blindBackoff, entry.blind, options.random)))
  }

  function again(entry: Entry, dueAt: number): void {
    entry.looking = false
    const now = clock.monotonic()
    if (now >= entry.deadlineAt) {
      entry.settle({ state: 'failed', failure: { code: 'timed_out' } })
      return
    }
    if (now >= entry.lateAt && !entry.late) {
      entry.late = true
      entry.watched.onLate()
    }
    queue(entry, entry.late ? lateLookAt(entry, now) : inTime(entry, dueAt))
  }

  /** The next look, but not past the moment at which the task becomes late: its person is told then. */
  function inTime(entry: Entry, dueAt: number): number {
    const earliest = Math.max(dueAt, entry.lastLookAt + minLookGapMs)
    return Math.min(earliest, entry.deadlineAt, Math.max(entry.lateAt, entry.notBefore))
  }

  return {
    get size() {
      return entries.size
    },
    remaining: (taskClass, elapsedMs) => remaining(options.durations(taskClass), elapsedMs),
    budget: (looksPerSecond) => {
      paceMs = 1000 / looksPerSecond
    },
    nudge: (key) => {
      const entry = entries.get(key)
      if (entry === undefined) return
      const now = clock.monotonic()
      if (entry.looking) entry.nudged = true
      // Asked to stay away for longer, it comes when that is over.
      else if (entry.notBefore <= now) queue(entry, Math.max(now, entry.lastLookAt + minLookGapMs))
    },
    watch: (watched, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const leave = () => {
          entry.over = true
          // A task watched twice (lost and taken over again) stays known by its later watch.
          if (entries.get(watched.key) === entry) entries.delete(watched.key)
          signal.removeEventListener('abort', stop)
          // The heap drops it when it comes up; an empty pump should not sleep for it.
          wake?.abort()
        }
        const stop = () => {
          leave()
          reject(signal.reason)
        }
        const now = clock.monotonic()
        const submittedAt = now - Math.max(0, clock.now() - watched.submittedAt)
        const entry: Entry = {
          watched,
          signal,
          settle: (end) => {
            leave()
            resolve(end)
          },
          submittedAt,
          lateAt: submittedAt + (watched.lateAt - watched.submittedAt),
          deadlineAt: submittedAt + (watched.deadlineAt - watched.submittedAt),
          late: false,
          dueAt: 0,
          lastLookAt: Number.NEGATIVE_INFINITY,
          notBefore: Number.NEGATIVE_INFINITY,
          nudged: false,
          blind: 0,
          unknown: 0,
          looking: false,
          over: false,
        }
        entries.set(watched.key, entry)
        signal.addEventListener('abort', stop, { once: true })
        // A task taken over late may have passed its time already: look at once, then by the rule.
        queue(entry, Math.max(now, submittedAt + scheduleOf(watched.taskClass).next(0)))
      }),
  }
}

/** Looks that fell due while nothing was sent may be sent together, up to this much of the budget. */
const burstMs = 200
