import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { type BookReader, postgresBooks, sqliteBooks } from './books.ts'

export type EngineName = 'sqlite' | 'postgres'

/** A database of its own for one run. */
export interface Database extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  /** A second way in, once a replica has made the tables. */
  books(): BookReader
}

export async function createDatabase(engine: EngineName, dir: string): Promise<Database> {
  const dataDir = join(dir, 'data')
  await mkdir(dataDir, { recursive: true })
  if (engine === 'sqlite')
    return {
      env: { DATA_DIR: dataDir },
      books: () => sqliteBooks(dataDir),
      [Symbol.asyncDispose]: async () => undefined,
    }
  const { url, drop } = await createPostgresDatabase()
  return { env: { DATA_DIR: dataDir, DATABASE_URL: url }, books: () => postgresBooks(url), [Symbol.asyncDispose]: drop }
}

async function createPostgresDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const { TEST_DATABASE_URL: server } = process.env
  if (server === undefined) throw new Error('TEST_DATABASE_URL is not set')
  const name = `imagine_torture_${randomBytes(6).toString('hex')}`
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: server })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  await run(`create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => run(`drop database ${name} with (force)`) }
}
