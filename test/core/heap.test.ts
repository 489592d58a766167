import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/core/backoff.ts'
import { createHeap } from '../../src/core/heap.ts'

describe('a heap', () => {
  it('gives the smallest first, whatever came in between', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer(), fc.constant(null))), (steps) => {
        const heap = createHeap<number>((item) => item)
        const sorted: number[] = []
        for (const step of steps) {
          if (step === null) {
            expect(heap.pop()).toBe(sorted.shift())
          } else {
            heap.push(step)
            sorted.push(step)
            sorted.sort((a, b) => a - b)
          }
          expect(heap.peek()).toBe(sorted[0])
          expect(heap.size).toBe(sorted.length)
        }
        while (sorted.length > 0) expect(heap.pop()).toBe(sorted.shift())
        expect(heap.pop()).toBeUndefined()
      }),
    )
  })
})

describe('a backoff', () => {
  const backoff = { firstMs: 1_000, mostMs: 30_000 }

  it('doubles up to its most', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 2_000].map((attempt) => backoffMs(backoff, attempt, () => 0))).toEqual([
      ...[1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000],
    ])
  })

  it('takes off up to a quarter', () => {
    expect(backoffMs(backoff, 1, () => 0.999)).toBeGreaterThan(750)
    expect(backoffMs(backoff, 1, () => 0.999)).toBeLessThan(751)
  })

  it('has a first wait for odd attempts', () => {
    expect(backoffMs(backoff, 0, () => 0)).toBe(1_000)
  })
})
