import { setImmediate as turn } from 'node:timers/promises'
import type { Engine, Session } from './engine.ts'
import { forgetDays, forgetEntries } from './ledger.ts'
import { textOf } from './rows.ts'

/** Jobs deleted in one transaction: its locks are short, and SQLite works on the thread that answers the chats. */
const batch = 50

/**
 * Deletes closed jobs that ended `historyMs` ago or earlier, with their tasks and their entries in the books: each hold
 * goes with what resolved it, so the kinds' sums still agree. What was spent by day stays in everybody's account.
 */
export async function sweepHistory(engine: Engine, historyMs: number): Promise<void> {
  for (let deleted = batch; deleted === batch; await turn())
    deleted = await engine.transaction((session) => deleteOldest(session, historyMs))
  for (let more = true; more; await turn()) more = await forgetDays(engine, historyMs)
}

async function deleteOldest(session: Session, historyMs: number): Promise<number> {
  const rows = await session.run(
    `with old as materialized (
        select id from jobs where ended_at <= @now - cast($1 as bigint) order by ended_at limit ${batch} @skip)
      delete from jobs where id in (select id from old) returning id`,
    [historyMs],
  )
  const ids = rows.map((row) => textOf(row, 'id'))
  await forgetEntries(session, ids)
  return ids.length
}
