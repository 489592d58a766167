import type { Task } from './job.ts'
import type { DriveDeps, DriveState, Ride } from './ride.ts'
import { submit, submitMarginMs } from './submission.ts'
import { end, watch } from './watch.ts'

/** Brings one task from whatever state it is in to its end. */
export async function runTask(task: Task, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  switch (task.state) {
    case 'planned':
      return submit(task.n, state, ride, deps)
    case 'submitting':
      return doubt(task, state, ride, deps)
    case 'polling':
      return watch(task, state, ride, deps)
    default:
      return
  }
}

/** A mark without a task id, found by a new owner: whether the POST was sent is unknown, so it is never sent again. */
async function doubt(
  task: Extract<Task, { state: 'submitting' }>,
  state: DriveState,
  ride: Ride,
  deps: DriveDeps,
): Promise<void> {
  const surelyOver = task.submittedAt + deps.settings.submitTimeoutMs + submitMarginMs
  await deps.clock.sleep(Math.max(0, surelyOver - deps.clock.now()), ride.stopping)
  const fresh = (await deps.jobs.get(state.job.id))?.tasks.find(({ n }) => n === task.n)
  // The old owner may have stored the id meanwhile.
  if (fresh?.state === 'polling') return watch(fresh, state, ride, deps)
  if (fresh?.state !== 'submitting') return
  await end(task.n, { state: 'ambiguous' }, state, ride, deps)
  const ended = state.job.tasks.find(({ n }) => n === task.n)
  // Or at this very moment: then there is nothing to doubt.
  if (ended?.state === 'polling') return watch(ended, state, ride, deps)
  ride.log.warn({ task: task.n }, 'submit without an answer: outcome unknown, not repeated')
}
