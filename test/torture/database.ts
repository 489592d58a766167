import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { createTcpProxy, type TcpProxy } from '../fakes/tcp-proxy.ts'
import { type BookReader, postgresBooks, sqliteBooks } from './books.ts'

export type EngineName = 'sqlite' | 'postgres'

/** A database of its own for one run. */
export interface Database extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  /** The way by which the replicas reach it, where that is a network. */
  readonly network: TcpProxy | null
  /** A second way in, once a replica has made the tables. */
  books(): BookReader
}

/** `server`: of the PostgreSQL that it is made in; that of `TEST_DATABASE_URL` otherwise. */
export async function createDatabase(
  engine: EngineName,
  dir: string,
  server = process.env.TEST_DATABASE_URL,
): Promise<Database> {
  const dataDir = join(dir, 'data')
  await mkdir(dataDir, { recursive: true })
  if (engine === 'sqlite')
    return {
      env: { DATA_DIR: dataDir },
      network: null,
      books: () => sqliteBooks(dataDir),
      [Symbol.asyncDispose]: async () => undefined,
    }
  const { url, drop } = await createPostgresDatabase(server)
  const direct = new URL(url)
  const network = await createTcpProxy({ host: direct.hostname, port: Number(direct.port || 5432) })
  const way = new URL(url)
  way.host = `127.0.0.1:${network.port}`
  return {
    env: { DATA_DIR: dataDir, DATABASE_URL: way.href },
    network,
    books: () => postgresBooks(url),
    [Symbol.asyncDispose]: async () => {
      await network.close()
      await drop()
    },
  }
}

async function createPostgresDatabase(server: string | undefined): Promise<{ url: string; drop(): Promise<void> }> {
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
