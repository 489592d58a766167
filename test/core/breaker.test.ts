import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../src/core/breaker.ts'
import { createManualClock } from '../fakes/clock.ts'
import { createRecordedLog } from '../http/recorded-log.ts'

function setUp() {
  const clock = createManualClock()
  const log = createRecordedLog()
  return { clock, log, breaker: createBreaker({ clock, log }) }
}

describe('the breaker', () => {
  it('opens at a fault of the whole API, and says so once', () => {
    const { breaker, log } = setUp()
    expect(breaker.blocked()).toBeNull()
    breaker.met({ code: 'key_rejected' })
    breaker.met({ code: 'key_rejected' })
    expect(breaker.blocked()).toEqual({ code: 'key_rejected' })
    expect(breaker.reason()).toBe('key_rejected')
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  it.each(['content_rejected', 'invalid_request', 'rate_limited', 'upstream_unavailable'] as const)(
    'minds its own business at %s',
    (code) => {
      const { breaker } = setUp()
      breaker.met({ code })
      expect(breaker.blocked()).toBeNull()
      breaker.met({ code: 'maintenance' })
      breaker.met({ code })
      expect(breaker.reason()).toBe('maintenance')
    },
  )

  it('lets one submit try after a while, and the others wait for what it meets', async () => {
    const { breaker, clock } = setUp()
    breaker.met({ code: 'credits_exhausted' })
    await clock.advance(14_999)
    expect(breaker.blocked()).not.toBeNull()
    await clock.advance(1)
    expect(breaker.blocked()).toBeNull()
    breaker.trying()
    expect(breaker.blocked()).not.toBeNull()
    breaker.met(null)
    expect(breaker.blocked()).toBeNull()
    expect(breaker.reason()).toBeNull()
  })

  it('waits longer after each try in vain, but never more than five minutes', async () => {
    const { breaker, clock } = setUp()
    for (let i = 0; i < 10; i += 1) breaker.met({ code: 'maintenance' })
    await clock.advance(299_999)
    expect(breaker.blocked()).not.toBeNull()
    await clock.advance(1)
    expect(breaker.blocked()).toBeNull()
  })
})
