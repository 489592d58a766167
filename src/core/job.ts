import type { Failure } from './failure.ts'
import type { ImageRequest } from './request.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** A place where jobs are shown, by name: `discord`, `slack`, `playground`. */
export type SurfaceName = string

/**
 * Where a job's message is: written and read by one surface, opaque to the core. `secret` holds what lets a stranger
 * write there (an interaction token, a response URL); it has its own column and is erased when it is no longer needed.
 */
export interface Address {
  readonly at: Json
  readonly secret: Json
}

/** What a surface returns after showing: the (possibly new) address, and durable handles of the files shown. */
export interface Receipt {
  readonly address: Address
  /** Finds the job of a message; null where the platform gives no message id. Unique within its surface. */
  readonly messageKey: string | null
  /** One handle a picture shown, in the order of the pictures; empty until a result is shown. */
  readonly files: readonly Json[]
}

export interface Person {
  /** The platform's id. */
  readonly id: string
  /** The name shown in the chat: untrusted text. */
  readonly name: string
}

/** A picture handed in: either at the platform (`at` is the surface's own) or the result of an earlier job. */
export type InputRef =
  | { readonly kind: 'remote'; readonly name: string; readonly at: Json }
  | { readonly kind: 'result'; readonly name: string; readonly jobId: string; readonly n: number }

/** A picture made ready for the image API: on our shelf, or already public at a signed URL of the platform. */
export type ReadyInput =
  | { readonly kind: 'shelf'; readonly id: string; readonly type: PictureType }
  | { readonly kind: 'public'; readonly url: string }

export const pictureTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif', 'image/heic'] as const
export type PictureType = (typeof pictureTypes)[number]

/** A picture that was handed in and is not used; the name is untrusted text. */
export interface Omitted {
  readonly name: string
  readonly why: 'not_a_picture' | 'too_large' | 'too_many' | 'gone' | 'not_visible'
}

/** What started a job. A `share` shows an earlier job's pictures in another message: it has no task and costs nothing. */
export type JobAction = 'imagine' | 'edit' | 'again' | 'upgrade' | 'variations' | 'share'

/** One task of the image API: one picture. Times are milliseconds since the epoch by the store's clock. */
export type Task = { readonly n: number } & (
  | { readonly state: 'planned' }
  | { readonly state: 'submitting'; readonly submittedAt: number }
  | { readonly state: 'polling'; readonly submittedAt: number; readonly taskId: string }
  | {
      readonly state: 'completed'
      readonly submittedAt: number
      readonly taskId: string
      readonly urls: readonly string[]
      readonly endedAt: number
    }
  | { readonly state: 'failed'; readonly failure: Failure; readonly endedAt: number }
  | { readonly state: 'ambiguous'; readonly submittedAt: number; readonly endedAt: number }
  | { readonly state: 'cancelled'; readonly endedAt: number }
)
export type TaskState = Task['state']
export type PollingTask = Extract<Task, { state: 'polling' }>
type CompletedTask = Extract<Task, { state: 'completed' }>

/** How a task ends; the store adds the time. */
export type TaskEnd =
  | { readonly state: 'completed'; readonly urls: readonly string[] }
  | { readonly state: 'failed'; readonly failure: Failure }
  | { readonly state: 'ambiguous' }
  | { readonly state: 'cancelled' }

/** What is known of a request from the moment it was made. */
export interface RequestFacts {
  readonly surface: SurfaceName
  readonly workspace: string
  readonly channel: string
  readonly person: Person
  /** BCP 47 tag as the platform sent it; the catalogue falls back to English. */
  readonly locale: string
  readonly action: JobAction
  /** The job that this one was made from, if any. */
  readonly parentId: string | null
  readonly inputs: readonly InputRef[]
  /** Pictures that were pointed at and are not used, which the answer says. */
  readonly omitted: readonly Omitted[]
  readonly address: Address
}

export interface JobFacts extends RequestFacts {
  readonly id: string
  readonly request: ImageRequest
  readonly acceptedAt: number
  /** When somebody asked to stop it; null while nobody did. */
  readonly cancelledAt: number | null
  readonly tasks: readonly Task[]
}

export type Job = JobFacts &
  (
    | {
        readonly state: 'accepted' | 'running' | 'settled'
        readonly receipt: Receipt | null
        readonly ready: readonly ReadyInput[] | null
      }
    | { readonly state: 'delivered'; readonly receipt: Receipt; readonly endedAt: number }
    | { readonly state: 'abandoned'; readonly failure: Failure; readonly endedAt: number }
  )
export type JobState = Job['state']
export type LiveJob = Extract<Job, { state: 'accepted' | 'running' | 'settled' }>

export function isLive(job: Job): job is LiveJob {
  return job.state === 'accepted' || job.state === 'running' || job.state === 'settled'
}

export function isTerminal(task: Task): boolean {
  return task.state !== 'planned' && task.state !== 'submitting' && task.state !== 'polling'
}

/** Whether a task may move from one state to another; the store refuses every other move. */
export function mayMove(from: TaskState, to: TaskState): boolean {
  return moves[from].includes(to)
}

const moves: Readonly<Record<TaskState, readonly TaskState[]>> = {
  planned: ['submitting', 'cancelled', 'failed'],
  // Back to planned only after a definite refusal to take it.
  submitting: ['planned', 'polling', 'failed', 'ambiguous'],
  polling: ['completed', 'failed'],
  // A task id learnt late is a fact.
  ambiguous: ['polling'],
  completed: [],
  failed: [],
  cancelled: [],
}

/** What a job's ended tasks amount to. */
export type Outcome =
  | {
      readonly kind: 'pictures'
      readonly tasks: readonly [CompletedTask, ...CompletedTask[]]
      readonly failures: readonly Failure[]
    }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'cancelled'; readonly made: number }

/**
 * The outcome of a job whose tasks have all ended: pictures where there are any, unless somebody cancelled it, for then
 * they are withheld and only counted.
 */
export function outcomeOf(job: Pick<JobFacts, 'tasks' | 'cancelledAt'>): Outcome {
  const made = job.tasks.filter((task): task is CompletedTask => task.state === 'completed')
  if (job.cancelledAt !== null) return { kind: 'cancelled', made: made.length }
  const failures = job.tasks.flatMap((task): Failure[] => {
    if (task.state === 'failed') return [task.failure]
    if (task.state === 'ambiguous') return [{ code: 'outcome_unknown' }]
    return []
  })
  const [first, ...rest] = made
  if (first !== undefined) return { kind: 'pictures', tasks: [first, ...rest], failures }
  const [failure] = failures
  return failure === undefined ? { kind: 'cancelled', made: 0 } : { kind: 'failed', failure }
}
