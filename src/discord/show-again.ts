import { failureOf } from '../core/failure.ts'
import { isLive, type Job, type LiveJob } from '../core/job.ts'
import type { ShowCall } from '../core/ports.ts'
import { endView, headOf, type JobView } from '../core/view.ts'
import { addressOf } from './address.ts'
import type { ButtonPress } from './parse.ts'
import type { PressOptions } from './press.ts'
import { renderNotice } from './render.ts'
import { sayMore } from './reply.ts'

/**
 * Brings the pressed message up to date by the press's own token: the old one is over, and nothing else reaches it. A job
 * that is still under way goes on with that token.
 */
export async function showAgain(press: ButtonPress, job: Job, options: PressOptions): Promise<void> {
  const { caller, place, pressed } = press
  const { surface, tokens, tools, signal } = options
  const call: ShowCall = { signal, gate: () => undefined, keep: async () => undefined }
  const address = addressOf({ ...place, ...pressed })
  if (isLive(job)) {
    if (place.secret !== null) await tokens.put(job.id, place.secret)
    await surface.show(address, viewNow(job, tools.clock.now()), call)
    return
  }
  if (job.state !== 'delivered') return
  const { receipt } = job
  let n = 0
  const view = endView(job, () => {
    n += 1
    return surface.picture(receipt, n).picture
  })
  try {
    await surface.show(address, view, call)
  } catch (error) {
    tools.log.warn({ job: job.id, ...failureOf(error) }, 'result not shown again')
    await sayMore(
      caller.door,
      renderNotice({ kind: 'failure', failure: { code: 'result_gone' } }, caller.locale),
      options,
    )
  }
}

/** How far a job is, as far as the store tells: what is expected to remain is known to its driver alone. */
function viewNow(job: LiveJob, now: number): JobView {
  const began = job.tasks.flatMap((task) => ('submittedAt' in task ? [task.submittedAt] : []))
  if (began.length === 0) return { ...headOf(job), kind: 'queued', place: null }
  const startedAt = Math.min(...began)
  const done = job.tasks.filter(({ state }) => state === 'completed').length
  const elapsedMs = Math.max(0, now - startedAt)
  return { ...headOf(job), kind: 'running', done, startedAt, elapsedMs, remainingMs: null, late: false }
}
