import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../core/failure.ts'
import { classifySqlite } from './sqlite.ts'
import { openSqliteReader } from './sqlite-reader.ts'

/**
 * Copies the embedded database of a directory into an empty file, also while a program uses it, and proves the copy.
 * Throws `configuration` where there is no database or it can't be read, `store_unavailable` where the copy can't be
 * written.
 */
export async function backUp(dataDir: string, file: string): Promise<{ readonly jobs: number }> {
  const reader = await openSqliteReader(dataDir)
  try {
    await reader.backup(file)
  } finally {
    reader.close()
  }
  return prove(file)
}

function prove(file: string): { readonly jobs: number } {
  const copy = new DatabaseSync(file)
  try {
    // One file that stands alone, without a log beside it.
    copy.exec('pragma journal_mode = delete')
    const check = copy.prepare('pragma integrity_check').get()
    if (check?.integrity_check !== 'ok')
      throw new AppError('internal', { detail: 'the copy is damaged: the database itself may be, or the disk' })
    return { jobs: Number(copy.prepare('select count(*) as jobs from jobs').get()?.jobs) }
  } catch (error) {
    throw error instanceof AppError ? error : classifySqlite(error)
  } finally {
    copy.close()
  }
}
