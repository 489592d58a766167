import { AppError } from '../../src/core/failure.ts'
import { openSqliteStore } from '../../src/store/store.ts'
import { newJob, noCaps, storeOptions } from '../contract/store-fixture.ts'

/**
 * A process with the embedded store: `node child.ts <directory> [first number]`. Says `opened`, then each job's number
 * once it is accepted, until it is killed; or the words with which it was refused.
 */
const [dataDir = '', first] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
try {
  const store = await openSqliteStore({ ...storeOptions, dataDir, newId: () => 'unused' })
  say('opened')
  for (let n = Number(first); first !== undefined; n += 1) {
    await store.jobs.accept(newJob({ id: `job${n}`, eventKey: `event${n}`, owner: `pid${process.pid}` }), noCaps)
    say(String(n))
    // Output leaves the process before the next job is accepted.
    await new Promise((resolve) => setImmediate(resolve))
  }
  setInterval(() => undefined, 60_000)
} catch (error) {
  say(error instanceof AppError ? `${error.code}|${error.detail}` : String(error))
  process.exitCode = 1
}
