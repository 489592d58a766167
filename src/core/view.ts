import type { Failure } from './failure.ts'
import type { Job, JobFacts, Person } from './job.ts'
import { outcomeOf } from './job.ts'
import type { Picture } from './ports.ts'
import { creditsPerPicture, type ImageRequest, type Problem } from './request.ts'

/** What every view of a job says about it. `prompt` and `person.name` are untrusted text: renderers escape them. */
export interface ViewHead {
  readonly jobId: string
  readonly request: ImageRequest
  readonly inputCount: number
  readonly person: Person
  readonly locale: string
}

export interface ShownPicture {
  /** 1-based, in the order asked for. */
  readonly n: number
  readonly picture: Picture
}

/** All that a surface can be asked to show in a job's one message. */
export type JobView = ViewHead &
  (
    | { readonly kind: 'queued' /** 1 is next; null while not known. */; readonly place: number | null }
    | { readonly kind: 'preparing' }
    | {
        readonly kind: 'running'
        readonly done: number
        readonly startedAt: number
        readonly elapsedMs: number
        /** What is expected to remain, null when it takes longer than ever seen. */
        readonly remainingMs: number | null
        /** Whether it has taken so long that only a rare look is still spent on it; `elapsedMs` then stands still. */
        readonly late: boolean
      }
    | {
        readonly kind: 'result'
        readonly pictures: readonly [ShownPicture, ...ShownPicture[]]
        readonly failures: readonly Failure[]
        readonly credits: number
        readonly tookMs: number
      }
    | { readonly kind: 'failed'; readonly failure: Failure }
    | {
        readonly kind: 'cancelled'
        /** Credits of pictures already under way when it was cancelled. */
        readonly credits: number
        /** Whether some of them are still being made, so that `credits` is an upper bound. */
        readonly pending: boolean
      }
  )
export type JobViewKind = JobView['kind']
export type ViewOf<K extends JobViewKind> = Extract<JobView, { kind: K }>

/** Words for the asker alone, not about a job's progress. */
export type Notice =
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'cancel'; readonly answer: CancelAnswer }
  | { readonly kind: 'under_way' }
  /** A button or form that this version of the program does not know. */
  | { readonly kind: 'old_button' }
  | { readonly kind: 'help' }

export type CancelAnswer = 'cancelled' | 'finished' | 'not_yours' | 'unknown'

export function headOf(job: JobFacts): ViewHead {
  return { jobId: job.id, request: job.request, inputCount: job.inputs.length, person: job.person, locale: job.locale }
}

/** The view of a job whose tasks have all ended. `open` finds the picture of a completed task. */
export function endView(
  job: Job,
  open: (n: number, url: string) => Picture,
): ViewOf<'result' | 'failed' | 'cancelled'> {
  const head = headOf(job)
  const price = creditsPerPicture[job.request.quality]
  const outcome = outcomeOf(job)
  switch (outcome.kind) {
    case 'pictures': {
      const [first, ...rest] = outcome.tasks.map(
        (task): ShownPicture => ({ n: task.n, picture: open(task.n, task.urls[0] ?? '') }),
      )
      if (first === undefined) return { ...head, kind: 'failed', failure: { code: 'unexpected_answer' } }
      const endedAt = Math.max(...outcome.tasks.map((task) => task.endedAt))
      return {
        ...head,
        kind: 'result',
        pictures: [first, ...rest],
        failures: outcome.failures,
        credits: outcome.tasks.length * price,
        tookMs: Math.max(0, endedAt - job.acceptedAt),
      }
    }
    case 'failed':
      return { ...head, kind: 'failed', failure: outcome.failure }
    case 'cancelled':
      return { ...head, kind: 'cancelled', credits: outcome.made * price, pending: false }
  }
}
