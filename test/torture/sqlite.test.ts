import { expect, test } from 'vitest'
import { points } from './halt.ts'
import { torture } from './run.ts'
import { tableOf } from './table.ts'

test('one process on SQLite, killed 20 times under load, loses nothing, pays nothing twice, answers once', {
  timeout: 900_000,
}, async () => {
  const seed = 20_261
  const result = await torture({
    engine: 'sqlite',
    mix: { kills: 20, stops: 1, drops: 1, stalls: 1, pauses: 0, cuts: 0, outages: 0 },
    replicas: 1,
    perSecond: 5,
    seed,
    say: () => undefined,
  })
  process.stdout.write(tableOf(result, `torture on SQLite, seed ${seed}`))
  expect(result.problems).toEqual([])
  expect(Object.keys(result.done)).toEqual(expect.arrayContaining(points.map((point) => `killed at ${point}`)))
  // Enough was under way for the kills to matter.
  expect(result.figures.holds).toBeGreaterThan(30)
})
