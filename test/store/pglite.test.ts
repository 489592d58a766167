import { afterAll, beforeAll, describe } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Engine } from '../../src/store/engine.ts'
import { createHints } from '../../src/store/hints.ts'
import { booksContract } from '../contract/books.ts'
import { hintsContract } from '../contract/hints.ts'
import { storeContract } from '../contract/stores.ts'
import { type FixtureServer, serve } from './fixtures.ts'
import { openPglite } from './pglite.ts'
import { testDatabaseUrl } from './test-database.ts'

// The dialect is the real server's where there is one.
describe.skipIf(testDatabaseUrl !== undefined)('PGlite', () => {
  let engine: Engine
  let server: FixtureServer
  beforeAll(async () => {
    engine = await openPglite()
    server = await serve(engine, null)
  })
  afterAll(() => server.close())

  storeContract(() => server.open(), true)
  booksContract(() => server.books(), 8)

  describe('as if two processes had it', () => {
    hintsContract(async () => ({
      one: createHints(engine.wire, { sender: 'one', clock: systemClock }),
      other: createHints(engine.wire, { sender: 'other', clock: systemClock }),
    }))
  })
})
