import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** A database of its own on a server, for as long as it is held. */
export async function createPostgresDatabase(server: string): Promise<AsyncDisposable & { readonly url: string }> {
  const name = `imagine_bench_${randomBytes(6).toString('hex')}`
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: server })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  await run(`create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => run(`drop database ${name} with (force)`) }
}
