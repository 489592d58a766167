import type { BeginAnswer, Fence, SubmitLimits } from '../core/ports.ts'
import type { Session } from './engine.ts'
import { holdJob, holdTask } from './fence.ts'
import { numberOf } from './rows.ts'
import { holdsSlot } from './slot.ts'

/** How long to wait for a slot before asking again, in milliseconds: nobody knows when one is freed. */
const slotWaitMs = 250
/** The same for a place of one's own: what frees it here is told at once, elsewhere it is found within a second. */
const personWaitMs = 500

/** The mark `submitting`, where slots and rate allow it now: set before the POST, so that no POST goes unrecorded. */
export async function begin(session: Session, fence: Fence, n: number, limits: SubmitLimits): Promise<BeginAnswer> {
  await holdJob(session, fence)
  const task = await holdTask(session, fence.jobId, n)
  if (task.state !== 'planned') return { kind: 'skip' }
  // The one row that all begins hold: until we commit nobody else counts, so the last slot is given once.
  const [rate] = await session.run(`select tat from limits where key = 'submit' @lock`)
  const { used, jobs, own, now } = await count(session, fence.jobId)
  // A job that runs may begin all its tasks: only a further one needs a place.
  if (own === 0 && jobs >= limits.maxRunningPerPerson) return { kind: 'person_busy', ms: personWaitMs }
  const turn = nextTurn(numberOf(rate, 'tat'), now, limits.perSecond)
  const ms = Math.max(used < limits.maxInFlight ? 0 : slotWaitMs, turn.waitMs)
  if (ms > 0) return { kind: 'wait', ms }
  await session.run(`update limits set tat = $1 where key = 'submit'`, [turn.tat])
  await session.run(
    `update tasks set state = 'submitting', submitted_at = $3, slot_until = $4 where job = $1 and n = $2`,
    [fence.jobId, n, now, now + limits.slotMs],
  )
  await session.run(`update jobs set state = 'running' where id = $1 and state = 'accepted'`, [fence.jobId])
  return { kind: 'go', submittedAt: now }
}

interface Counts {
  readonly used: number
  /** Running jobs of the job's person. */
  readonly jobs: number
  /** Slots of the job itself. */
  readonly own: number
  readonly now: number
}

/**
 * Slots of all, and of the person's live jobs. An unknown outcome counts there too while its job lives, for a task id
 * learnt late makes it run again. The `cross join`s keep SQLite to this order, which does not grow with what others do.
 */
async function count(session: Session, jobId: string): Promise<Counts> {
  const [row] = await session.run(
    `select @now as now, (select count(*) from tasks t where ${holdsSlot}) as used, person.jobs, person.own
      from (select count(distinct t.job) as jobs, count(case when t.job = $1 then 1 end) as own
        from jobs me cross join jobs j cross join tasks t
        where me.id = $1
          and j.person_id = me.person_id and j.workspace = me.workspace and j.surface = me.surface and j.ended_at is null
          and t.job = j.id and ${holdsSlot}) person`,
    [jobId],
  )
  return {
    used: numberOf(row, 'used'),
    jobs: numberOf(row, 'jobs'),
    own: numberOf(row, 'own'),
    now: numberOf(row, 'now'),
  }
}

/**
 * The generic cell rate algorithm with a burst of one second's worth: `tat`, the theoretical arrival time of the next
 * submit in microseconds since the epoch, may be at most that far ahead of now.
 */
function nextTurn(tat: number, nowMs: number, perSecond: number): { readonly tat: number; readonly waitMs: number } {
  const now = nowMs * 1_000
  const step = Math.round(1_000_000 / perSecond)
  const ahead = Math.max(1_000_000, step)
  // Further ahead than any submit leaves it: the clock was set back, which must not stop submits for as long.
  const next = Math.min(Math.max(tat, now), now + ahead) + step
  return { tat: next, waitMs: Math.max(0, Math.ceil((next - ahead - now) / 1_000)) }
}
