import { backoffMs } from './backoff.ts'
import { drive } from './drive.ts'
import { AppError, failureOf } from './failure.ts'
import { isLive, type LiveJob, type Receipt, type SurfaceName } from './job.ts'
import { patientStore } from './patience.ts'
import type { DriveStore, Gate, JobStore, Log, ReplicaStore } from './ports.ts'
import type { DriveDeps } from './ride.ts'

/** Drives this process's jobs and takes over those of the dead. */
export interface Runner {
  /** Begins to beat and to claim. */
  start(): void
  /** Drives a job that was accepted here; `ack` gives the receipt of the platform's ack. */
  adopt(job: LiveJob, ack: Promise<Receipt | null>): void
  /** Tells a job's drive that it was cancelled; false when it is not driven here. */
  cancelled(jobId: string): boolean
  /** How many jobs are driven here. */
  readonly size: number
  /** Ends everything: waits are left at once, deliveries and submits get `graceMs`, then the jobs are given back. */
  stop(graceMs: number): Promise<void>
}

export interface RunnerOptions extends Omit<DriveDeps, 'jobs' | 'drive'> {
  readonly owner: string
  readonly jobs: Pick<JobStore, 'get'>
  readonly drive: DriveStore
  readonly replicas: ReplicaStore
  readonly log: Log
  /** After this long without a heartbeat a replica counts as dead. */
  readonly ttlMs: number
}

interface Driven {
  readonly surface: SurfaceName
  readonly cancelling: AbortController
  readonly losing: AbortController
  readonly done: Promise<void>
}

const claimEveryMs = 1_500
const claimBatch = 200
const againBackoff = { firstMs: 1_000, mostMs: 60_000 }

export function createRunner(options: RunnerOptions): Runner {
  const { owner, replicas, surfaces, clock, random, log, ttlMs } = options
  const names = [...surfaces.keys()]
  const driven = new Map<string, Driven>()
  const stopping = new AbortController()
  const ending = new AbortController()
  const patience = patientStore(options, { clock, random, log, signal: ending.signal })
  const deps: DriveDeps = { ...options, ...patience }
  const loops: Promise<void>[] = []
  let beatAt = clock.monotonic()
  let beatingSince = clock.monotonic()

  const fresh = () => replicas.exclusive || clock.monotonic() - beatAt < ttlMs / 2

  function adopt(job: LiveJob, ack: Promise<Receipt | null> | null): void {
    if (stopping.signal.aborted || driven.has(job.id)) return
    const cancelling = new AbortController()
    const losing = new AbortController()
    if (job.cancelledAt !== null) cancelling.abort()
    const done = ride(job, ack, cancelling, losing).finally(() => {
      driven.delete(job.id)
      options.turns.leave({ personKey: `${job.surface}/${job.workspace}/${job.person.id}`, jobId: job.id })
    })
    driven.set(job.id, { surface: job.surface, cancelling, losing, done })
  }

  /** Drives until the job is over, lost, or this process ends; anything else is tried again. */
  async function ride(
    first: LiveJob,
    firstAck: Promise<Receipt | null> | null,
    cancelling: AbortController,
    losing: AbortController,
  ): Promise<void> {
    const gate: Gate = () => {
      if (losing.signal.aborted || !fresh()) throw new AppError('not_ours', { detail: 'heartbeat too old' })
    }
    const jobLog = log.child({ job: first.id })
    const call = { signal: AbortSignal.any([ending.signal, losing.signal]), gate }
    let job: LiveJob = first
    let ack = firstAck
    for (let attempt = 1; ; attempt += 1) {
      try {
        await drive(
          job,
          {
            owner,
            call,
            stopping: AbortSignal.any([stopping.signal, losing.signal]),
            cancelling: cancelling.signal,
            ack,
            live: () => countOn(first.surface),
            log: jobLog,
          },
          deps,
        )
        return
      } catch (error) {
        if (stopping.signal.aborted || losing.signal.aborted) return
        const failure = failureOf(error)
        if (failure.code === 'not_ours') {
          jobLog.warn({ detail: failure.detail }, 'job is not ours any more')
          return
        }
        jobLog.error({ err: error, failure: failure.code, attempt }, 'driving failed, trying again')
        const rested = await clock.sleep(backoffMs(againBackoff, attempt, random), stopping.signal).then(
          () => true,
          () => false,
        )
        const again = rested ? await deps.jobs.get(first.id).catch(() => null) : null
        if (again === null || !isLive(again)) return
        job = again
        ack = null
      }
    }
  }

  const countOn = (surface: SurfaceName) => {
    let count = 0
    for (const job of driven.values()) if (job.surface === surface) count += 1
    return count
  }

  async function beat(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const askedAt = clock.monotonic()
        await replicas.beat(owner, options.poller.size, names)
        // A database that was away makes everybody look dead: claiming waits for an unbroken series.
        if (clock.monotonic() - beatAt > ttlMs) beatingSince = clock.monotonic()
        beatAt = askedAt
      } catch (error) {
        log.warn({ failure: failureOf(error).code }, 'heartbeat not written')
      }
      await rest(ttlMs / 4)
    }
  }

  async function claim(): Promise<void> {
    while (!stopping.signal.aborted) {
      const trusted = replicas.exclusive || (fresh() && clock.monotonic() - beatingSince >= ttlMs)
      if (trusted) {
        try {
          // Drained until empty: a dead replica may have left more than one batch.
          for (let more = true; more && !stopping.signal.aborted; ) {
            const jobs = await replicas.claim(owner, names, ttlMs, claimBatch)
            for (const job of jobs) adopt(job, null)
            more = jobs.length === claimBatch
            if (jobs.length > 0) log.info({ jobs: jobs.length }, 'took over jobs')
          }
        } catch (error) {
          log.warn({ failure: failureOf(error).code }, 'could not look for jobs to take over')
        }
      }
      await rest(claimEveryMs * (0.75 + random() / 2))
    }
  }

  async function rest(ms: number): Promise<void> {
    // Stopping only cuts the rest short; the loops look at the signal themselves.
    await clock.sleep(ms, stopping.signal).catch(() => undefined)
  }

  return {
    start: () => {
      loops.push(beat(), claim())
    },
    adopt,
    cancelled: (jobId) => {
      const job = driven.get(jobId)
      job?.cancelling.abort()
      return job !== undefined
    },
    get size() {
      return driven.size
    },
    stop: async (graceMs) => {
      stopping.abort(new AppError('internal', { detail: 'stopping' }))
      const all = Promise.allSettled([...driven.values()].map((job) => job.done))
      const timer = new AbortController()
      await Promise.race([all, clock.sleep(graceMs, timer.signal).catch(() => undefined)])
      timer.abort()
      ending.abort(new AppError('not_ours', { detail: 'grace time over' }))
      await all
      await Promise.all(loops)
      await replicas.leave(owner)
    },
  }
}
