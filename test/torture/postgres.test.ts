import { expect, test } from 'vitest'
import { points } from './halt.ts'
import { torture } from './run.ts'
import { tableOf } from './table.ts'

const skipped = process.env.TEST_DATABASE_URL === undefined
if (skipped) process.stdout.write('skipped: torture on PostgreSQL, as TEST_DATABASE_URL is not set\n')

test.skipIf(skipped)(
  'three replicas on PostgreSQL, killed 20 times, paused and cut off, lose, repeat and double nothing',
  {
    timeout: 900_000,
  },
  async () => {
    const seed = 20_262
    const result = await torture({
      engine: 'postgres',
      mix: { kills: 20, stops: 1, drops: 1, stalls: 1, pauses: 2, cuts: 2, outages: 1 },
      replicas: 3,
      perSecond: 3,
      seed,
      say: () => undefined,
    })
    process.stdout.write(tableOf(result, `torture on PostgreSQL, seed ${seed}`))
    expect(result.problems).toEqual([])
    expect(Object.keys(result.done)).toEqual(expect.arrayContaining(points.map((point) => `killed at ${point}`)))
    // Enough was under way for the kills to matter.
    expect(result.figures.holds).toBeGreaterThan(60)
  },
)
