import { AppError } from '../core/failure.ts'
import type { TaskState } from '../core/job.ts'
import type { Fence } from '../core/ports.ts'
import type { Session } from './engine.ts'
import { textOf, textOrNull } from './rows.ts'

interface HeldJob {
  readonly cancelled: boolean
}

export interface HeldTask {
  readonly n: number
  readonly state: TaskState
  readonly taskId: string | null
}

/**
 * The fence: holds the job for this transaction if it is the owner's, else throws `not_ours`. Whoever changes a job or
 * its tasks holds the job first, so tasks need no lock of their own.
 */
export async function holdJob(session: Session, fence: Fence): Promise<HeldJob> {
  const [row] = await session.run('select cancelled_at from jobs where id = $1 and owner = $2 @lock', [
    fence.jobId,
    fence.owner,
  ])
  if (row === undefined) throw new AppError('not_ours', { detail: `job ${fence.jobId}` })
  return { cancelled: row.cancelled_at !== null }
}

/** A task of a job that is held. */
export async function holdTask(session: Session, jobId: string, n: number): Promise<HeldTask> {
  const [row] = await session.run('select state, task_id from tasks where job = $1 and n = $2', [jobId, n])
  if (row === undefined) throw new AppError('internal', { detail: `job ${jobId} has no task ${n}` })
  return { n, state: textOf(row, 'state') as TaskState, taskId: textOrNull(row, 'task_id') }
}
