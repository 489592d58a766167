import { backoffMs } from './backoff.ts'
import { type Failure, type FailureCode, failureOf, isPassing } from './failure.ts'
import type { BeginAnswer, SubmitAnswer } from './ports.ts'
import { type DriveDeps, type DriveState, type Ride, taskClassOf } from './ride.ts'
import { end, leaveWhenIdle, note, personKeyOf, watch } from './watch.ts'

/** Asked again after a definite refusal: the API was busy or out of reach. */
const refusedBackoff = { firstMs: 1_000, mostMs: 30_000 }
/** Added to the submit time-out before a mark found by a new owner counts as ambiguous: the old owner may be slow. */
export const submitMarginMs = 5_000

/** Brings a planned task to the image API, once, and watches it to its end. */
export async function submit(n: number, state: DriveState, ride: Ride, deps: DriveDeps): Promise<void> {
  const { job } = state
  const { limits, model } = deps.settings
  const fence = { jobId: job.id, owner: ride.owner }
  const turn = { personKey: personKeyOf(job), jobId: job.id }
  const waits = AbortSignal.any([ride.stopping, ride.cancelling])
  for (let tries = 1; ; tries += 1) {
    const paused: { by: Failure | null } = { by: null }
    const attempt = async (): Promise<BeginAnswer> => {
      paused.by = deps.breaker.blocked()
      if (paused.by !== null) return { kind: 'skip' }
      const answer = await deps.drive.begin(fence, n, limits(taskClassOf(job, model)))
      if (answer.kind === 'go') deps.breaker.trying()
      return answer
    }
    const begun = await orCancelled(deps.turns.take(turn, attempt, waits), ride)
    if (begun !== null && paused.by !== null) {
      if (await waitOrFail(paused.by, { n, tries, retryAfterMs: null }, state, ride, deps)) continue
      return
    }
    if (begun === null || begun.kind === 'skip') return endPlanned(n, state, ride, deps)
    if (waits.aborted) {
      // Stopped or cancelled while the mark was being set: nothing was posted yet, and nothing will be.
      await deps.drive.notTaken(fence, n)
      leaveWhenIdle(state, deps)
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
        deps.breaker.met(null)
        await deps.drive.taken(job.id, n, answer.taskId)
        await deps.step('stored', job.id)
        return watch({ n, state: 'polling', taskId: answer.taskId, submittedAt: begun.submittedAt }, state, ride, deps)
      }
      case 'refused':
        deps.breaker.met(isOfRequest(answer.failure.code) ? null : answer.failure)
        ride.log.warn({ task: n, ...answer.failure }, 'submit refused')
        await end(n, { state: 'failed', failure: answer.failure }, state, ride, deps)
        return deps.turns.freed()
      case 'unknown':
        ride.log.warn({ task: n, ...answer.failure }, 'submit without an answer: outcome unknown, not repeated')
        await end(n, { state: 'ambiguous' }, state, ride, deps)
        return
      case 'not_taken': {
        deps.breaker.met(answer.failure)
        await deps.drive.notTaken(fence, n)
        note({ n, state: 'planned' }, state)
        leaveWhenIdle(state, deps)
        deps.turns.freed()
        ride.log.info({ task: n, failure: answer.failure.code }, 'submit not taken, waiting')
        const { retryAfterMs } = answer
        if (!(await waitOrFail(answer.failure, { n, tries, retryAfterMs }, state, ride, deps))) return
      }
    }
  }
}

/** Refusals that speak of one request, and so of an API at work. */
function isOfRequest(code: FailureCode): boolean {
  return code === 'invalid_request' || code === 'content_rejected'
}

/**
 * A planned task that can't be submitted now: waits where that can help, true when it is to be tried again; else ends
 * it with the words for what is wrong.
 */
async function waitOrFail(
  failure: Failure,
  { n, tries, retryAfterMs }: { readonly n: number; readonly tries: number; readonly retryAfterMs: number | null },
  state: DriveState,
  ride: Ride,
  deps: DriveDeps,
): Promise<boolean> {
  const leftMs = state.job.acceptedAt + deps.settings.taskTimeoutMs - deps.clock.now()
  if (leftMs <= 0 || !isPassing(failure.code)) {
    await end(n, { state: 'failed', failure }, state, ride, deps)
    return false
  }
  const ms = Math.min(leftMs, retryAfterMs ?? backoffMs(refusedBackoff, tries, deps.random))
  const waits = AbortSignal.any([ride.stopping, ride.cancelling])
  const rested = await orCancelled(
    deps.clock.sleep(ms, waits).then(() => true),
    ride,
  )
  if (rested === null) await endPlanned(n, state, ride, deps)
  return rested !== null
}

/** The one paid call, after its mark. */
async function post(n: number, state: DriveState, ride: Ride, deps: DriveDeps): Promise<SubmitAnswer> {
  const startedAt = deps.clock.monotonic()
  try {
    const inputUrls = deps.relay.urls(state.job.ready ?? [], deps.settings.taskTimeoutMs + submitMarginMs)
    const { request, id } = state.job
    const callbackUrl = deps.callbacks.url(id, n)
    let answer = await deps.api.submit({ request, inputUrls, callbackUrl }, ride.post)
    if (callbackUrl !== null && answer.kind === 'taken') deps.callbacks.taken()
    if (callbackUrl !== null && isInvalid(answer) && deps.callbacks.suspected()) {
      // A definite refusal: nothing was taken, so the same may be asked without the field.
      answer = await deps.api.submit({ request, inputUrls, callbackUrl: null }, ride.post)
      if (answer.kind === 'taken') deps.callbacks.refused()
    }
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

function isInvalid(answer: SubmitAnswer): boolean {
  return answer.kind === 'refused' && answer.failure.code === 'invalid_request'
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
