import { afterAll, beforeAll, describe } from 'vitest'
import { storeContract } from '../contract/stores.ts'
import { type FixtureServer, serve } from './fixtures.ts'
import { openPglite } from './pglite.ts'

describe('PGlite', () => {
  let server: FixtureServer
  beforeAll(async () => {
    server = await serve(await openPglite(), null)
  })
  afterAll(() => server.close())

  storeContract(() => server.open(), true)
})
