import { deliver } from './delivery.ts'
import { AppError, type Failure, failureOf } from './failure.ts'
import { isLive, isTerminal, type LiveJob, type Receipt } from './job.ts'
import { liveView } from './live-view.ts'
import { type Progress, type ProgressOptions, startProgress } from './progress.ts'
import type { DriveDeps, DriveState, Ride } from './ride.ts'
import { runTask } from './task.ts'
import { headOf } from './view.ts'

/**
 * Drives a job from whatever state it is in to its end: there is no other recovery. Throws `not_ours` when the job was
 * lost, the reason of `stopping` when the process ends, and passing failures of the store.
 */
export async function drive(job: LiveJob, ride: Ride, deps: DriveDeps): Promise<void> {
  const surface = deps.surfaces.get(job.surface)
  if (surface === undefined) throw new AppError('internal', { detail: `no surface ${job.surface}` })
  const state: DriveState = { job, phase: 'queued', surface, refresh: () => progress?.refresh() }
  // A share is settled from the start; its ack may still be on the wire.
  const progress =
    job.state === 'settled' && ride.ack === null ? null : startProgress(progressOptions(state, ride, deps))
  const { refresh } = state
  ride.cancelling.addEventListener('abort', refresh, { once: true })
  try {
    const done = job.state === 'settled' ? job : await work(state, ride, deps)
    const receipt = progress === null ? done.receipt : await progress.stop()
    await deps.step('settled', job.id)
    await deliver({ job: done, receipt, surface, ride, deps })
  } finally {
    ride.cancelling.removeEventListener('abort', refresh)
    await quiet(progress)
  }
}

/** Brings every task to its end; gives the settled job. */
async function work(state: DriveState, ride: Ride, deps: DriveDeps): Promise<LiveJob> {
  const { job } = state
  if (job.tasks.some((task) => task.state === 'planned') && job.ready === null && job.inputs.length > 0) {
    const refused = await prepare(state, ride, deps)
    if (refused !== null) return refused
  }
  const ends = await Promise.allSettled(
    job.tasks.filter((task) => !isTerminal(task)).map((task) => runTask(task, state, ride, deps)),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return settled(job.id, deps)
}

/** The job, all of whose tasks have ended here. Where something is still to come (a task id learnt late), it is driven anew. */
async function settled(jobId: string, deps: DriveDeps): Promise<LiveJob> {
  const job = await deps.jobs.get(jobId)
  if (job?.state === 'settled') return job
  const code = job !== null && isLive(job) ? 'internal' : 'not_ours'
  throw new AppError(code, { detail: `job is ${job?.state ?? 'gone'} after its tasks` })
}

/** Makes the input pictures ready; the settled job when they will not do. */
async function prepare(state: DriveState, ride: Ride, deps: DriveDeps): Promise<LiveJob | null> {
  const { job } = state
  const fence = { jobId: job.id, owner: ride.owner }
  state.phase = 'preparing'
  const signal = AbortSignal.any([ride.stopping, ride.cancelling])
  try {
    const ready = await deps.relay.prepare(job, signal)
    await deps.drive.prepared(fence, ready)
    state.job = { ...job, ready }
    state.phase = 'queued'
    return null
  } catch (error) {
    ride.stopping.throwIfAborted()
    const cancelled = ride.cancelling.aborted
    if (!cancelled && error instanceof AppError && (error.code === 'not_ours' || error.code === 'store_unavailable'))
      throw error
    if (!cancelled) ride.log.info({ failure: failureOf(error).code }, 'input picture refused')
    return failPlanned(job, failureOf(error), ride, deps)
  }
}

async function failPlanned(job: LiveJob, failure: Failure, ride: Ride, deps: DriveDeps): Promise<LiveJob> {
  const fence = { jobId: job.id, owner: ride.owner }
  const fresh = (await deps.jobs.get(job.id)) ?? job
  for (const task of fresh.tasks)
    if (task.state === 'planned') await deps.drive.end(fence, task.n, { state: 'failed', failure })
  return settled(job.id, deps)
}

/** Whoever deletes the message before anything was paid for does not want it any more. */
async function cancelUnsubmitted({ job }: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  if (job.tasks.some((task) => task.state !== 'planned')) return
  ride.log.info({}, 'message deleted before the submit: cancelled')
  if ((await deps.jobs.cancel(job.id)) !== null) ride.cancel()
}

async function quiet(progress: Progress | null): Promise<void> {
  // The error that ends the drive is already on its way; what progress met while ending adds nothing.
  await progress?.stop().catch(() => undefined)
}

function progressOptions(state: DriveState, ride: Ride, deps: DriveDeps): ProgressOptions {
  const { job } = state
  return {
    surface: state.surface,
    address: job.address,
    receipt: job.receipt,
    ack: ride.ack,
    opening: { ...headOf(job), kind: 'queued', place: null },
    view: () => liveView(state, ride, deps),
    elapsedMs: () => deps.clock.now() - job.acceptedAt,
    live: ride.live,
    onGone: () => cancelUnsubmitted(state, ride, deps),
    onOpened: (receipt: Receipt) => deps.drive.opened({ jobId: job.id, owner: ride.owner }, receipt),
    call: ride.call,
    clock: deps.clock,
    log: ride.log,
  }
}
