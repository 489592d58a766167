import type pg from 'pg'
import { ask, connect } from './postgres-client.ts'
import { classifyPostgres, stateOf } from './postgres-error.ts'

/** `lock_not_available` (postgresql.org/docs/current/errcodes-appendix.html): the lock's try took too long. */
const lockTimeout = '55P03'

/** The lock ends with its transaction, so a lost connection frees it, and it works through PgBouncer too. */
export async function underLock<T>(pool: pg.Pool, name: string, task: () => Promise<T>): Promise<T> {
  const client = await connect(pool)
  let broken = true
  try {
    await takeLock(client, name)
    try {
      return await task()
    } finally {
      // The task's end counts, whatever became of the lock.
      broken = await ask(client, { text: 'rollback' }).then(
        () => false,
        () => true,
      )
    }
  } finally {
    client.release(broken)
  }
}

/** Waits for as long as somebody has it; a server that is silent is found out after one try. */
async function takeLock(client: pg.PoolClient, name: string): Promise<void> {
  for (;;) {
    await ask(client, { text: 'begin' })
    try {
      await client.query({ text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [name] })
      return
    } catch (error) {
      if (stateOf(error) !== lockTimeout) throw classifyPostgres(error)
      await ask(client, { text: 'rollback' })
    }
  }
}
