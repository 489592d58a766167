import { backoffMs } from './backoff.ts'
import { failureOf } from './failure.ts'
import type { LiveJob, PollingTask, Task, TaskEnd } from './job.ts'
import type { SubmitAnswer } from './ports.ts'
import { type DriveDeps, type DriveState, type Ride, taskClassOf } from './ride.ts'

/** Asked again after a definite refusal: the API was busy or out of reach. */
const refusedBackoff = { firstMs: 1_000, mostMs: 30_000 }
/** Added to the submit time-out before a mark found by a new owner counts as ambiguous: the old owner may be slow. */
const submitMarginMs = 5_000

/** Brings one task from whatever state it is in to its end. */
export async function runTask(task: Task, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  switch (task.state) {
    case 'planned':
      return submit(task.n, state, ride, deps)
    case 'submitting':
      return doubt(task, state, ride, deps)
    case 'polling':
      return poll(task, state, ride, deps)
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
  if (fresh?.state === 'polling') return poll(fresh, state, ride, deps)
  if (fresh?.state !== 'submitting') return
  await end(task.n, { state: 'ambiguous' }, state, ride, deps)
  const ended = state.job.tasks.find(({ n }) => n === task.n)
  // Or at this very moment: then there is nothing to doubt.
  if (ended?.state === 'polling') return poll(ended, state, ride, deps)
  ride.log.warn({ task: task.n }, 'submit without an answer: outcome unknown, not repeated')
}

async function submit(n: number, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  const { job } = state
  const fence = { jobId: job.id, owner: ride.owner }
  const turn = { personKey: personKeyOf(job), jobId: job.id }
  const waits = AbortSignal.any([ride.stopping, ride.cancelling])
  for (let attempt = 1; ; attempt += 1) {
    const begun = await orCancelled(
      deps.turns.take(turn, () => deps.drive.begin(fence, n, deps.settings.limits), waits),
      ride,
    )
    if (begun === null || begun.kind === 'skip') return endPlanned(n, state, ride, deps)
    if (waits.aborted) {
      // Stopped or cancelled while the mark was being set: nothing was posted yet, and nothing will be.
      await deps.drive.notTaken(fence, n)
      deps.turns.freed()
      ride.stopping.throwIfAborted()
      return endPlanned(n, state, ride, deps)
    }
    note({ n, state: 'submitting', submittedAt: begun.submittedAt }, state)
    await deps.step('marked', job.id)
    const answer = await post(n, state, ride, deps)
    await deps.step('answered', job.id)
    switch (answer.kind) {
      case 'taken': {
        await deps.drive.taken(job.id, n, answer.taskId)
        await deps.step('stored', job.id)
        return poll({ n, state: 'polling', taskId: answer.taskId, submittedAt: begun.submittedAt }, state, ride, deps)
      }
      case 'refused':
        ride.log.warn({ task: n, ...answer.failure }, 'submit refused')
        await end(n, { state: 'failed', failure: answer.failure }, state, ride, deps)
        return deps.turns.freed()
      case 'unknown':
        ride.log.warn({ task: n, ...answer.failure }, 'submit without an answer: outcome unknown, not repeated')
        await end(n, { state: 'ambiguous' }, state, ride, deps)
        return
      case 'not_taken': {
        await deps.drive.notTaken(fence, n)
        note({ n, state: 'planned' }, state)
        deps.turns.freed()
        const leftMs = job.acceptedAt + deps.settings.taskTimeoutMs - deps.clock.now()
        if (leftMs <= 0) return end(n, { state: 'failed', failure: answer.failure }, state, ride, deps)
        ride.log.info({ task: n, failure: answer.failure.code }, 'submit not taken, waiting')
        const ms = Math.min(leftMs, answer.retryAfterMs ?? backoffMs(refusedBackoff, attempt, deps.random))
        const rested = await orCancelled(
          deps.clock.sleep(ms, waits).then(() => true),
          ride,
        )
        if (rested === null) return endPlanned(n, state, ride, deps)
      }
    }
  }
}

/** The one paid call, after its mark. */
async function post(n: number, state: DriveState, ride: Ride, deps: DriveDeps): Promise<SubmitAnswer> {
  const startedAt = deps.clock.monotonic()
  try {
    const inputUrls = deps.relay.urls(state.job.ready ?? [], deps.settings.taskTimeoutMs + submitMarginMs)
    const answer = await deps.api.submit({ request: state.job.request, inputUrls }, ride.post)
    deps.meter.time('submit', deps.clock.monotonic() - startedAt, { answer: answer.kind })
    return answer
  } catch (error) {
    const failure = failureOf(error)
    // Links can't be made any more (PUBLIC_URL was taken away meanwhile): nothing was posted.
    if (failure.code === 'input_needs_public_url') return { kind: 'refused', failure }
    // The gate closed before the POST: the mark is taken back, where the job is still ours.
    if (failure.code === 'not_ours') await deps.drive.notTaken({ jobId: state.job.id, owner: ride.owner }, n)
    throw error
  }
}

/**
 * The wait for a turn ended without one. The store's cancel has turned what was planned into cancelled, but for a task
 * that was just then being posted and not taken: it is cancelled here.
 */
async function endPlanned(n: number, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  const fresh = await deps.jobs.get(state.job.id)
  if (fresh === null || fresh.cancelledAt === null) return
  if (fresh.tasks.find((task) => task.n === n)?.state !== 'planned') return
  await end(n, { state: 'cancelled' }, state, ride, deps)
}

/** The value, or null when the wait for it ended because the job was cancelled. */
async function orCancelled<T>(waiting: Promise<T>, ride: Ride): Promise<T | null> {
  try {
    return await waiting
  } catch (error) {
    ride.stopping.throwIfAborted()
    if (ride.cancelling.aborted) return null
    throw error
  }
}

async function poll(task: PollingTask, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  const { job } = state
  note(task, state)
  const watched = await deps.poller.watch(
    {
      taskId: task.taskId,
      taskClass: taskClassOf(job, deps.settings.model),
      submittedAt: task.submittedAt,
      deadlineAt: task.submittedAt + deps.settings.taskTimeoutMs,
    },
    ride.stopping,
  )
  await end(task.n, watched, state, ride, deps)
  deps.turns.freed()
}

async function end(n: number, how: TaskEnd, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  const after = await deps.drive.end({ jobId: state.job.id, owner: ride.owner }, n, how)
  state.job = { ...after, ready: state.job.ready }
}

/** What is shown of the job follows at once. */
function note(task: Task, state: DriveState): void {
  state.job = { ...state.job, tasks: state.job.tasks.map((other) => (other.n === task.n ? task : other)) }
}

function personKeyOf(job: LiveJob): string {
  return `${job.surface}/${job.workspace}/${job.person.id}`
}
