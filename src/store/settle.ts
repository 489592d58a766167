import type { Session } from './engine.ts'

/** Settles a job when none of its tasks has anything left to come. */
export async function settleWhenDone(session: Session, jobId: string): Promise<void> {
  await session.run(
    `update jobs set state = 'settled' where id = $1 and state in ('accepted', 'running')
      and not exists (select 1 from tasks where job = $1 and state in ('planned', 'submitting', 'polling'))`,
    [jobId],
  )
}
