import { minLookGapMs } from './schedule.ts'

/** Tasks that take alike: the schedule of each class is its own. */
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

/** The name under which a job's task is watched. */
export function watchKeyOf(jobId: string, n: number): string {
  return `${jobId}/${n}`
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
