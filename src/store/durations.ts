import type { DurationStore } from '../core/ports.ts'
import type { Engine } from './engine.ts'
import { textOf } from './rows.ts'

export function createDurationStore(engine: Engine): DurationStore {
  return {
    all: async () => {
      const rows = await engine.run('select class, learned from durations')
      return new Map(rows.map((row) => [textOf(row, 'class'), textOf(row, 'learned')]))
    },
    update: (taskClass, change) =>
      engine.transaction(async (session) => {
        // A row first, for two replicas to queue at: both may be the first to know of a class. Nobody ever sees it empty.
        await session.run(`insert into durations (class, learned) values ($1, '') on conflict do nothing`, [taskClass])
        const [row] = await session.run('select learned from durations where class = $1 @lock', [taskClass])
        const kept = textOf(row, 'learned')
        const learned = change(kept === '' ? null : kept)
        await session.run('update durations set learned = $2 where class = $1', [taskClass, learned])
        return learned
      }),
  }
}
