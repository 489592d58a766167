import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { finalsOf, imagine, openWorld } from '../core/world.ts'

const takesMs = 9_000

/** One job of one task, whose n-th look fails; by the fakes' clock. */
async function ride(faulty: number | null, fault: () => AppError) {
  const world = await openWorld({
    api: {
      takesMs: () => takesMs,
      onLook: (nth) => {
        if (nth === faulty) throw fault()
        return undefined
      },
    },
  })
  try {
    const id = await imagine(world, world.start())
    await world.clock.advance(60_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(world.api.submits).toHaveLength(1)
    expect(await world.books()).toEqual({ hold: 10, capture: 10 })
    return world.api.looks.map(({ at }) => at)
  } finally {
    await world.close()
  }
}

describe('one look that fails', () => {
  it.each([
    ['429 with Retry-After', 'rate_limited', 2_000],
    ['503 with Retry-After', 'maintenance', 3_000],
    ['429', 'rate_limited', undefined],
    ['503', 'upstream_unavailable', undefined],
  ] as const)('costs one more at most, waits as long as asked and never pays again: %s', async (_, code, waitMs) => {
    const fault = () => new AppError(code, { ...(waitMs !== undefined && { retryAfterMs: waitMs }) })
    const undisturbed = await ride(null, fault)
    for (let faulty = 1; faulty <= undisturbed.length; faulty += 1) {
      const looks = await ride(faulty, fault)
      expect(looks.length).toBeLessThanOrEqual(undisturbed.length + 1)
      const [failed = 0, next = 0] = looks.slice(faulty - 1, faulty + 1)
      // Without a word of the API's, a second is waited.
      expect(next - failed).toBeGreaterThanOrEqual(waitMs ?? 1_000)
    }
  })
})
