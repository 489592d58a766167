import { backoffMs } from './backoff.ts'
import { drive } from './drive.ts'
import { AppError, failureOf } from './failure.ts'
import { createHeartbeat } from './heartbeat.ts'
import { isLive, type LiveJob, type Receipt } from './job.ts'
import { patientStore } from './patience.ts'
import type { DriveStore, Gate, Hint, Hints, JobStore, Log, ReplicaStore } from './ports.ts'
import type { DriveDeps } from './ride.ts'
import { watchKeyOf } from './watched.ts'

/** Drives this process's jobs and takes over those of the dead. */
export interface Runner {
  /** Begins to beat and to claim; resolves when the first heartbeat was tried. */
  start(): Promise<void>
  /** Drives a job that was accepted here; `ack` gives the receipt of the platform's ack. */
  adopt(job: LiveJob, ack: Promise<Receipt | null>): void
  /** How many jobs are driven here. */
  readonly size: number
  /** Ends everything: waits are left at once, deliveries and submits get `graceMs`, then the jobs are given back. */
  stop(graceMs: number): Promise<void>
}

export interface RunnerOptions extends Omit<DriveDeps, 'jobs' | 'drive'> {
  readonly owner: string
  readonly jobs: Pick<JobStore, 'get' | 'cancel'>
  readonly drive: DriveStore
  readonly replicas: ReplicaStore
  readonly hints: Pick<Hints, 'listen'>
  readonly log: Log
  /** Status queries a second, of all replicas together: shared by the number of tasks that each watches. */
  readonly looksPerSecond: number
  /** After this long without a heartbeat a replica counts as dead. */
  readonly ttlMs: number
}

interface Driven {
  readonly cancelling: AbortController
  readonly losing: AbortController
  readonly done: Promise<void>
}

const claimEveryMs = 1_500
const claimBatch = 200
/** A silence that nobody keeps: about thirty years. */
const neverMs = 1e12
const cancelEveryMs = 1_000
const againBackoff = { firstMs: 1_000, mostMs: 60_000 }

export function createRunner(options: RunnerOptions): Runner {
  const { owner, replicas, surfaces, clock, random, log, ttlMs } = options
  const names = [...surfaces.keys()]
  const driven = new Map<string, Driven>()
  const stopping = new AbortController()
  const ending = new AbortController()
  // Younger than half the TTL, a heartbeat of ours keeps everybody else from our jobs.
  const sureForMs = replicas.exclusive ? Number.POSITIVE_INFINITY : ttlMs / 2
  const patience = patientStore(options, { clock, random, log, sureForMs, signal: ending.signal })
  const deps: DriveDeps = { ...options, ...patience }
  const loops: Promise<void>[] = []
  const heart = createHeartbeat({ ...options, surfaces: names })

  const releasing = new Set<Promise<void>>()

  /** Jobs driven here on each surface, and in each channel: every progress edit asks. */
  const live = new Map<string, number>()
  const count = (job: LiveJob, by: 1 | -1) => {
    for (const place of [job.surface, channelOf(job)]) {
      const left = (live.get(place) ?? 0) + by
      if (left === 0) live.delete(place)
      else live.set(place, left)
    }
  }

  function adopt(job: LiveJob, ack: Promise<Receipt | null> | null): void {
    if (stopping.signal.aborted) return
    const known = driven.get(job.id)
    if (known !== undefined) {
      // Claimed while driven: it was lost in between, so what its ride knows is stale. The ride ends and gives it back.
      known.losing.abort(new AppError('not_ours', { detail: 'claimed anew' }))
      return
    }
    const cancelling = new AbortController()
    const losing = new AbortController()
    const done = ride(job, ack, cancelling, losing).then((end) => {
      driven.delete(job.id)
      count(job, -1)
      options.turns.leave({ personKey: `${job.surface}/${job.workspace}/${job.person.id}`, jobId: job.id })
      if (end === 'lost' || losing.signal.aborted) giveBack(job.id)
    })
    driven.set(job.id, { cancelling, losing, done })
    count(job, 1)
  }

  /** Drives until the job is over, lost, or this process ends; anything else is tried again. */
  async function ride(
    first: LiveJob,
    ack: Promise<Receipt | null> | null,
    cancelling: AbortController,
    losing: AbortController,
  ): Promise<'over' | 'lost'> {
    const adoptedAt = clock.monotonic()
    const gate: Gate = () => {
      // A job held since before a gap in our heartbeats may be somebody else's by now.
      if (losing.signal.aborted || !heart.holds(adoptedAt))
        throw new AppError('not_ours', { detail: 'heartbeat too old' })
    }
    const jobLog = log.child({ job: first.id })
    const halting = AbortSignal.any([stopping.signal, losing.signal])
    const way = {
      owner,
      call: { signal: AbortSignal.any([ending.signal, losing.signal]), gate },
      post: { signal: ending.signal, gate },
      stopping: halting,
      cancelling: cancelling.signal,
      cancel: () => cancelling.abort(),
      live: () => ({ surface: live.get(first.surface) ?? 0, channel: live.get(channelOf(first)) ?? 0 }),
      log: jobLog,
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        const job = attempt === 1 ? first : await deps.jobs.get(first.id)
        if (job === null || !isLive(job)) return 'over'
        if (job.cancelledAt !== null) cancelling.abort()
        await drive(job, { ...way, ack: attempt === 1 ? ack : null }, deps)
        return 'over'
      } catch (error) {
        if (halting.aborted) return 'over'
        const failure = failureOf(error)
        if (failure.code === 'not_ours') {
          jobLog.warn({ detail: failure.detail }, 'job is not ours any more')
          return 'lost'
        }
        jobLog.error({ err: error, failure: failure.code, attempt }, 'driving failed, trying again')
        await clock.sleep(backoffMs(againBackoff, attempt, random), halting).catch(() => undefined)
        if (halting.aborted) return 'over'
      }
    }
  }

  /**
   * A lost job may still be ours in the store (the gate closed for a while only): given back, so that it is claimed like
   * any other instead of waiting for this process to die.
   */
  function giveBack(jobId: string): void {
    const patient = async () => {
      for (let attempt = 1; !stopping.signal.aborted; attempt += 1) {
        try {
          return await replicas.release(owner, [jobId])
        } catch (error) {
          log.warn({ job: jobId, failure: failureOf(error).code }, 'job not given back yet')
          await rest(backoffMs(againBackoff, attempt, random))
        }
      }
    }
    const done = patient().finally(() => releasing.delete(done))
    releasing.add(done)
  }

  async function keepBeating(): Promise<void> {
    while (!stopping.signal.aborted) {
      await rest(ttlMs / 4)
      if (!stopping.signal.aborted) await heart.beat()
    }
  }

  /** Hints only hasten what is found by itself a little later. */
  function heed(hint: Hint): void {
    switch (hint.kind) {
      case 'due':
        options.poller.nudge(watchKeyOf(hint.jobId, hint.n))
        return
      case 'cancelled':
        driven.get(hint.jobId)?.cancelling.abort()
        return
      case 'freed':
        options.turns.freed()
        return
    }
  }

  /** What other replicas cancelled, should their hints get lost. */
  async function watchCancelled(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        for (const jobId of await replicas.cancelled(owner)) driven.get(jobId)?.cancelling.abort()
      } catch (error) {
        log.debug({ failure: failureOf(error).code }, 'could not look for cancelled jobs')
      }
      await rest(cancelEveryMs)
    }
  }

  async function claim(): Promise<void> {
    while (!stopping.signal.aborted) {
      // What was given back may be taken at once; the silence of others means their death only after a while.
      const silenceMs = heart.unbroken() ? ttlMs : neverMs
      try {
        // Drained until empty: a dead replica may have left more than one batch.
        for (let more = true; more && !stopping.signal.aborted; ) {
          const jobs = await replicas.claim(owner, names, silenceMs, claimBatch)
          for (const job of jobs) adopt(job, null)
          more = jobs.length === claimBatch
          if (jobs.length > 0) log.info({ jobs: jobs.length }, 'took over jobs')
        }
      } catch (error) {
        log.warn({ failure: failureOf(error).code }, 'could not look for jobs to take over')
      }
      await rest(claimEveryMs * (0.75 + random() / 2))
    }
  }

  async function rest(ms: number): Promise<void> {
    // Stopping only cuts the rest short; the loops look at the signal themselves.
    await clock.sleep(ms, stopping.signal).catch(() => undefined)
  }

  options.hints.listen(heed, stopping.signal)

  return {
    start: async () => {
      await heart.beat()
      loops.push(keepBeating(), claim())
      if (!replicas.exclusive) loops.push(watchCancelled())
    },
    adopt,
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
      await Promise.all([...loops, ...releasing])
      await replicas.leave(owner).catch((error: unknown) => {
        // Without a heartbeat the jobs are claimed all the same, only later.
        log.warn({ failure: failureOf(error).code }, 'jobs not given back')
      })
    },
  }
}

function channelOf({ surface, channel }: LiveJob): string {
  return `${surface}/${channel}`
}
