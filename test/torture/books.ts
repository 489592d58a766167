import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

/** What the database says at the end. */
export interface Books {
  readonly jobs: readonly BookedJob[]
  readonly tasks: readonly BookedTask[]
  readonly ledger: readonly Entry[]
  readonly accounts: readonly { readonly scope: string; readonly day: number; readonly spent: number }[]
}

export interface BookedJob {
  readonly id: string
  readonly event_key: string
  readonly state: string
  readonly failure: string | null
  readonly cancelled_at: number | null
  readonly ended_at: number | null
}

export interface BookedTask {
  readonly job: string
  readonly n: number
  readonly state: string
  readonly task_id: string | null
  /** When the mark was set that its POST followed; null where it has none, or was taken back. */
  readonly submitted_at: number | null
  readonly failure: string | null
}

export interface Owned {
  readonly id: string
  readonly event_key: string
  readonly owner: string | null
  readonly ended_at: number | null
}

export interface Entry {
  readonly job: string
  readonly n: number
  readonly kind: 'hold' | 'capture' | 'refund' | 'late'
  readonly account: string
  readonly credits: number
  readonly at: number
}

/** Looks into a database that processes may be using. */
export interface BookReader extends AsyncDisposable {
  read(): Promise<Books>
  /** Jobs that are not over, by their events. */
  live(): Promise<readonly string[]>
  /** Whose each job is at this moment; null: nobody's, or over. */
  owners(): Promise<readonly Owned[]>
  /** What is broken in the file itself. */
  check(): Promise<readonly string[]>
}

const queries = {
  jobs: 'select id, event_key, state, failure, cancelled_at, ended_at from jobs',
  tasks: 'select job, n, state, task_id, submitted_at, failure from tasks',
  ledger: 'select job, n, kind, account, credits, at from ledger',
  accounts: 'select scope, day, spent from accounts',
  owners: 'select id, event_key, owner, ended_at from jobs',
  live: 'select event_key from jobs where ended_at is null',
}

type Ask = (sql: string) => Promise<readonly object[]>

export function sqliteBooks(dataDir: string): BookReader {
  // Another process's, so opening and closing it drops no lock of theirs.
  const database = new DatabaseSync(`${dataDir}/imagine.db`, { readOnly: true, timeout: 5_000 })
  const ask: Ask = async (sql) => database.prepare(sql).all()
  return {
    ...readerOf(ask),
    check: async () => {
      const rows = (await ask('pragma integrity_check')) as readonly { integrity_check: string }[]
      return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok')
    },
    [Symbol.asyncDispose]: async () => database.close(),
  }
}

export function postgresBooks(url: string): BookReader {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    types: { getTypeParser: (oid: number) => (oid === 20 ? Number : pg.types.getTypeParser(oid)) },
  })
  // A server that goes away is met by the next question.
  pool.on('error', () => undefined)
  const ask: Ask = async (sql) => (await pool.query(sql)).rows
  return {
    ...readerOf(ask),
    check: async () => [],
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

function readerOf(ask: Ask): Pick<BookReader, 'read' | 'live' | 'owners'> {
  return {
    // The rows are the columns asked for: the schema is the store's own.
    read: async () => ({
      jobs: (await ask(queries.jobs)) as readonly BookedJob[],
      tasks: (await ask(queries.tasks)) as readonly BookedTask[],
      ledger: (await ask(queries.ledger)) as readonly Entry[],
      accounts: (await ask(queries.accounts)) as Books['accounts'],
    }),
    owners: async () => (await ask(queries.owners)) as readonly Owned[],
    live: async () => ((await ask(queries.live)) as readonly { event_key: string }[]).map((row) => row.event_key),
  }
}
