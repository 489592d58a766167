import { AppError } from '../core/failure.ts'
import { type Engine, parameters, type Session } from './engine.ts'
import { forget } from './ledger.ts'
import { batches } from './rows.ts'

/**
 * A commit whose answer was lost with the connection may have happened. Where that would give this process jobs that it
 * knows nothing of (it lives, so nobody else would take them), they are remembered here and put right as soon as the
 * database is back.
 */
export interface Doubts {
  /** An accept that was reported as failed: its person was told so, hence it must not run. */
  accepting(jobId: string, owner: string): void
  /** The accept was repeated and is certain now. */
  certain(jobId: string): void
  /** A claim that gave no jobs to its caller. */
  claiming(jobIds: readonly string[], owner: string): void
  /** Undoes what was in doubt. Throws `store_unavailable` and then goes on with it at the next call. */
  clear(): Promise<void>
}

export function createDoubts(engine: Engine): Doubts {
  const accepted = new Map<string, string>()
  const claimed = new Map<string, string>()
  return {
    accepting: (jobId, owner) => void accepted.set(jobId, owner),
    certain: (jobId) => void accepted.delete(jobId),
    claiming: (jobIds, owner) => {
      for (const id of jobIds) claimed.set(id, owner)
    },
    clear: async () => {
      for (const [jobId, owner] of accepted) {
        await engine.transaction((session) => withdraw(session, jobId, owner))
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

async function withdraw(session: Session, jobId: string, owner: string): Promise<void> {
  const gone = await session.run(
    `delete from jobs where id = $1 and owner = $2 and state = 'accepted' and cancelled_at is null returning id`,
    [jobId, owner],
  )
  if (gone.length > 0) await forget(session, jobId)
}

export function isInDoubt(error: unknown): boolean {
  return error instanceof AppError && error.code === 'store_unavailable'
}
