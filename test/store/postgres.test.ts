import { afterAll, beforeAll, describe } from 'vitest'
import { booksContract } from '../contract/books.ts'
import { storeContract } from '../contract/stores.ts'
import { type FixtureServer, servePostgres } from './fixtures.ts'
import { createTestDatabase, type TestDatabase, testDatabaseUrl } from './test-database.ts'

if (testDatabaseUrl === undefined)
  process.stdout.write('skipped: the store on a real PostgreSQL, as TEST_DATABASE_URL is not set\n')

describe.skipIf(testDatabaseUrl === undefined)('PostgreSQL', () => {
  let database: TestDatabase
  let server: FixtureServer
  beforeAll(async () => {
    database = await createTestDatabase()
    server = await servePostgres(database.url)
  })
  afterAll(async () => {
    await server.close()
    await database.drop()
  })

  storeContract(() => server.open(), false)
  booksContract(() => server.books(), 15)
})
