import type { Engine, Session } from '../../src/store/engine.ts'

/** An engine whose `@now` can be set ahead, for every process of its database: the time to add lies in a table. */
export function shifted(engine: Engine): Engine {
  const over = (session: Session): Session => ({
    run: (sql, values) => session.run(sql.replaceAll('@now', '(@now + (select ms from clock_shift))'), values),
  })
  return {
    ...engine,
    ...over(engine),
    transaction: (work) => engine.transaction((session) => work(over(session))),
  }
}

/** Makes the clock of a database ready to be set ahead. */
export async function prepareShift(engine: Engine): Promise<void> {
  await engine.run('create table clock_shift (ms bigint not null)')
  await engine.run('insert into clock_shift (ms) values (0)')
}

export async function shift(engine: Engine, ms: number): Promise<void> {
  await engine.run('update clock_shift set ms = ms + $1', [ms])
}
