import { Socket } from 'node:net'
import pg from 'pg'
import { systemClock } from '../core/clock.ts'
import { AppError } from '../core/failure.ts'
import { type Dialect, type Engine, type Session, translate } from './engine.ts'
import { createLocks } from './mutex.ts'
import { ask, inTransaction, openPool, type QueryOptions, withClient } from './postgres-client.ts'
import { isClash } from './postgres-error.ts'
import { underLock } from './postgres-lock.ts'
import { createPostgresWire } from './postgres-wire.ts'

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
/** The same as `answerMs` for a statement of an unhurried transaction, which has no other limit. */
const unhurriedMs = 24 * 3_600_000
/** A paused process holds the others up with its row locks for no longer than this. */
const idleInTransactionMs = 5_000
const idleMs = 60_000
/** How long a server may take to end the connections that we leave: a silent one must not keep this process. */
const farewellMs = 1_000
/** How often a transaction that lost a deadlock is run before it is given up. */
const tries = 5

const unhurried = 'set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0'

/** How long what may take, in milliseconds: whatever becomes of the database, every call comes back. */
export interface PostgresLimits {
  /** A new connection, or a place in the pool. */
  readonly connectMs: number
  /** One statement by the server's clock, and by ours, which is longer: for a server that is out of reach. */
  readonly statementMs: number
  readonly answerMs: number
  /** One try for a lock, of any number: less than an answer, so that a silent server is told from a busy lock. */
  readonly lockTryMs: number
  /** How often a quiet connection that listens is tried: one that was lost in silence looks the same. */
  readonly listenTryMs: number
}

const usualLimits: PostgresLimits = {
  connectMs: 4_000,
  statementMs: 4_000,
  answerMs: 5_000,
  lockTryMs: 3_000,
  listenTryMs: 10_000,
}

/**
 * A database by its URL; connects when first used. Throws `configuration` for what is no such URL. Statements are
 * prepared by name: a PgBouncer in between must be 1.21 or newer, or pool by session. Its wire needs the latter.
 */
export function openPostgres(url: string, limits: PostgresLimits = usualLimits): Engine {
  const sockets = new Set<Socket>()
  const common = {
    connectionString: checkedUrl(url),
    connectionTimeoutMillis: limits.connectMs,
    keepAlive: true,
    application_name: 'imagine-bot',
    query_timeout: limits.answerMs,
    stream: () => socketIn(sockets),
  }
  const pool = openPool({
    ...common,
    types: { getTypeParser },
    idleTimeoutMillis: idleMs,
    max: connections,
    statement_timeout: limits.statementMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  })
  const lockPool = openPool({
    ...common,
    idleTimeoutMillis: idleMs,
    max: lockConnections,
    lock_timeout: limits.lockTryMs,
  })
  const locks = createLocks()
  const prepare = preparer()
  const closing = new AbortController()
  let closed: Promise<void> | null = null

  const sessionOn = (client: pg.PoolClient, options: QueryOptions = {}): Session => ({
    run: async (sql, values = []) => (await ask(client, { ...prepare(sql), values: [...values], ...options })).rows,
  })

  const run: Session['run'] = (sql, values) => withClient(pool, (client) => sessionOn(client).run(sql, values))

  async function transaction<T>(work: (session: Session) => Promise<T>, pace?: 'unhurried'): Promise<T> {
    const options = pace === 'unhurried' ? { query_timeout: unhurriedMs } : {}
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await withClient(pool, (client) =>
          inTransaction(client, async () => {
            if (pace === 'unhurried') await ask(client, { text: unhurried })
            return work(sessionOn(client, options))
          }),
        )
      } catch (error) {
        if (attempt === tries || !isClash(error)) throw error
      }
    }
  }

  async function close(): Promise<void> {
    closing.abort()
    // What is under way has its limits; the farewells of idle connections have none.
    await Promise.all([pool.end(), lockPool.end()])
    const waiting = new AbortController()
    const gone = Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    await Promise.race([gone, systemClock.sleep(farewellMs, waiting.signal).catch(() => undefined)])
    waiting.abort()
    for (const socket of sockets) socket.destroy()
  }

  return {
    run,
    transaction,
    // Within this process the waiting is done in memory: a connection for each name, not for each that waits.
    withLock: (name, task) => locks(name, () => underLock(lockPool, name, task)),
    wire: createPostgresWire(common, {
      ...{ run, closing: closing.signal, clock: systemClock, random: Math.random },
      tryEveryMs: limits.listenTryMs,
    }),
    close: async () => {
      closed ??= close()
      await closed
    },
  }
}

/** A connection's socket, among those that closing may have to cut. */
function socketIn(sockets: Set<Socket>): Socket {
  const socket = new Socket()
  sockets.add(socket)
  return socket.once('close', () => sockets.delete(socket))
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
