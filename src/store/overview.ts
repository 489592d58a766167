import type { Failure } from '../core/failure.ts'
import type { JobState, TaskState } from '../core/job.ts'
import type { Row, Session } from './engine.ts'
import { checkSchema } from './migrations.ts'
import { openPostgres } from './postgres.ts'
import { numberOf, numberOrNull, textOf, textOrNull } from './rows.ts'
import { openSqliteReader } from './sqlite-reader.ts'

/** Where a program keeps its things. */
export type Place =
  | { readonly kind: 'sqlite'; readonly dataDir: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** Whose job it is, for an operator: by the platform's ids. */
interface Asker {
  readonly surface: string
  readonly workspace: string
  readonly personId: string
}

/** A task whose POST was never answered: it may have been paid for, and was never sent again. Times as everywhere. */
export interface AmbiguousTask extends Asker {
  readonly jobId: string
  readonly n: number
  readonly submittedAt: number
  /** Until when its slot is kept. */
  readonly slotUntil: number
  /** What its person got back. */
  readonly credits: number
  /** Learnt after its job was closed: the image API did take it. */
  readonly taskId: string | null
  readonly jobState: JobState
}

export interface LiveSummary extends Asker {
  readonly jobId: string
  readonly state: JobState
  readonly acceptedAt: number
  readonly cancelledAt: number | null
  /** The replica that drives it. */
  readonly owner: string | null
  readonly tasks: readonly TaskState[]
}

/** A task that failed, or (`n` null) a job whose answer could not be shown. */
export interface FailedItem extends Asker {
  readonly jobId: string
  readonly n: number | null
  readonly at: number
  readonly failure: Failure
}

/** What an operator may see of the jobs: neither prompts nor names nor addresses. */
export interface Overview {
  /** Latest first, like the failed ones. */
  ambiguous(limit: number): Promise<readonly AmbiguousTask[]>
  /** Oldest first. */
  live(limit: number): Promise<readonly LiveSummary[]>
  failed(limit: number): Promise<readonly FailedItem[]>
  close(): Promise<void>
}

/**
 * Looks at the jobs of a program that may be running, and changes nothing. Throws `configuration` where there are none or
 * another version wrote them, `store_unavailable` while the database can't be reached.
 */
export async function openOverview(place: Place): Promise<Overview> {
  const session = place.kind === 'sqlite' ? await openSqliteReader(place.dataDir) : openPostgres(place.url)
  try {
    await checkSchema(session)
  } catch (error) {
    await session.close()
    throw error
  }
  return overviewOf(session, async () => session.close())
}

function overviewOf(session: Session, close: () => Promise<void>): Overview {
  return {
    close,
    ambiguous: async (limit) => {
      const rows = await session.run(
        `select t.job, t.n, t.submitted_at, t.slot_until, t.task_id, j.surface, j.workspace, j.person_id, j.state,
            l.credits
          from (select * from tasks where state = 'ambiguous' and slot_until is not null
            order by slot_until desc limit $1) t
          join jobs j on j.id = t.job join ledger l on l.job = t.job and l.n = t.n and l.kind = 'hold'
          order by t.submitted_at desc, t.job, t.n`,
        [limit],
      )
      return rows.map((row) => ({
        jobId: textOf(row, 'job'),
        n: numberOf(row, 'n'),
        submittedAt: numberOf(row, 'submitted_at'),
        slotUntil: numberOf(row, 'slot_until'),
        credits: numberOf(row, 'credits'),
        taskId: textOrNull(row, 'task_id'),
        jobState: textOf(row, 'state') as JobState,
        ...askerOf(row),
      }))
    },
    live: async (limit) => {
      const rows = await session.run(
        `select j.id, j.state, j.accepted_at, j.cancelled_at, j.owner, j.surface, j.workspace, j.person_id,
            (select string_agg(t.state, ' ' order by t.n) from tasks t where t.job = j.id) as tasks
          from jobs j where j.ended_at is null order by j.accepted_at, j.id limit $1`,
        [limit],
      )
      return rows.map((row) => ({
        jobId: textOf(row, 'id'),
        state: textOf(row, 'state') as JobState,
        acceptedAt: numberOf(row, 'accepted_at'),
        cancelledAt: numberOrNull(row, 'cancelled_at'),
        owner: textOrNull(row, 'owner'),
        tasks: textOf(row, 'tasks').split(' ') as TaskState[],
        ...askerOf(row),
      }))
    },
    failed: async (limit) => {
      const tasks = await session.run(
        `select t.job, t.n, t.ended_at, t.failure, j.surface, j.workspace, j.person_id
          from (select * from tasks where state = 'failed' order by ended_at desc limit $1) t join jobs j on j.id = t.job`,
        [limit],
      )
      const jobs = await session.run(
        `select id as job, null as n, ended_at, failure, surface, workspace, person_id
          from jobs where state = 'abandoned' order by ended_at desc limit $1`,
        [limit],
      )
      const items = [...tasks, ...jobs].map((row) => ({
        jobId: textOf(row, 'job'),
        n: numberOrNull(row, 'n'),
        at: numberOf(row, 'ended_at'),
        failure: JSON.parse(textOf(row, 'failure')) as Failure,
        ...askerOf(row),
      }))
      return items.toSorted((a, b) => b.at - a.at).slice(0, limit)
    },
  }
}

function askerOf(row: Row): Asker {
  return {
    surface: textOf(row, 'surface'),
    workspace: textOf(row, 'workspace'),
    personId: textOf(row, 'person_id'),
  }
}
