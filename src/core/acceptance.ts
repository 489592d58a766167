import { backoffMs } from './backoff.ts'
import { AppError, failureOf } from './failure.ts'
import type { AcceptAnswer, Caps, Clock, JobStore, Log, NewJob } from './ports.ts'

interface AcceptanceOptions {
  readonly jobs: Pick<JobStore, 'accept' | 'disown'>
  readonly caps: Caps
  readonly acceptPatienceMs: number
  readonly clock: Clock
  readonly log: Log
}

const backoff = { firstMs: 200, mostMs: 2_000 }

/**
 * Writes requests down. A shared database that does not answer may have taken one all the same, or another replica may
 * have: a refusal would then be wrong, so the same entry is tried again for a while before anybody is told no.
 *
 * "Nothing was started" is said only where no commit was sent. One that was not answered may stand, and another replica
 * may be at it already, so it can't be taken back: the person is told to wait, and if the job is there it lives, is
 * claimed like any other and brings its picture. If it is not, it is never written anew: nobody pays for what came long
 * after they asked again.
 */
export function createAcceptance({ jobs, caps, acceptPatienceMs, clock, log }: AcceptanceOptions) {
  return async (entry: NewJob): Promise<AcceptAnswer> => {
    const until = clock.monotonic() + acceptPatienceMs
    let unheard = false
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await jobs.accept(entry, caps)
      } catch (error) {
        unheard ||= error instanceof AppError && error.unheard
        const { code } = failureOf(error)
        const waitMs = backoffMs(backoff, attempt, () => 0)
        if (code === 'store_unavailable' && clock.monotonic() + waitMs < until) {
          await clock.sleep(waitMs, new AbortController().signal)
          continue
        }
        if (unheard) {
          jobs.disown(entry)
          log.error({ err: error, job: entry.id }, 'request perhaps written down')
          return { kind: 'refused', failure: { code: 'accept_unknown' } }
        }
        log.error({ err: error }, 'request not written down')
        return { kind: 'refused', failure: { code: code === 'store_unavailable' ? code : 'internal' } }
      }
    }
  }
}
