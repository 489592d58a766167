import { isLive, type LiveJob } from '../core/job.ts'
import type { ReplicaStore } from '../core/ports.ts'
import { type Doubts, isInDoubt, release } from './doubt.ts'
import { type Engine, parameters, type Session } from './engine.ts'
import { numberOf, readJobsById, textOf } from './rows.ts'

export interface ReplicaStoreOptions {
  /** True when this process alone can have the store. */
  readonly exclusive: boolean
  /** How long a heartbeat counts, in milliseconds. */
  readonly ttlMs: number
}

export function createReplicaStore(engine: Engine, doubts: Doubts, options: ReplicaStoreOptions): ReplicaStore {
  return {
    exclusive: options.exclusive,
    beat: async (owner, polling, surfaces) => {
      // Others only: whether the row just written is seen already differs between the engines.
      const [row] = await engine.run(
        `insert into replicas (id, beat, polling, surfaces) values ($1, @now, $2, $3)
          on conflict (id) do update set beat = excluded.beat, polling = excluded.polling, surfaces = excluded.surfaces
          returning (select cast(coalesce(sum(o.polling), 0) as bigint) from replicas o
            where o.id <> $1 and o.beat >= @now - cast($4 as bigint)) as others`,
        [owner, polling, JSON.stringify(surfaces), options.ttlMs],
      )
      return { polling: polling + numberOf(row, 'others') }
    },
    cancelled: async (owner) => {
      const rows = await engine.run(
        `select id from jobs where owner = $1 and cancelled_at is not null and ended_at is null and state <> 'settled'`,
        [owner],
      )
      return rows.map((row) => textOf(row, 'id'))
    },
    claim: async (owner, surfaces, ttlMs, limit) => {
      await doubts.clear()
      if (surfaces.length === 0) return []
      let ids: readonly string[] = []
      try {
        return await engine.transaction(async (session) => {
          ids = await takeOver(session, owner, surfaces, ttlMs, limit)
          const jobs = await readJobsById(session, ids)
          return jobs.filter((job): job is LiveJob => isLive(job)).sort(oldestFirst)
        })
      } catch (error) {
        if (isInDoubt(error)) doubts.claiming(ids, owner)
        throw error
      }
    },
    release: (owner, jobIds) => engine.transaction((session) => release(session, owner, jobIds)),
    leave: (owner) =>
      engine.transaction(async (session) => {
        await session.run('update jobs set owner = null where owner = $1 and ended_at is null', [owner])
        await session.run('delete from replicas where id = $1', [owner])
      }),
  }
}

/** Before anything else runs on a store that one process alone can have: whoever owned jobs is dead. */
export async function buryReplicas(engine: Engine): Promise<void> {
  await engine.transaction(async (session) => {
    await session.run('delete from replicas')
    await session.run('update jobs set owner = null where owner is not null and ended_at is null')
  })
}

/** How long the heartbeat of a dead replica is kept, in milliseconds: only for an operator to see. */
const obituaryMs = 86_400_000

/** Deletes the rows of replicas that died long ago. */
export async function forgetReplicas(session: Session): Promise<void> {
  await session.run(`delete from replicas where beat < @now - ${obituaryMs}`)
}

/** Other processes that do the same at this moment pass over the rows that we hold, and we over theirs. */
async function takeOver(
  session: Session,
  owner: string,
  surfaces: readonly string[],
  ttlMs: number,
  limit: number,
): Promise<readonly string[]> {
  const rows = await session.run(
    `with orphans as materialized (
        select id from jobs
          where ended_at is null and surface in (${parameters(4, surfaces.length)})
            and (owner is null or (owner <> $1 and owner not in (select id from replicas where beat >= @now - $2)))
          order by accepted_at limit $3 @skip)
      update jobs set owner = $1 where id in (select id from orphans) returning id`,
    [owner, ttlMs, limit, ...surfaces],
  )
  return rows.map((row) => textOf(row, 'id'))
}

function oldestFirst(a: LiveJob, b: LiveJob): number {
  return a.acceptedAt - b.acceptedAt || (a.id < b.id ? -1 : 1)
}
