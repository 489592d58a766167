import { expect, it } from 'vitest'
import { poolSizeFor } from '../../src/imageapi/limits.ts'

it.each([
  [0.1, 16],
  [20, 20],
  [50, 50],
  [10_000, 256],
])('a budget of %s looks a second gets connections for slow answers, within bounds: %s', (looksPerSecond, size) => {
  expect(poolSizeFor(looksPerSecond)).toBe(size)
})
