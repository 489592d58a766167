import type { InputRef, Job, JobAction, RequestFacts } from './job.ts'
import type { ImageRequest } from './request.ts'
import type { Ask } from './studio.ts'
import type { JobTrouble } from './view.ts'

/** What a button under a result starts without asking anything more. */
export type FollowUp = Exclude<JobAction, 'imagine' | 'edit'>

/** A press on a button that starts something from an earlier job without asking more. */
export interface FollowUpAsk
  extends Pick<
    Ask,
    'eventKey' | 'surface' | 'workspace' | 'channel' | 'person' | 'locale' | 'problems' | 'address' | 'receivedAt'
  > {
  readonly jobId: string
  readonly action: FollowUp
  /** Whether the answer is for the presser alone. */
  readonly private: boolean
}

/** How many pictures "Variations" makes. */
const variations = 4

/** Why nobody, or not this person, may start it from this job; null: go on. */
export function followUpTrouble(job: Job | null, action: FollowUp, personId: string): JobTrouble | null {
  if (job === null) return 'unknown'
  const own = job.person.id === personId
  if (!own && (action === 'share' || job.request.private)) return 'not_yours'
  if (action !== 'share') return null
  if (job.state === 'abandoned') return 'unknown'
  return job.state === 'delivered' ? null : 'live'
}

/** The request that a button makes of an earlier one. `isPrivate`: whether its answer is for the presser alone. */
export function followUp(
  job: Job,
  action: FollowUp,
  isPrivate: boolean,
): Pick<RequestFacts, 'inputs' | 'omitted'> & { readonly request: ImageRequest } {
  const request: ImageRequest = { ...job.request, private: isPrivate, ...changes[action] }
  return { request, inputs: job.inputs, omitted: [] }
}

const changes: Readonly<Record<FollowUp, Partial<ImageRequest>>> = {
  again: {},
  upgrade: { quality: 'high' },
  // The same words and pictures: the image API draws them differently each time.
  variations: { count: variations },
  share: {},
}

/** A job's pictures as pictures handed in, for an edit of them. */
export function resultInputs(job: Job): readonly InputRef[] {
  if (job.state !== 'delivered') return []
  return job.receipt.files.map((_, at) => ({ kind: 'result', name: `picture ${at + 1}`, jobId: job.id, n: at + 1 }))
}

/** Whether a job asks for the same pictures to be used again that an earlier one used. */
export function repeatsInputs(action: JobAction): boolean {
  return action !== 'imagine' && action !== 'edit'
}
