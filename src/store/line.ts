import type { Session } from './engine.ts'
import { textOf } from './rows.ts'

/**
 * The job of each task that waits for a submit, in fair order between people: a task's round is its rank among those of
 * its person that wait, plus the person's tasks that hold a slot already. Within a round the older job comes first.
 */
export async function readLine(session: Session, limit: number): Promise<readonly string[]> {
  const rows = await session.run(
    `with waiting as (
        select j.id, j.accepted_at, t.n, j.surface, j.workspace, j.person_id, row_number() over (
            partition by j.surface, j.workspace, j.person_id order by j.accepted_at, j.id, t.n) as rank
          from tasks t join jobs j on j.id = t.job
          where t.state = 'planned' and j.ended_at is null),
      under_way as (
        select j.surface, j.workspace, j.person_id, count(*) as tasks
          from tasks t join jobs j on j.id = t.job
          where t.state in ('submitting', 'polling') and t.slot_until > @now and j.ended_at is null
          group by j.surface, j.workspace, j.person_id)
      select w.id from waiting w left join under_way u
          on u.person_id = w.person_id and u.workspace = w.workspace and u.surface = w.surface
        order by w.rank + coalesce(u.tasks, 0), w.accepted_at, w.id, w.n limit $1`,
    [limit],
  )
  return rows.map((row) => textOf(row, 'id'))
}
