import { describe } from 'vitest'
import { storeContract } from '../contract/stores.ts'
import { sqliteFixture } from './fixtures.ts'

describe('SQLite', () => {
  storeContract(sqliteFixture, true)
})
