import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { booksContract } from '../contract/books.ts'
import { storeContract } from '../contract/stores.ts'
import { type FixtureServer, serve } from './fixtures.ts'

describe('SQLite', () => {
  let dataDir: string
  let server: FixtureServer
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'imagine-store-'))
    server = await serve(openSqlite(dataDir), null)
  })
  afterAll(async () => {
    await server.close()
    await rm(dataDir, { recursive: true })
  })

  storeContract(() => server.open(), true)
  booksContract(() => server.books(), 100)
})
