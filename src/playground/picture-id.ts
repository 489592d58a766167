import { AppError } from '../core/failure.ts'
import type { InputRef, Json } from '../core/job.ts'

// The shelf also holds what is relayed to the image API: only ids of these two forms are ours to show.
const ours = /^playground-(?:in-[a-z0-9]{1,64}|out-[a-z0-9]{1,64}-\d{1,2})$/

/** The shelf's id of a picture that a person handed in. `random` is a new unguessable id. */
export function uploadId(random: string): string {
  return `playground-in-${random}`
}

/** The shelf's id of the n-th picture (1-based) of a job's result: showing it again replaces it. */
export function resultId(jobId: string, n: number): string {
  return `playground-out-${jobId}-${n}`
}

export function isPictureId(id: string): boolean {
  return ours.test(id)
}

/** A handle of this surface as a shelf id. Throws an AppError `input_gone` for anything else. */
export function pictureIdOf(handle: Json | undefined): string {
  if (typeof handle === 'string' && isPictureId(handle)) return handle
  throw new AppError('input_gone', { detail: 'not a picture of the playground' })
}

/** The shelf's id of a picture that a request was given. */
export function inputId(ref: InputRef): string {
  return ref.kind === 'result' ? resultId(ref.jobId, ref.n) : pictureIdOf(ref.at)
}
