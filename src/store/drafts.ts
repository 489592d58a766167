import type { Drafts } from '../core/ports.ts'
import type { Engine, Session } from './engine.ts'
import { textOf } from './rows.ts'

export function createDrafts(engine: Engine): Drafts {
  return {
    put: async (id, draft, keepMs) => {
      await engine.run(
        `insert into drafts (id, draft, expires_at) values ($1, $2, @now + cast($3 as bigint))
          on conflict (id) do update set draft = excluded.draft, expires_at = excluded.expires_at`,
        [id, JSON.stringify(draft), keepMs],
      )
    },
    get: async (id) => {
      const [row] = await engine.run('select draft from drafts where id = $1 and expires_at > @now', [id])
      return row === undefined ? null : JSON.parse(textOf(row, 'draft'))
    },
  }
}

/** Deletes what has expired. */
export async function sweepDrafts(session: Session): Promise<void> {
  await session.run('delete from drafts where expires_at <= @now')
}
