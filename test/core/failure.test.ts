import { describe, expect, it } from 'vitest'
import { AppError, failureOf, isPassing } from '../../src/core/failure.ts'

describe('a failure', () => {
  it('keeps the code and detail of what was classified', () => {
    expect(failureOf(new AppError('timed_out', { detail: 'after 900 s' }))).toEqual({
      code: 'timed_out',
      detail: 'after 900 s',
    })
    expect(failureOf(new AppError('timed_out'))).toEqual({ code: 'timed_out' })
  })

  it('is internal where nobody classified it', () => {
    expect(failureOf(new TypeError('x is not a function'))).toEqual({ code: 'internal', detail: 'x is not a function' })
    expect(failureOf('oops')).toEqual({ code: 'internal', detail: 'thrown value' })
    expect(failureOf(undefined)).toEqual({ code: 'internal', detail: 'thrown value' })
  })

  it('holds no URL of a foreign message, for there may be a token in it', () => {
    const { detail } = failureOf(
      new Error('POST https://discord.com/api/webhooks/1/TOKEN?wait=true failed, see https://x.test/a'),
    )
    expect(detail).toBe('POST [url] failed, see [url]')
  })

  it('is cut short', () => {
    expect(failureOf(new Error('x'.repeat(5_000))).detail).toHaveLength(300)
  })

  it('says whether waiting helps', () => {
    expect(
      ['rate_limited', 'surface_unavailable', 'store_unavailable', 'upstream_unavailable', 'maintenance'].every(
        (code) => isPassing(code as 'rate_limited'),
      ),
    ).toBe(true)
    expect(isPassing('delivery_gone')).toBe(false)
    expect(isPassing('not_ours')).toBe(false)
    expect(isPassing('internal')).toBe(false)
  })

  it('keeps its cause', () => {
    const cause = new Error('below')
    const error = new AppError('internal', { cause, retryAfterMs: 5 })
    expect(error.cause).toBe(cause)
    expect(error.retryAfterMs).toBe(5)
    expect(error.message).toBe('internal')
  })
})
