/** A value as both engines take and give it. */
export type Value = string | number | Uint8Array | null
export type Row = Readonly<Record<string, Value>>

export interface Session {
  /**
   * Runs one statement with `$1`-style parameters and gives its rows. The dialect words `@now` (milliseconds since the
   * epoch by the database's clock), `@lock` and `@skip` (hold the rows read until the transaction ends, waiting for
   * other holders or passing over what they hold) and `@bytes` (the type of a byte column) are the only differences
   * between the engines. Throws `store_unavailable` or `internal`, never a driver's error.
   */
  run(sql: string, values?: readonly Value[]): Promise<readonly Row[]>
}

/** The narrow seam between our SQL and a database. */
export interface Engine extends Session {
  /**
   * Runs `work` in one transaction; whatever it throws rolls back and passes through. `work` may run again when the
   * database asks for that, so it has no other effects; it uses the given session alone and waits for nothing else. Where
   * a commit was sent and not answered, what is thrown says so (`unheard`).
   * `unhurried`: its statements may take as long as they need (a new index, a move), where others end after seconds.
   */
  transaction<T>(work: (session: Session) => Promise<T>, pace?: 'unhurried'): Promise<T>
  /** Runs `task` while no other holder of `name` runs, in any process of this database. Not to be nested. */
  withLock<T>(name: string, task: () => Promise<T>): Promise<T>
  /** To the other processes of this database; null where one process alone has it. */
  readonly wire: Wire | null
  /** Waits for what is under way, but not for a server that is silent; afterwards every call throws `store_unavailable`. */
  close(): Promise<void>
}

/** Passes short texts to every process of a database, the sender too. They may get lost. */
export interface Wire {
  /** At most `wireBytes` bytes. Throws `store_unavailable`. */
  send(text: string): Promise<void>
  /** Hears every text until `signal` aborts. A connection that is lost is made anew; what was sent meanwhile is lost. */
  listen(heard: (text: string) => void, signal: AbortSignal): void
}

/** PostgreSQL takes less than 8,000 bytes in one notice (postgresql.org/docs/current/sql-notify.html). */
export const wireBytes = 7_999

export interface Dialect {
  readonly now: string
  readonly lock: string
  readonly skip: string
  readonly bytes: string
}

/** Replaces the dialect words. */
export function translate(sql: string, dialect: Dialect): string {
  return sql.replace(/@(now|lock|skip|bytes)\b/g, (_match, word: keyof Dialect) => dialect[word])
}

/** `$1, $2, …`: `count` parameters for an `in (…)` or `values (…)`, starting at number `first`. */
export function parameters(first: number, count: number): string {
  return Array.from({ length: count }, (_, at) => `$${first + at}`).join(', ')
}
