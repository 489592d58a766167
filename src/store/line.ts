import type { Session } from './engine.ts'
import { textOf } from './rows.ts'
import { holdsSlot } from './slot.ts'

/**
 * The job of each task that waits for a submit, in fair order between people: a task's round is its rank among those of
 * its person that wait, plus the person's tasks that hold a slot already. Within a round the older job comes first. Jobs
 * beyond what their person may have running come after everybody's others, in the same order.
 */
export async function readLine(
  session: Session,
  limit: number,
  maxRunningPerPerson: number,
): Promise<readonly string[]> {
  const rows = await session.run(
    `with running as (
        select j.id, j.surface, j.workspace, j.person_id, count(*) as slots
          from tasks t join jobs j on j.id = t.job
          where ${holdsSlot} and j.ended_at is null
          group by j.id, j.surface, j.workspace, j.person_id),
      people as (
        select surface, workspace, person_id, sum(slots) as slots, count(*) as jobs
          from running group by surface, workspace, person_id),
      waiting as (
        select j.id, j.accepted_at, t.n, j.surface, j.workspace, j.person_id, coalesce(p.slots, 0) as slots,
            case when r.id is null and cast($2 as bigint) < coalesce(p.jobs, 0) + dense_rank() over (
                partition by j.surface, j.workspace, j.person_id, r.id is null order by j.accepted_at, j.id)
              then 1 else 0 end as held
          from tasks t join jobs j on j.id = t.job left join running r on r.id = j.id left join people p
            on p.person_id = j.person_id and p.workspace = j.workspace and p.surface = j.surface
          where t.state = 'planned' and j.ended_at is null)
      select id from waiting
        order by held, slots + row_number() over (
            partition by surface, workspace, person_id, held order by accepted_at, id, n), accepted_at, id, n
        limit $1`,
    [limit, maxRunningPerPerson],
  )
  return rows.map((row) => textOf(row, 'id'))
}
