import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { AppError } from '../core/failure.ts'
import type { Row, Session } from './engine.ts'
import { busyMs, classifySqlite, messageOf, sqliteFile, sqliteText } from './sqlite.ts'

/** The embedded database from beside the program that has it: only to look at, and without its lock. */
export interface SqliteReader extends Session {
  /**
   * Copies the database as it is at this moment into a file, which is overwritten; nobody is held up. Throws
   * `store_unavailable` where the copy can't be written.
   */
  backup(file: string): Promise<void>
  close(): void
}

/** Pages of one step of a copy: all of them. Between two steps a program that writes would make it begin anew, for ever. */
const allPages = 2 ** 31 - 1

/** Throws `configuration`, in words, where the directory holds no database or this user can't read it. */
export async function openSqliteReader(dataDir: string): Promise<SqliteReader> {
  const file = await findSqlite(dataDir)
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: busyMs })
    // Only the first read finds out whether the log beside the database can be used.
    database.exec('select 1 from sqlite_master limit 1')
    return readerOf(database)
  } catch (error) {
    throw unreadable(file, error)
  }
}

/** Where the database of a directory is; it is not opened. Throws `configuration` where there is none to be seen. */
export async function findSqlite(dataDir: string): Promise<string> {
  const file = join(resolve(dataDir), sqliteFile)
  try {
    await stat(file)
    return file
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw unreadable(file, error)
    throw new AppError('configuration', {
      detail: `there is no database at ${file}: set DATA_DIR to the directory that the program uses`,
      cause: error,
    })
  }
}

function unreadable(file: string, error: unknown): AppError {
  return new AppError('configuration', {
    detail: `${file} can't be read: ${messageOf(error)}; run this as the user who runs the program`,
    cause: error,
  })
}

function readerOf(database: DatabaseSync): SqliteReader {
  return {
    run: async (sql, values = []) => {
      try {
        return database.prepare(sqliteText(sql)).all(...values) as Row[]
      } catch (error) {
        throw classifySqlite(error)
      }
    },
    backup: async (file) => {
      try {
        await backup(database, file, { rate: allPages })
      } catch (error) {
        throw new AppError('store_unavailable', {
          detail: `the copy ${file} can't be written: ${messageOf(error)}`,
          cause: error,
        })
      }
    },
    close: () => database.close(),
  }
}
