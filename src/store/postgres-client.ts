import pg from 'pg'
import { AppError } from '../core/failure.ts'
import type { Row, Value } from './engine.ts'
import { classifyPostgres, isClash, isUnavailable } from './postgres-error.ts'

/** What pg takes with a query, and its types leave out. */
export interface QueryOptions {
  readonly query_timeout?: number
}

export function openPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(options)
  // A connection that breaks is thrown away; whoever uses it next is told. Without a listener the process would end.
  const heard = () => undefined
  pool.on('error', heard)
  pool.on('connect', (client) => client.on('error', heard))
  return pool
}

export function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  return pool.connect().catch((error: unknown) => Promise.reject(classifyPostgres(error)))
}

/** Runs `use` on a connection; one that failed is not used again. */
export async function withClient<T>(pool: pg.Pool, use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await connect(pool)
  let broken = false
  try {
    return await use(client)
  } catch (error) {
    broken = isUnavailable(error) && !isClash(error)
    throw error
  } finally {
    client.release(broken)
  }
}

export async function inTransaction<T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> {
  await ask(client, { text: 'begin' })
  try {
    const result = await work()
    await commit(client)
    return result
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    if (!isUnavailable(error) || isClash(error)) await ask(client, { text: 'rollback' })
    throw error
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    const { command } = await ask(client, { text: 'commit' })
    // PostgreSQL answers the commit of a failed transaction with a rollback, and no error.
    if (command !== 'COMMIT') throw new AppError('internal', { detail: 'PostgreSQL rolled back instead of committing' })
  } catch (error) {
    if (!isUnavailable(error) || isClash(error)) throw error
    // Before the commit was sent nothing can have happened; from then on only its answer tells.
    throw new AppError(error.code, { detail: error.detail, cause: error.cause, unheard: true })
  }
}

export async function ask(
  client: pg.PoolClient,
  query: pg.QueryConfig<Value[]> & QueryOptions,
): Promise<pg.QueryResult<Row>> {
  try {
    return await client.query<Row, Value[]>(query)
  } catch (error) {
    throw classifyPostgres(error)
  }
}
