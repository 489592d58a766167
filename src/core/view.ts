import type { Failure } from './failure.ts'
import type { Job, JobAction, JobFacts, Omitted, Person } from './job.ts'
import { outcomeOf } from './job.ts'
import type { Picture } from './ports.ts'
import { creditsPerPicture, type ImageRequest, type Problem } from './request.ts'

/** What every view of a job says about it. Prompt and all names are untrusted text: renderers escape them. */
export interface ViewHead {
  readonly jobId: string
  readonly action: JobAction
  readonly request: ImageRequest
  readonly inputCount: number
  /** The names of the pictures used, in their order. */
  readonly inputNames: readonly string[]
  readonly omitted: readonly Omitted[]
  readonly person: Person
  readonly locale: string
}

export interface ShownPicture {
  /** 1-based, in the order asked for. */
  readonly n: number
  readonly picture: Picture
  /** The image API's own link to it, which expires; for where nothing else can be shown. */
  readonly link?: string
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
  | { readonly kind: 'erase'; readonly answer: EraseAnswer['kind'] }
  /** What was asked about a job that is unknown (too old), somebody else's, or still being made. */
  | { readonly kind: 'no_job'; readonly why: JobTrouble }
  /** Words came without the picture that they speak of. */
  | { readonly kind: 'no_picture' }
  /** The chat did not show us the words of this message: says the two ways that work. */
  | { readonly kind: 'unread' }
  /** The message pointed at is one that the chat does not show us: says the ways that work. */
  | { readonly kind: 'unseen' }
  /** The pictures that a form was opened on are forgotten. */
  | { readonly kind: 'form_expired' }
  /** The chat did not let a form be opened any more. */
  | { readonly kind: 'form_late' }

export type CancelAnswer = 'cancelled' | 'finished' | 'not_yours' | 'unknown'
/** `live`: not finished, so there is nothing to delete yet. */
export type EraseAnswer = { readonly kind: 'erased'; readonly job: Job } | { readonly kind: JobTrouble }
export type JobTrouble = 'unknown' | 'not_yours' | 'live'

/** What "Details" tells: the job, and what it was made from, nearest first. */
export interface Details {
  readonly job: Job
  readonly lineage: readonly Job[]
  /** Whether older ancestors are left out. */
  readonly more: boolean
}

/** What somebody has spent. Credits of pictures under way count as spent. */
export interface Usage {
  readonly today: number
  /** The last 30 days, today included. */
  readonly month: number
  /** Pictures made in the last 30 days. */
  readonly pictures: number
  /** Credits that the person may spend a day; 0: no such limit. */
  readonly personDayCap: number
  /** Whether everybody together has used up the day's credits. */
  readonly dayOver: boolean
}

export function headOf(job: JobFacts): ViewHead {
  const { id: jobId, action, request, inputs, omitted, person, locale } = job
  const inputNames = inputs.map(({ name }) => name)
  return { jobId, action, request, inputCount: inputs.length, inputNames, omitted, person, locale }
}

/** The pictures of a delivered job, shown by another one. `maker`: the job that made them, which is `shared` unless that one shares, too. */
export function shareView(
  share: Job,
  shared: Job,
  maker: Job,
  open: (n: number) => Picture,
): ViewOf<'result' | 'failed'> {
  const head = headOf(share)
  const count = shared.state === 'delivered' ? shared.receipt.files.length : 0
  const [first, ...rest] = Array.from(
    { length: count },
    (_, at): ShownPicture => ({ n: at + 1, picture: open(at + 1) }),
  )
  if (first === undefined) return { ...head, kind: 'failed', failure: { code: 'result_gone' } }
  const ended = maker.tasks.flatMap((task) => (task.state === 'completed' ? [task.endedAt] : []))
  return {
    ...head,
    kind: 'result',
    pictures: [first, ...rest],
    failures: [],
    credits: ended.length * creditsPerPicture[maker.request.quality],
    tookMs: Math.max(0, ...ended.map((at) => at - maker.acceptedAt)),
  }
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
        ({ n, urls: [link = ''] }): ShownPicture => ({ n, picture: open(n, link), link }),
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
