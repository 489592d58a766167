import type { BeginAnswer, Fence, SubmitLimits } from '../core/ports.ts'
import type { Session } from './engine.ts'
import { holdJob, holdTask } from './fence.ts'
import { numberOf } from './rows.ts'

/** How long to wait for a slot before asking again, in milliseconds: nobody knows when one is freed. */
const slotWaitMs = 250

/** The mark `submitting`, where slots and rate allow it now: set before the POST, so that no POST goes unrecorded. */
export async function begin(session: Session, fence: Fence, n: number, limits: SubmitLimits): Promise<BeginAnswer> {
  await holdJob(session, fence)
  const task = await holdTask(session, fence.jobId, n)
  if (task.state !== 'planned') return { kind: 'skip' }
  // The one row that all begins hold: until we commit nobody else counts, so the last slot is given once.
  const [rate] = await session.run(`select tat from limits where key = 'submit' @lock`)
  const { used, now } = await countSlots(session)
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

/**
 * Slots are counted, never kept as a number that could leak: each task that the image API may be at, until the time set
 * at its begin. What is watched on after that (it is overdue), or was never heard of again, holds nobody else up.
 */
async function countSlots(session: Session): Promise<{ readonly used: number; readonly now: number }> {
  const [row] = await session.run(
    `select @now as now, (select count(*) from tasks
      where slot_until > @now and state in ('submitting', 'polling', 'ambiguous')) as used`,
  )
  return { used: numberOf(row, 'used'), now: numberOf(row, 'now') }
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
