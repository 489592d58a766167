import { AppError, type Failure } from '../core/failure.ts'
import { type LiveJob, mayMove, type ReadyInput, type Receipt, type Task, type TaskEnd } from '../core/job.ts'
import type { DriveStore, Fence } from '../core/ports.ts'
import { begin } from './begin.ts'
import type { Engine, Session } from './engine.ts'
import { type HeldTask, holdJob, holdTask } from './fence.ts'
import { holdAgain, noteLate, resolve } from './ledger.ts'
import { numberOf, readLiveJob } from './rows.ts'
import { secretKeepMs, secretText } from './secret.ts'
import { settleWhenDone } from './settle.ts'

export function createDriveStore(engine: Engine): DriveStore {
  return {
    opened: (fence, receipt) => engine.transaction((session) => opened(session, fence, receipt)),
    prepared: (fence, ready) => engine.transaction((session) => prepared(session, fence, ready)),
    begin: (fence, n, limits) => engine.transaction((session) => begin(session, fence, n, limits)),
    notTaken: (fence, n) => engine.transaction((session) => notTaken(session, fence, n)),
    taken: (jobId, n, taskId) => engine.transaction((session) => taken(session, jobId, n, taskId)),
    end: (fence, n, end) => engine.transaction((session) => endTask(session, fence, n, end)),
    close: (fence, close) => engine.transaction((session) => closeJob(session, fence, close)),
  }
}

async function opened(session: Session, fence: Fence, receipt: Receipt): Promise<void> {
  await holdJob(session, fence)
  await writeReceipt(session, fence.jobId, receipt)
}

/** The job's message is where the receipt says: its address takes the place of the one before. */
async function writeReceipt(session: Session, jobId: string, { address, messageKey, files }: Receipt): Promise<void> {
  await session.run(
    `update jobs set address = $2, secret = $3, secret_until = @now + ${secretKeepMs}, message_key = $4, files = $5
      where id = $1`,
    [jobId, JSON.stringify(address.at), secretText(address), messageKey, JSON.stringify(files)],
  )
}

async function prepared(session: Session, fence: Fence, ready: readonly ReadyInput[]): Promise<void> {
  await holdJob(session, fence)
  await session.run('update jobs set ready = $2 where id = $1', [fence.jobId, JSON.stringify(ready)])
}

async function notTaken(session: Session, fence: Fence, n: number): Promise<void> {
  const job = await holdJob(session, fence)
  const task = await holdTask(session, fence.jobId, n)
  if (task.state === 'planned' || task.state === 'cancelled') return
  refuseMove(task, 'planned')
  await session.run(
    `update tasks set state = 'planned', submitted_at = null, slot_until = null where job = $1 and n = $2`,
    [fence.jobId, n],
  )
  // It was under way when somebody cancelled the job, so the cancel passed it over; now it is planned like the others.
  if (job.cancelled) await finish(session, fence.jobId, { ...task, state: 'planned' }, { state: 'cancelled' })
}

async function endTask(session: Session, fence: Fence, n: number, end: TaskEnd): Promise<LiveJob> {
  await holdJob(session, fence)
  const task = await holdTask(session, fence.jobId, n)
  if (!isOver(task, end)) await finish(session, fence.jobId, task, end)
  return readLiveJob(session, fence.jobId)
}

/**
 * Whether there is nothing to end: the task has ended already (the same end told twice, or a cancel that came first), or
 * its outcome is to be called unknown while its task id has just become known.
 */
function isOver(task: HeldTask, end: TaskEnd): boolean {
  const ended = task.state !== 'planned' && task.state !== 'submitting' && task.state !== 'polling'
  return ended || (task.state === 'polling' && end.state === 'ambiguous')
}

async function finish(session: Session, jobId: string, task: HeldTask, end: TaskEnd): Promise<void> {
  refuseMove(task, end.state)
  // Whose outcome is unknown may still be running at the image API: it keeps its slot until the time set at the begin.
  const slot = end.state === 'ambiguous' ? 'slot_until' : 'null'
  await session.run(
    `update tasks set state = $3, urls = $4, failure = $5, ended_at = @now, slot_until = ${slot}
      where job = $1 and n = $2`,
    [
      jobId,
      task.n,
      end.state,
      end.state === 'completed' ? JSON.stringify(end.urls) : null,
      end.state === 'failed' ? JSON.stringify(end.failure) : null,
    ],
  )
  await resolve(session, jobId, task.n, end.state === 'completed' ? 'capture' : 'refund')
  await settleWhenDone(session, jobId)
}

/**
 * Not fenced: a task id is a fact, also from a process that lost the job. What it changes:
 * - `submitting`: the ordinary answer, becomes polling.
 * - `ambiguous` of a live job: becomes polling too, its refund is taken back; a job that this ambiguity had settled runs
 *   again. Somebody may be showing it as settled at this moment: then `close` gives the task up once more.
 * - `ambiguous` of a closed job: its person was told and has the credits back, so the task stays as it is. The id is kept
 *   for the operator, with a `late` entry for the credits that the image API took.
 * Any other state never had a POST without an answer, so there is nothing to learn.
 */
async function taken(session: Session, jobId: string, n: number, taskId: string): Promise<boolean> {
  const [job] = await session.run('select ended_at from jobs where id = $1 @lock', [jobId])
  if (job === undefined) return false
  const task = await holdTask(session, jobId, n)
  if (task.taskId !== null || (task.state !== 'submitting' && task.state !== 'ambiguous')) return false
  const closed = job.ended_at !== null
  await session.run(
    closed
      ? 'update tasks set task_id = $3 where job = $1 and n = $2'
      : `update tasks set task_id = $3, state = 'polling', ended_at = null where job = $1 and n = $2`,
    [jobId, n, taskId],
  )
  if (closed) {
    await noteLate(session, jobId, n)
  } else if (task.state === 'ambiguous') {
    await holdAgain(session, jobId, n)
    await session.run(`update jobs set state = 'running' where id = $1 and state = 'settled'`, [jobId])
  }
  return true
}

/**
 * What is still under way when a job is closed (it is abandoned early, or an ambiguous task turned out to be running
 * while its job was being shown) is resolved as if the close had come first: nobody will watch or show it any more, so
 * its hold is refunded; what the image API may be running keeps its slot, and what it certainly took is noted as late.
 */
async function giveUp(session: Session, jobId: string): Promise<void> {
  const rows = await session.run(
    `select n, state, task_id from tasks where job = $1 and state in ('planned', 'submitting', 'polling') order by n`,
    [jobId],
  )
  for (const row of rows) {
    const n = numberOf(row, 'n')
    const end = row.state === 'planned' ? 'cancelled' : 'ambiguous'
    await session.run('update tasks set state = $3, ended_at = @now where job = $1 and n = $2', [jobId, n, end])
    await resolve(session, jobId, n, 'refund')
    if (row.state === 'polling') await noteLate(session, jobId, n)
  }
}

async function closeJob(
  session: Session,
  fence: Fence,
  close: { readonly receipt: Receipt } | { readonly failure: Failure },
): Promise<void> {
  await holdJob(session, fence)
  await giveUp(session, fence.jobId)
  if ('receipt' in close) await writeReceipt(session, fence.jobId, close.receipt)
  const failure = 'failure' in close ? JSON.stringify(close.failure) : null
  // Without an owner nobody's fence fits any more. What was made ready may be a signed URL.
  await session.run(
    `update jobs set state = $2, failure = $3, ended_at = @now, owner = null, secret = null, ready = null where id = $1`,
    [fence.jobId, failure === null ? 'delivered' : 'abandoned', failure],
  )
}

function refuseMove(task: HeldTask, to: Task['state']): void {
  if (mayMove(task.state, to)) return
  throw new AppError('internal', { detail: `task ${task.n} can't move from ${task.state} to ${to}` })
}
