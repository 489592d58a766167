import { isLive, type Job, outcomeOf } from '../core/job.ts'
import type { Shelf } from '../core/ports.ts'
import { endView, headOf } from '../core/view.ts'
import { shelfPicture } from '../media/picture.ts'
import { pictureIdOf } from './picture-id.ts'
import type { Shown } from './render.ts'

/** What to show of a job of which this process has shown nothing yet. */
export function shownBefore(job: Job, shelf: Shelf): Shown {
  const head = headOf(job)
  if (isLive(job)) return { view: { ...head, kind: 'queued', place: null }, files: [] }
  if (job.state === 'abandoned') return { view: { ...head, kind: 'failed', failure: job.failure }, files: [] }
  const files = job.receipt.files.map(pictureIdOf)
  // Made, but it could not be shown: the words for it were shown instead.
  if (files.length === 0 && outcomeOf(job).kind === 'pictures')
    return { view: { ...head, kind: 'failed', failure: { code: 'result_gone' } }, files }
  let at = 0
  const view = endView(job, () => {
    at += 1
    return shelfPicture(shelf, files[at - 1] ?? '')
  })
  return { view, files }
}
