import { AppError } from '../core/failure.ts'
import { type Engine, parameters, type Session } from './engine.ts'
import { batches } from './rows.ts'

/**
 * A commit whose answer was lost with the connection may have happened. Where that would give this process jobs that it
 * knows nothing of (it lives, so nobody else would take them), they are remembered here and put right as soon as the
 * database is back.
 */
export interface Doubts {
  /** An accept that nobody repeats; `disown` finds out whether it was written, and gives it back then. */
  accepting(jobId: string, disown: (session: Session) => Promise<void>): void
  /** A claim that gave no jobs to its caller. */
  claiming(jobIds: readonly string[], owner: string): void
  /** Puts right what was in doubt. Throws `store_unavailable` and then goes on with it at the next call. */
  clear(): Promise<void>
}

export function createDoubts(engine: Engine): Doubts {
  const accepted = new Map<string, (session: Session) => Promise<void>>()
  const claimed = new Map<string, string>()
  return {
    accepting: (jobId, disown) => void accepted.set(jobId, disown),
    claiming: (jobIds, owner) => {
      for (const id of jobIds) claimed.set(id, owner)
    },
    clear: async () => {
      for (const [jobId, disown] of accepted) {
        await engine.transaction(disown)
        accepted.delete(jobId)
      }
      for (const [owner, ids] of Map.groupBy(claimed.keys(), (id) => claimed.get(id) ?? '')) {
        await release(engine, owner, ids)
        for (const id of ids) claimed.delete(id)
      }
    },
  }
}

/** Gives live jobs back, those that are still the owner's. */
export async function release(session: Session, owner: string, jobIds: readonly string[]): Promise<void> {
  for (const batch of batches(jobIds))
    await session.run(
      `update jobs set owner = null where owner = $1 and ended_at is null and id in (${parameters(2, batch.length)})`,
      [owner, ...batch],
    )
}

export function isInDoubt(error: unknown): boolean {
  return error instanceof AppError && error.code === 'store_unavailable'
}
