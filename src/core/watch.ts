import type { LiveJob, PollingTask, Task, TaskEnd } from './job.ts'
import { type DriveDeps, type DriveState, type Ride, taskClassOf } from './ride.ts'
import { watchKeyOf } from './watched.ts'

/** Waits for the end of a task that the image API took, and writes it down. */
export async function watch(task: PollingTask, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  const { job } = state
  note(task, state)
  const turn = { personKey: personKeyOf(job), jobId: job.id }
  deps.turns.enter(turn)
  const watched = await deps.poller.watch(
    {
      key: watchKeyOf(job.id, task.n),
      taskId: task.taskId,
      taskClass: taskClassOf(job, deps.settings.model),
      submittedAt: task.submittedAt,
      lateAt: task.submittedAt + deps.settings.taskTimeoutMs,
      deadlineAt: task.submittedAt + Math.max(deps.settings.longestMs, deps.settings.taskTimeoutMs),
      // Its person is told, and may start another meanwhile.
      onLate: () => {
        ride.log.warn({ task: task.n }, 'task takes too long: watched on, rarely')
        deps.turns.leave(turn)
        state.refresh()
      },
    },
    ride.stopping,
  )
  await end(task.n, watched, state, ride, deps)
  deps.turns.freed()
}

/** Ends a task in the store; what is shown of the job follows. */
export async function end(n: number, how: TaskEnd, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  const after = await deps.drive.end({ jobId: state.job.id, owner: ride.owner }, n, how)
  state.job = { ...after, ready: state.job.ready }
  leaveWhenIdle(state, deps)
}

/** With nothing of it at the image API a job does not count as running: its person may start another. */
export function leaveWhenIdle({ job }: DriveState, deps: DriveDeps): void {
  if (job.tasks.some((task) => task.state === 'submitting' || task.state === 'polling')) return
  deps.turns.leave({ personKey: personKeyOf(job), jobId: job.id })
}

/** What is shown of the job follows at once. */
export function note(task: Task, state: DriveState): void {
  state.job = { ...state.job, tasks: state.job.tasks.map((other) => (other.n === task.n ? task : other)) }
}

/** Whose turn it is, and whose jobs count together. */
export function personKeyOf(job: LiveJob): string {
  return `${job.surface}/${job.workspace}/${job.person.id}`
}
