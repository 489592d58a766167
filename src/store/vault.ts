import type { Vault } from '../core/ports.ts'
import type { Engine } from './engine.ts'
import { textOf } from './rows.ts'

export function createVault(engine: Engine): Vault {
  return {
    get: async (name) => {
      const [row] = await engine.run('select value from vault where name = $1', [name])
      return row === undefined ? null : textOf(row, 'value')
    },
    put: async (name, value) => {
      await engine.run(
        'insert into vault (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
        [name, value],
      )
    },
    remove: async (name) => {
      await engine.run('delete from vault where name = $1', [name])
    },
    withLock: (name, task) => engine.withLock(`vault/${name}`, task),
  }
}
