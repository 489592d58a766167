import { backoffMs } from './backoff.ts'
import { AppError, failureOf, isPassing } from './failure.ts'
import type { Job, LiveJob, Receipt } from './job.ts'
import type { ShowCall, Surface } from './ports.ts'
import type { DriveDeps, Ride } from './ride.ts'
import { endView, headOf, type JobView, shareView } from './view.ts'

export interface Delivery {
  /** Settled: its outcome is durable, showing it is only a step that can be repeated. */
  readonly job: LiveJob
  readonly receipt: Receipt | null
  readonly surface: Surface
  readonly ride: Ride
  readonly deps: DriveDeps
}

const showBackoff = { firstMs: 1_000, mostMs: 60_000 }
/** A chat that can't be reached for this many tries (about a quarter of an hour) is given up. */
const showTries = 20

/** Shows the outcome in the job's one message and closes the job. */
export async function deliver(delivery: Delivery): Promise<void> {
  const { job, ride, deps } = delivery
  const fence = { jobId: job.id, owner: ride.owner }
  const startedAt = deps.clock.monotonic()
  const shown = await showOutcome(delivery)
  await deps.step('shown', job.id)
  await deps.drive.close(fence, shown)
  await deps.step('delivered', job.id)
  const outcome = 'receipt' in shown ? shown.kind : 'abandoned'
  deps.meter.count('jobs_ended', { surface: job.surface, outcome })
  deps.meter.time('delivery', deps.clock.monotonic() - startedAt)
  deps.meter.time('result', deps.clock.now() - job.acceptedAt, { outcome })
  if ('failure' in shown) ride.log.warn({ failure: shown.failure.code }, 'abandoned: nowhere to show it')
  else ride.log.info({ outcome, tookMs: Math.round(deps.clock.now() - job.acceptedAt) }, 'delivered')
}

type Shown =
  | { readonly kind: JobView['kind']; readonly receipt: Receipt }
  | { readonly failure: { readonly code: AppError['code'] } }

async function showOutcome({ job, receipt, surface, ride, deps }: Delivery): Promise<Shown> {
  const fence = { jobId: job.id, owner: ride.owner }
  let view = await outcomeView(job, deps)
  let latest = receipt
  const call: ShowCall = {
    ...ride.call,
    keep: async (kept) => {
      latest = kept
      await deps.drive.opened(fence, kept)
    },
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (latest === null) {
        // A new message is first a placeholder whose receipt is stored: a crash then leaves words, never two pictures.
        latest = await surface.show(job.address, { ...headOf(job), kind: 'queued', place: null }, call)
        await deps.drive.opened(fence, latest)
      }
      return { kind: view.kind, receipt: await surface.show(latest.address, view, call) }
    } catch (error) {
      ride.call.signal.throwIfAborted()
      const failure = failureOf(error)
      if (failure.code === 'not_ours' || failure.code === 'store_unavailable') throw error
      if (failure.code === 'delivery_gone' || failure.code === 'token_rejected') return { failure }
      if (isPassing(failure.code)) {
        if (attempt >= showTries) {
          if (view.kind !== 'result') return { failure }
          // Perhaps only the picture can't be had: the words get one more try.
          view = { ...headOf(job), kind: 'failed', failure }
          continue
        }
        const ms =
          (error instanceof AppError ? error.retryAfterMs : undefined) ?? backoffMs(showBackoff, attempt, deps.random)
        ride.log.warn({ failure: failure.code, attempt }, 'result not shown yet')
        // Stopping hands the job back: its outcome is stored, another process shows it.
        await deps.clock.sleep(ms, ride.stopping)
        continue
      }
      // The picture can't be shown: the person gets the words instead, once.
      ride.log.error({ failure: failure.code, detail: failure.detail }, 'result can’t be shown')
      if (view.kind !== 'result') return { failure }
      view = { ...headOf(job), kind: 'failed', failure }
    }
  }
}

/** What became of the job; of a share, the pictures of the job that it shows, as the chat has them. */
async function outcomeView(job: LiveJob, deps: DriveDeps): Promise<JobView> {
  if (job.action !== 'share') return endView(job, (_n, url) => deps.api.result(url))
  const shared = job.parentId === null ? null : await deps.jobs.get(job.parentId)
  const surface = shared === null ? undefined : deps.surfaces.get(shared.surface)
  if (shared?.state !== 'delivered' || surface === undefined)
    return { ...headOf(job), kind: 'failed', failure: { code: 'result_gone' } }
  const maker = await makerOf(shared, deps)
  return shareView(job, shared, maker, (n) => surface.picture(shared.receipt, n).picture)
}

/** The job that made the pictures which a share passes on; the share itself when its maker is forgotten. */
async function makerOf(job: Job, deps: DriveDeps): Promise<Job> {
  if (job.action !== 'share' || job.parentId === null) return job
  const parent = await deps.jobs.get(job.parentId)
  return parent === null ? job : makerOf(parent, deps)
}
