import { PGlite } from '@electric-sql/pglite'
import { type Engine, type Row, type Session, translate } from '../../src/store/engine.ts'
import { createLocks, createMutex } from '../../src/store/mutex.ts'
import { postgresDialect } from '../../src/store/postgres.ts'
import { classifyPostgres } from '../../src/store/postgres-error.ts'

const channel = 'imagine_hints'

/** PostgreSQL's dialect without a server: one session in this process, so nothing really runs at the same time. */
export async function openPglite(): Promise<Engine> {
  const database = await PGlite.create()
  const inTurn = createMutex()
  const session: Session = {
    run: async (sql, values = []) => {
      try {
        const { rows } = await database.query<Row>(translate(sql, postgresDialect), [...values])
        return rows
      } catch (error) {
        throw classifyPostgres(error)
      }
    },
  }
  return {
    run: (sql, values) => inTurn(() => session.run(sql, values)),
    transaction: (work) =>
      inTurn(async () => {
        await session.run('begin')
        try {
          const result = await work(session)
          await session.run('commit')
          return result
        } catch (error) {
          await session.run('rollback')
          throw error
        }
      }),
    withLock: createLocks(),
    wire: {
      send: (text) => inTurn(async () => void (await session.run(`select pg_notify('${channel}', $1)`, [text]))),
      listen: (heard, signal) => {
        const listening = inTurn(() => database.listen(channel, heard))
        signal.addEventListener('abort', () => void listening.then((stop) => inTurn(() => stop())), { once: true })
      },
    },
    close: () => inTurn(() => database.close()),
  }
}
