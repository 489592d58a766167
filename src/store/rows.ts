import { AppError, type Failure } from '../core/failure.ts'
import type { Job, JobAction, JobState, LiveJob, Receipt, Task, TaskState } from '../core/job.ts'
import { isLive } from '../core/job.ts'
import { parameters, type Row, type Session, type Value } from './engine.ts'

/** How many jobs are read with one statement. */
const readBatch = 64

const columns = `
  j.id, j.surface, j.workspace, j.channel, j.person_id, j.person_name, j.locale, j.action, j.parent_id, j.request,
  j.inputs, j.omitted, j.ready, j.state, j.address, j.secret, j.message_key, j.files, j.failure, j.accepted_at, j.cancelled_at,
  j.ended_at, t.n, t.state as task_state, t.task_id, t.submitted_at, t.urls, t.failure as task_failure,
  t.ended_at as task_ended_at`

/** Reads whole jobs, newest first; `source` gives the rows of `jobs`. */
export async function readJobs(session: Session, source: string, values: readonly Value[]): Promise<readonly Job[]> {
  const rows = await session.run(
    `select ${columns} from ${source} j left join tasks t on t.job = j.id order by j.accepted_at desc, j.id desc, t.n`,
    values,
  )
  const jobs = Map.groupBy(rows, (row) => textOf(row, 'id'))
  return [...jobs.values()].map((rows) => jobOf(rows))
}

/** The jobs of these ids, newest first within each batch. */
export async function readJobsById(session: Session, ids: readonly string[]): Promise<readonly Job[]> {
  const jobs: Job[] = []
  for (const batch of batches(ids))
    jobs.push(...(await readJobs(session, `(select * from jobs where id in (${parameters(1, batch.length)}))`, batch)))
  return jobs
}

/** `ids` in parts of one size, the last one filled up with null: so there is one statement to prepare, not many. */
export function batches(ids: readonly string[]): readonly (readonly Value[])[] {
  const [first, ...rest] = ids
  if (first === undefined) return []
  if (rest.length === 0) return [[first]]
  return Array.from({ length: Math.ceil(ids.length / readBatch) }, (_, at) =>
    Array.from({ length: readBatch }, (_, n) => ids[at * readBatch + n] ?? null),
  )
}

export async function readJob(session: Session, id: string): Promise<Job | null> {
  const [job] = await readJobsById(session, [id])
  return job ?? null
}

export async function readLiveJob(session: Session, id: string): Promise<LiveJob> {
  const job = await readJob(session, id)
  if (job === null || !isLive(job)) throw new AppError('internal', { detail: `job ${id} is not live` })
  return job
}

/** A job from its rows, one a task. */
function jobOf(rows: readonly Row[]): Job {
  const [row] = rows
  if (row === undefined) throw new AppError('internal', { detail: 'job without tasks' })
  const address = { at: jsonOf<Receipt['address']['at']>(row, 'address'), secret: secretOf(row) }
  const files = textOrNull(row, 'files')
  const receipt: Receipt | null =
    files === null ? null : { address, messageKey: textOrNull(row, 'message_key'), files: JSON.parse(files) }
  const facts = {
    id: textOf(row, 'id'),
    surface: textOf(row, 'surface'),
    workspace: textOf(row, 'workspace'),
    channel: textOf(row, 'channel'),
    person: { id: textOf(row, 'person_id'), name: textOf(row, 'person_name') },
    locale: textOf(row, 'locale'),
    action: textOf(row, 'action') as JobAction,
    parentId: textOrNull(row, 'parent_id'),
    request: jsonOf<Job['request']>(row, 'request'),
    inputs: jsonOf<Job['inputs']>(row, 'inputs'),
    omitted: jsonOf<Job['omitted']>(row, 'omitted'),
    acceptedAt: numberOf(row, 'accepted_at'),
    cancelledAt: numberOrNull(row, 'cancelled_at'),
    // A share has none.
    tasks: rows.filter(({ n }) => n !== null).map(taskOf),
    address,
  }
  const state = textOf(row, 'state') as JobState
  switch (state) {
    case 'accepted':
    case 'running':
    case 'settled':
      return { ...facts, state, receipt, ready: row.ready === null ? null : jsonOf<LiveJob['ready']>(row, 'ready') }
    case 'delivered':
      if (receipt === null) throw unreadable('files')
      return { ...facts, state, receipt, endedAt: numberOf(row, 'ended_at') }
    case 'abandoned':
      return { ...facts, state, failure: jsonOf<Failure>(row, 'failure'), endedAt: numberOf(row, 'ended_at') }
    default:
      throw unreadable('state', state)
  }
}

function taskOf(row: Row): Task {
  const n = numberOf(row, 'n')
  const state = textOf(row, 'task_state') as TaskState
  switch (state) {
    case 'planned':
      return { n, state }
    case 'submitting':
      return { n, state, submittedAt: numberOf(row, 'submitted_at') }
    case 'polling':
      return { n, state, submittedAt: numberOf(row, 'submitted_at'), taskId: textOf(row, 'task_id') }
    case 'completed':
      return {
        n,
        state,
        submittedAt: numberOf(row, 'submitted_at'),
        taskId: textOf(row, 'task_id'),
        urls: jsonOf<readonly string[]>(row, 'urls'),
        endedAt: numberOf(row, 'task_ended_at'),
      }
    case 'failed':
      return { n, state, failure: jsonOf<Failure>(row, 'task_failure'), endedAt: numberOf(row, 'task_ended_at') }
    case 'ambiguous':
      return { n, state, submittedAt: numberOf(row, 'submitted_at'), endedAt: numberOf(row, 'task_ended_at') }
    case 'cancelled':
      return { n, state, endedAt: numberOf(row, 'task_ended_at') }
    default:
      throw unreadable('task state', state)
  }
}

function secretOf(row: Row): Receipt['address']['secret'] {
  return row.secret === null ? null : jsonOf<Receipt['address']['secret']>(row, 'secret')
}

/**
 * A JSON column. The store alone writes them, from values of this very type; versions only add to the types, so that
 * replicas of two versions read each other's rows.
 */
function jsonOf<T>(row: Row, column: string): T {
  return JSON.parse(textOf(row, column))
}

export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column]
  if (typeof value !== 'string') throw unreadable(column)
  return value
}

export function textOrNull(row: Row | undefined, column: string): string | null {
  return row?.[column] === null ? null : textOf(row, column)
}

export function numberOf(row: Row | undefined, column: string): number {
  const value = row?.[column]
  if (typeof value !== 'number') throw unreadable(column)
  return value
}

export function numberOrNull(row: Row | undefined, column: string): number | null {
  return row?.[column] === null ? null : numberOf(row, column)
}

function unreadable(column: string, value?: string): AppError {
  return new AppError('internal', { detail: `store: unreadable ${column}${value === undefined ? '' : ` ${value}`}` })
}
