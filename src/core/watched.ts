import type { Sighting } from './hazards.ts'
import type { TaskStatus } from './ports.ts'
import { minLookGapMs } from './schedule.ts'

/** Tasks that take alike: what is learned of how long they take is of each class. */
export type TaskClass = string

export interface Watched {
  /** Our own name for the task (`watchKeyOf`): hints come under it. */
  readonly key: string
  readonly taskId: string
  readonly taskClass: TaskClass
  /** When it was submitted, milliseconds since the epoch. */
  readonly submittedAt: number
  /** From when on it is late and looked at rarely. */
  readonly lateAt: number
  /** When to give up and call it timed out. */
  readonly deadlineAt: number
  /** Called once, when it has become late. */
  onLate(): void
}

export type WatchEnd = Exclude<TaskStatus, { state: 'working' }>

/** The name under which a job's task is watched. */
export function watchKeyOf(jobId: string, n: number): string {
  return `${jobId}/${n}`
}

/** A task as the poller watches it. All times are monotonic: a wall clock that is set back must not stop the looks. */
export interface Watch {
  readonly watched: Watched
  readonly signal: AbortSignal
  readonly settle: (end: WatchEnd) => void
  readonly submittedAt: number
  readonly lateAt: number
  readonly deadlineAt: number
  /** Watched only since its first look was due: another process may have seen it under way before. */
  takenOver: boolean
  late: boolean
  /** Not looked at before. */
  readyAt: number
  /** Who is due comes in this order. */
  rank: number
  /** The last look that found it under way. */
  lastLookAt: number
  /** The API asked not to be asked before. */
  notBefore: number
  /** Nudged while a look was on its way, whose answer may be older than the hint. */
  nudged: boolean
  /** The first hint that it has ended. */
  calledAt: number | null
  /** Looks in a row that told nothing. */
  blind: number
  unknown: number
  looking: boolean
  over: boolean
}

export function createWatch(
  watched: Watched,
  signal: AbortSignal,
  settle: Watch['settle'],
  now: { readonly monotonic: number; readonly wall: number },
): Watch {
  const submittedAt = now.monotonic - Math.max(0, now.wall - watched.submittedAt)
  return {
    ...{ watched, signal, settle, submittedAt },
    lateAt: submittedAt + (watched.lateAt - watched.submittedAt),
    deadlineAt: submittedAt + (watched.deadlineAt - watched.submittedAt),
    ...{ takenOver: false, late: false, looking: false, over: false, nudged: false },
    ...{ readyAt: 0, rank: 0, blind: 0, unknown: 0, calledAt: null },
    ...{ lastLookAt: Number.NEGATIVE_INFINITY, notBefore: Number.NEGATIVE_INFINITY },
  }
}

/** A callback follows the end by so much at most, where all is well: then it tells the end better than the looks do. */
const calledWithinMs = 500

/**
 * What a look at `askedAt` teaches that found a task in this state: it was still under way, or it completed since the
 * last look that found it so. Looks that told nothing count for nothing. Null where it teaches nothing.
 */
export function sightingOf(watch: Watch, askedAt: number, state: TaskStatus['state']): Sighting | null {
  const atMs = askedAt - watch.submittedAt
  const unseen = watch.lastLookAt < watch.submittedAt
  const fromMs = unseen ? 0 : watch.lastLookAt - watch.submittedAt
  const missed = unseen && watch.takenOver
  switch (state) {
    case 'working':
      return missed ? null : { fromMs, afterMs: atMs, byMs: null }
    case 'failed':
      // A refusal comes when it comes: it says nothing about how long a picture takes.
      return null
    case 'completed': {
      const called = watch.calledAt === null ? Number.NEGATIVE_INFINITY : watch.calledAt - watch.submittedAt
      if (called > fromMs) return { fromMs, afterMs: Math.max(fromMs, called - calledWithinMs), byMs: called }
      return missed ? null : { fromMs, afterMs: fromMs, byMs: atMs }
    }
  }
}

/** When a task ended that a look at `askedAt` found ended: the middle of the time in which it can have been. */
export function endOf(watch: Watch, askedAt: number): number {
  const since = Math.max(watch.lastLookAt, watch.submittedAt)
  return watch.calledAt !== null && watch.calledAt > since ? watch.calledAt : (since + Math.max(since, askedAt)) / 2
}

/** The next look, but not past the moment at which the task becomes late: its person is told then. */
export function inTime(watch: Watch, at: number): number {
  const earliest = Math.max(at, watch.lastLookAt + minLookGapMs)
  return Math.min(earliest, watch.deadlineAt, Math.max(watch.lateAt, watch.notBefore))
}

/** Between looks at a late task: a quarter of its age. */
const lateGap = { leastMs: 5_000, mostMs: 300_000 }

/** The next look at a late task: soon after a hint, not before the API wants it, and at the end once more. */
export function lateLookAt(
  task: {
    readonly submittedAt: number
    readonly deadlineAt: number
    readonly notBefore: number
    readonly nudged: boolean
  },
  now: number,
): number {
  const ageMs = now - task.submittedAt
  const gapMs = task.nudged ? minLookGapMs : Math.min(lateGap.mostMs, Math.max(lateGap.leastMs, ageMs / 4))
  return Math.min(task.deadlineAt, Math.max(now + gapMs, task.notBefore))
}
