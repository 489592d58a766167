import { isTerminal } from './job.ts'
import { creditsPerPicture } from './request.ts'
import { type DriveDeps, type DriveState, type Ride, taskClassOf } from './ride.ts'
import { headOf, type JobView } from './view.ts'

/** What to show of a job that is under way, right now. */
export function liveView(state: DriveState, ride: Ride, deps: DriveDeps): JobView {
  const { job } = state
  const head = headOf(job)
  const started = job.tasks.filter((task) => task.state === 'submitting' || task.state === 'polling')
  const done = job.tasks.filter((task) => task.state === 'completed').length
  if (ride.cancelling.aborted) {
    const credits = (started.length + done) * creditsPerPicture[job.request.quality]
    return { ...head, kind: 'cancelled', credits, pending: started.length > 0 }
  }
  if (started.length === 0 && done === 0) {
    return state.phase === 'preparing'
      ? { ...head, kind: 'preparing' }
      : { ...head, kind: 'queued', place: deps.turns.place(job.id) }
  }
  const now = deps.clock.now()
  const startedAt = Math.min(...job.tasks.flatMap((task) => ('submittedAt' in task ? [task.submittedAt] : [])), now)
  const { taskTimeoutMs } = deps.settings
  // What is looked at rarely stands still, so that nothing is edited for a day.
  const late = started.length > 0 && started.every((task) => now - task.submittedAt >= taskTimeoutMs)
  // What is still to be submitted has all of its time before it.
  const elapsed = job.tasks
    .filter((task) => !isTerminal(task))
    .map((task) => ('submittedAt' in task ? Math.max(0, now - task.submittedAt) : 0))
  return {
    ...head,
    kind: 'running',
    done,
    startedAt,
    elapsedMs: late ? taskTimeoutMs : Math.max(0, now - startedAt),
    remainingMs: late ? null : deps.poller.remaining(taskClassOf(job, deps.settings.model), elapsed),
    late,
  }
}
