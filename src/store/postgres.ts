import pg from 'pg'
import { AppError } from '../core/failure.ts'
import { type Dialect, type Engine, type Row, type Session, translate, type Value } from './engine.ts'
import { createLocks } from './mutex.ts'

export const postgresDialect: Dialect = {
  // The statement's time, not the transaction's: after a wait for a lock it is the time at which it goes on.
  now: '(cast(floor(extract(epoch from statement_timestamp()) * 1000) as bigint))',
  lock: 'for update',
  skip: 'for update skip locked',
  bytes: 'bytea',
}

const connections = 10
/** A lock holds a connection while its task runs, and the task needs others: so locks have their own. */
const lockConnections = 4
/** How long a new connection or a place in the pool may take, in milliseconds. */
const connectMs = 5_000
/** How long one statement may take by the server's clock; by ours longer, for a server that is out of reach. */
const statementMs = 10_000
const answerMs = 15_000
/** A paused process holds the others up with its row locks for no longer than this. */
const idleInTransactionMs = 5_000
const idleMs = 60_000
/** How often a transaction that lost a deadlock is run before it is given up. */
const tries = 5

/**
 * A database by its URL; connects when first used. Throws `configuration` for what is no such URL. Statements are
 * prepared by name: a PgBouncer in between must be 1.21 or newer, or pool by session.
 */
export function openPostgres(url: string): Engine {
  const common = {
    connectionString: checkedUrl(url),
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: idleMs,
    keepAlive: true,
    application_name: 'imagine-bot',
    types: { getTypeParser },
  }
  const pool = openPool({
    ...common,
    max: connections,
    statement_timeout: statementMs,
    query_timeout: answerMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  })
  const lockPool = openPool({ ...common, max: lockConnections })
  const locks = createLocks()
  const prepare = preparer()
  let closing: Promise<unknown> | null = null

  const sessionOn = (client: pg.PoolClient): Session => ({
    run: async (sql, values = []) => (await ask(client, { ...prepare(sql), values: [...values] })).rows,
  })

  async function transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await withClient(pool, (client) => inTransaction(client, () => work(sessionOn(client))))
      } catch (error) {
        if (attempt === tries || !isClash(error)) throw error
      }
    }
  }

  return {
    run: (sql, values) => withClient(pool, (client) => sessionOn(client).run(sql, values)),
    transaction,
    // Within this process the waiting is done in memory: a connection for each name, not for each that waits.
    withLock: (name, task) => locks(name, () => withClient(lockPool, (client) => underLock(client, name, task))),
    close: async () => {
      closing ??= Promise.all([pool.end(), lockPool.end()])
      await closing
    },
  }
}

function openPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(options)
  // A connection that breaks is thrown away; whoever uses it next is told. Without a listener the process would end.
  const heard = () => undefined
  pool.on('error', heard)
  pool.on('connect', (client) => client.on('error', heard))
  return pool
}

/** Runs `use` on a connection; one that failed is not used again. */
async function withClient<T>(pool: pg.Pool, use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => Promise.reject(classifyPostgres(error)))
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

async function inTransaction<T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> {
  await ask(client, { text: 'begin' })
  try {
    const result = await work()
    const { command } = await ask(client, { text: 'commit' })
    // PostgreSQL answers the commit of a failed transaction with a rollback, and no error.
    if (command !== 'COMMIT') throw new AppError('internal', { detail: 'PostgreSQL rolled back instead of committing' })
    return result
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    if (!isUnavailable(error) || isClash(error)) await ask(client, { text: 'rollback' })
    throw error
  }
}

/** The lock ends with its transaction, so a lost connection frees it, and it works through PgBouncer too. */
async function underLock<T>(client: pg.PoolClient, name: string, task: () => Promise<T>): Promise<T> {
  await ask(client, { text: 'begin' })
  await ask(client, { text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [name] })
  try {
    return await task()
  } finally {
    // The task's end counts, whatever became of the lock: a connection that can't roll back is closed by its pool.
    await ask(client, { text: 'rollback' }).catch(() => undefined)
  }
}

async function ask(client: pg.PoolClient, query: pg.QueryConfig<Value[]>): Promise<pg.QueryResult<Row>> {
  try {
    return await client.query<Row, Value[]>(query)
  } catch (error) {
    throw classifyPostgres(error)
  }
}

/** Translates and names each statement once; a name stands for the same text on every connection. */
function preparer(): (sql: string) => { readonly name: string; readonly text: string } {
  const known = new Map<string, { readonly name: string; readonly text: string }>()
  return (sql) => {
    const statement = known.get(sql) ?? { name: `s${known.size + 1}`, text: translate(sql, postgresDialect) }
    known.set(sql, statement)
    return statement
  }
}

/** 20 is int8: none of ours reaches 2^53. Set for our pools alone, not for the whole process. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === 20 ? Number : pg.types.getTypeParser(oid, format as 'text')

function checkedUrl(url: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : null
  if (protocol === 'postgres:' || protocol === 'postgresql:') return url
  // The value is not repeated: it holds the password.
  throw new AppError('configuration', {
    detail: 'DATABASE_URL must look like postgres://user:password@host:5432/database',
  })
}

/**
 * What a driver's error means for us (postgresql.org/docs/current/errcodes-appendix.html). Never carries the values of
 * a statement, which PostgreSQL likes to repeat.
 */
export function classifyPostgres(error: unknown): AppError {
  const state = stateOf(error)
  // No answer of the server: the connection failed, or could not be made in time.
  if (state === null) {
    const detail = `PostgreSQL: ${error instanceof Error ? error.message || error.name : 'connection failed'}`
    return new AppError(isDefect(error) ? 'internal' : 'store_unavailable', { detail, cause: error })
  }
  const words = error instanceof Error && !state.startsWith('22') ? `: ${error.message}` : ''
  const detail = `PostgreSQL ${state}${words}`
  if (clashes.has(state)) return new AppError('store_unavailable', { detail, retryAfterMs: 0 })
  if (refusals.some((start) => state.startsWith(start))) return new AppError('configuration', { detail })
  return new AppError(outages.some((start) => state.startsWith(start)) ? 'store_unavailable' : 'internal', { detail })
}

/** Serialization failure and deadlock: the transaction was rolled back and may be run again at once. */
const clashes: ReadonlySet<string> = new Set(['40001', '40P01'])
/** Wrong name, password or database, missing rights. */
const refusals = ['28', '3D', '42501']
/** Connection lost, read-only stand-by, paused too long, no room, cancelled or timed out, shut down, system error. */
const outages = ['08', '25006', '25P03', '53', '55P03', '57', '58', '72']

function stateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

function isDefect(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError
}

function isUnavailable(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'store_unavailable'
}

function isClash(error: unknown): boolean {
  return isUnavailable(error) && error.retryAfterMs === 0
}
