import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

test('steps are taken once, in order, all or none', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'imagine-migrations-'))
  const engine = openSqlite(dataDir)
  const first = ['create table a (n bigint)', 'insert into a values (1)']
  const version = async () => (await engine.run(`select value from meta where key = 'schema_version'`))[0]?.value

  await migrate(engine, [first])
  await migrate(engine, [first])
  expect(await engine.run('select n from a')).toEqual([{ n: 1 }])
  expect(await version()).toBe('1')

  const broken = [first, ['insert into a values (2)'], ['insert into a values (3)', 'insert into nowhere values (1)']]
  await expect(migrate(engine, broken)).rejects.toMatchObject({ code: 'internal' })
  expect(await engine.run('select n from a')).toEqual([{ n: 1 }])
  expect(await version()).toBe('1')

  await migrate(engine, [first, ['insert into a values (2)'], ['insert into a values (3)']])
  expect(await engine.run('select n from a order by n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])

  await expect(migrate(engine, [first])).rejects.toMatchObject({
    code: 'configuration',
    detail: expect.stringContaining('(schema 3, this one knows 1)'),
  })
  await engine.close()
  await rm(dataDir, { recursive: true })
})
