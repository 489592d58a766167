import type { Engine } from '../../src/store/engine.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { type OpenFixture, storeOptions } from '../contract/store-fixture.ts'
import type { BooksFixture } from '../contract/two-processes.ts'
import { prepareShift, shift, shifted } from './shifted.ts'

let ids = 0
export const newId = () => {
  ids += 1
  return `id${ids}`
}

/** A database that is made once and emptied for each test: to make its tables takes longer than most tests. */
export interface FixtureServer {
  readonly open: OpenFixture
  /** The same database for stores of a test's own. */
  books(): Promise<BooksFixture>
  close(): Promise<void>
}

/** `url` of a database of our own: two processes on it. */
export function servePostgres(url: string): Promise<FixtureServer> {
  return serve(openPostgres(url), openPostgres(url))
}

/** Without an `other` engine one process alone has the store. */
export async function serve(engine: Engine, other: Engine | null): Promise<FixtureServer> {
  await prepareShift(engine)
  const options = { ...storeOptions, newId, exclusive: other === null }
  const store: Store = await openStore(shifted(engine), options)
  const peer = other === null ? store : await openStore(shifted(other), options)
  const clear = async () => {
    for (const table of ['jobs', 'ledger', 'accounts', 'replicas', 'drafts', 'vault', 'durations', 'inputs'])
      await engine.run(`delete from ${table}`)
    await engine.run('update limits set tat = 0')
    await engine.run('update clock_shift set ms = 0')
  }
  const advance = (ms: number) => shift(engine, ms)
  return {
    open: async () => {
      await clear()
      return {
        store,
        peer,
        advance,
        query: (sql, values) => engine.run(sql, values),
        close: async () => undefined,
      }
    },
    books: async () => ({ engine: shifted(engine), clear, advance }),
    close: async () => {
      await store.close()
      if (peer !== store) await peer.close()
    },
  }
}
