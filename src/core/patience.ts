import { backoffMs } from './backoff.ts'
import { AppError } from './failure.ts'
import { isLive } from './job.ts'
import type { Clock, DriveStore, JobStore, Log, Random } from './ports.ts'

export interface PatienceOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** For how long after a call that was not answered nobody else can have taken our jobs, in milliseconds. */
  readonly sureForMs: number
  /** Aborts when waiting any longer is pointless. */
  readonly signal: AbortSignal
}

const storeBackoff = { firstMs: 200, mostMs: 5_000 }

/** The store for driving jobs, which outlives a database that goes away for a while: each call waits until it works. */
export function patientStore(
  store: { readonly jobs: Pick<JobStore, 'get' | 'cancel'>; readonly drive: DriveStore },
  options: PatienceOptions,
): { readonly jobs: Pick<JobStore, 'get' | 'cancel'>; readonly drive: DriveStore } {
  const { clock, random, log, sureForMs, signal } = options

  async function patiently<T>(call: () => Promise<T>, onFailure: () => void = () => undefined): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'store_unavailable') throw error
        onFailure()
        if (attempt === 1) log.warn({ detail: error.detail }, 'store unavailable, waiting')
        await clock.sleep(backoffMs(storeBackoff, attempt, random), signal)
      }
    }
  }

  const { jobs, drive } = store

  /**
   * A mark whose commit was not heard of, because the database went away, is our own and no POST followed it: it is
   * taken back and set anew. A mark found without such a failure, or after so long that the job may have been in other
   * hands, may be somebody else's and stays.
   */
  const begin: DriveStore['begin'] = async (fence, n, limits) => {
    for (;;) {
      let unheardAt: number | null = null
      const answer = await patiently(
        () => drive.begin(fence, n, limits),
        () => {
          unheardAt ??= clock.monotonic()
        },
      )
      const unheardFor = clock.monotonic() - (unheardAt ?? Number.NEGATIVE_INFINITY)
      if (answer.kind !== 'skip' || unheardFor >= sureForMs) return answer
      const job = await patiently(() => jobs.get(fence.jobId))
      if (job?.tasks.find((task) => task.n === n)?.state !== 'submitting') return answer
      await patiently(() => drive.notTaken(fence, n))
    }
  }

  /** A close that was not heard of frees the job, so its repetition finds it no longer ours. */
  const close: DriveStore['close'] = async (fence, end) => {
    let unheard = false
    try {
      await patiently(
        () => drive.close(fence, end),
        () => {
          unheard = true
        },
      )
    } catch (error) {
      const job = unheard ? await patiently(() => jobs.get(fence.jobId)) : null
      if (job === null || isLive(job)) throw error
    }
  }

  return {
    jobs: { get: (id) => patiently(() => jobs.get(id)), cancel: (id) => patiently(() => jobs.cancel(id)) },
    drive: {
      opened: (...args) => patiently(() => drive.opened(...args)),
      prepared: (...args) => patiently(() => drive.prepared(...args)),
      begin,
      notTaken: (...args) => patiently(() => drive.notTaken(...args)),
      taken: (...args) => patiently(() => drive.taken(...args)),
      end: (...args) => patiently(() => drive.end(...args)),
      close,
    },
  }
}
