import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '../core/clock.ts'
import { AppError } from '../core/failure.ts'
import { type Dialect, type Engine, type Row, translate, type Value } from './engine.ts'
import { createGroup, type GroupOptions } from './group.ts'
import { createLocks } from './mutex.ts'

const dialect: Dialect = {
  now: `cast(round(unixepoch('subsec') * 1000) as integer)`,
  // One connection, one transaction at a time: nobody else holds a row.
  lock: '',
  skip: '',
  bytes: 'blob',
}

/** Primary result codes (sqlite.org/rescode.html) that the surroundings cause and cure: a busy, full or failing disk. */
const passingCodes: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 13, 14, 15])
const busyCode = 5

/** How long another program that reads the file (a back-up, the sqlite3 shell) may hold us up, in milliseconds. */
export const busyMs = 2_000
/** The database in a data directory. */
export const sqliteFile = 'imagine.db'

/**
 * Opens (or makes) the database in `dataDir` and holds that directory for this process. Throws `configuration` where
 * another process has it or it can't be written. The files are never opened otherwise: closing any other descriptor of
 * them would drop SQLite's POSIX locks. `turn` lets the event loop turn before what waits is committed together.
 */
export function openSqlite(dataDir: string, turn: GroupOptions['turn'] = () => setImmediate()): Engine {
  const directory = resolve(dataDir)
  makeDirectory(directory)
  const guard = holdDirectory(directory)
  try {
    return engineOf(openDatabase(directory), guard, turn)
  } catch (error) {
    guard.close()
    throw error
  }
}

function makeDirectory(directory: string): void {
  try {
    // Tokens and prompts lie in it: for this user alone.
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusable(directory, error)
  }
}

/**
 * An open transaction on a file of its own, for the life of the process: the lock of the database itself comes and goes
 * with its transactions. The system frees it with the process, however that ends.
 */
function holdDirectory(directory: string): DatabaseSync {
  let guard: DatabaseSync | undefined
  try {
    guard = new DatabaseSync(join(directory, 'imagine.lock.db'), { timeout: 0 })
    guard.exec('begin exclusive')
    return guard
  } catch (error) {
    guard?.close()
    if (primaryCode(error) !== busyCode) throw unusable(directory, error)
    throw new AppError('configuration', {
      detail: `another process already uses the data directory ${directory}; stop it, or give this one a DATA_DIR of its own`,
      cause: error,
    })
  }
}

function openDatabase(directory: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(join(directory, sqliteFile), { timeout: busyMs })
    database.exec('pragma journal_mode = wal')
    // FULL: a commit that was acknowledged survives a power loss too.
    database.exec('pragma synchronous = full')
    database.exec(`pragma journal_size_limit = ${64 * 1024 * 1024}`)
    return database
  } catch (error) {
    database?.close()
    throw unusable(directory, error)
  }
}

function engineOf(database: DatabaseSync, guard: DatabaseSync, turn: GroupOptions['turn']): Engine {
  const statements = new Map<string, StatementSync>()

  function prepare(sql: string): StatementSync {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sqliteText(sql))
    statements.set(sql, statement)
    return statement
  }

  function execute(sql: string, values: readonly Value[] = []): readonly Row[] {
    if (!database.isOpen) throw new AppError('store_unavailable', { detail: 'the store is closed' })
    try {
      // Integers come as numbers: none of ours reaches 2^53.
      return prepare(sql).all(...values) as Row[]
    } catch (error) {
      throw classifySqlite(error)
    }
  }

  const group = createGroup(
    {
      execute,
      get isTransaction() {
        return database.isOpen && database.isTransaction
      },
    },
    { clock: systemClock, turn },
  )

  return {
    run: group.run,
    transaction: group.transaction,
    withLock: createLocks(),
    wire: null,
    close: async () => {
      await group.quiet()
      if (!database.isOpen) return
      database.close()
      guard.close()
    },
  }
}

/** A statement as SQLite takes it, which numbers `$1` by first appearance and `?1` by its digits. */
export function sqliteText(sql: string): string {
  return translate(sql, dialect).replace(/\$(\d+)/g, '?$1')
}

export function classifySqlite(error: unknown): AppError {
  const code = primaryCode(error)
  if (code === null) return new AppError('internal', { detail: 'store: not an SQLite error', cause: error })
  return new AppError(passingCodes.has(code) ? 'store_unavailable' : 'internal', {
    detail: `SQLite ${code}: ${messageOf(error)}`,
    cause: error,
  })
}

/** What keeps the directory from being used, in words. */
function unusable(directory: string, error: unknown): AppError {
  return new AppError('configuration', {
    detail: `the data directory ${directory} can't be used: ${messageOf(error)}; set DATA_DIR to one that this user can write`,
    cause: error,
  })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return error.errcode & 0xff
}
