import { randomBytes } from 'node:crypto'
import { openPostgres } from '../../src/store/postgres.ts'

/** A real server to make a database of our own in; without it only PGlite and SQLite are tested. */
export const testDatabaseUrl = process.env.TEST_DATABASE_URL

/** To make and drop a database takes seconds where everybody else is writing: both wait for the disk. */
const patient = { connectMs: 30_000, statementMs: 30_000, answerMs: 30_000, lockTryMs: 1_000, listenTryMs: 1_000 }

export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

export async function createTestDatabase(): Promise<TestDatabase> {
  if (testDatabaseUrl === undefined) throw new Error('TEST_DATABASE_URL is not set')
  const name = `imagine_test_${randomBytes(6).toString('hex')}`
  const admin = openPostgres(testDatabaseUrl, patient)
  await admin.run(`create database ${name}`)
  const url = new URL(testDatabaseUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: async () => {
      await admin.run(`drop database ${name} with (force)`)
      await admin.close()
    },
  }
}
