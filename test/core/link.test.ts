import { describe, expect, it } from 'vitest'
import { createLinks } from '../../src/core/link.ts'

const key = 'k'.repeat(64)
const now = Date.UTC(2026, 0, 15, 12)
const links = createLinks(() => 'https://bot.test', key)

function parts(link: string): { id: string; e: string; s: string } {
  const url = new URL(link)
  const id = decodeURIComponent(url.pathname.split('/').at(-1) ?? '')
  return { id, e: url.searchParams.get('e') ?? '', s: url.searchParams.get('s') ?? '' }
}

describe('a link', () => {
  const { id, e, s } = parts(links.sign('abc-in1', now + 60_000))

  it('leads to the picture under the base address', () => {
    expect(links.sign('abc-in1', now)).toMatch(/^https:\/\/bot\.test\/inputs\/abc-in1\?e=\d+&s=[\w-]{43}$/)
  })

  it('works until it expires', () => {
    expect(links.verify(id, e, s, now)).toBe(true)
    expect(links.verify(id, e, s, now + 59_000)).toBe(true)
    expect(links.verify(id, e, s, now + 60_000)).toBe(false)
    expect(links.verify(id, e, s, now + 600_000)).toBe(false)
  })

  it('is for one picture', () => {
    expect(links.verify('abc-in2', e, s, now)).toBe(false)
    expect(links.verify('', e, s, now)).toBe(false)
  })

  it('can’t be prolonged', () => {
    expect(links.verify(id, String(Number(e) + 1), s, now)).toBe(false)
    expect(links.verify(id, '9999999999', s, now)).toBe(false)
    expect(links.verify(id, '', s, now)).toBe(false)
    expect(links.verify(id, 'Infinity', s, now)).toBe(false)
  })

  it.each(['', 'x', s.slice(0, -1), `${s}x`, s.toUpperCase(), `${s.slice(0, -2)}é`, 'é'.repeat(43)])(
    'can’t be forged as %j',
    (forged) => {
      expect(links.verify(id, e, forged, now)).toBe(false)
    },
  )

  it('does not work with another key', () => {
    expect(createLinks(() => 'https://bot.test', 'j'.repeat(64)).verify(id, e, s, now)).toBe(false)
  })

  it('can’t be made from another by moving the border between id and time', () => {
    const made = parts(links.sign('a\n1', now))
    expect(links.verify('a', `1\n${made.e}`, made.s, 0)).toBe(false)
  })

  it('keeps an id whole, whatever is in it', () => {
    const odd = parts(links.sign('a/b?c=d e', now + 1_000))
    expect(odd.id).toBe('a/b?c=d e')
    expect(links.verify(odd.id, odd.e, odd.s, now)).toBe(true)
  })

  it('takes the base as it is when it is made', () => {
    let base = 'http://127.0.0.1:1'
    const late = createLinks(() => base, key)
    base = 'http://127.0.0.1:2'
    expect(late.sign('x', now)).toMatch(/^http:\/\/127\.0\.0\.1:2\//)
  })
})

describe('a callback’s path', () => {
  const own = createLinks(() => 'https://bot.test', 'k'.repeat(64))
  const path = (jobId: string, n: number) => own.callback(jobId, n).slice('https://bot.test/callbacks/'.length)

  it('tells the task that it was made for', () => {
    expect(own.calledBack(path('job1', 2))).toEqual({ jobId: 'job1', n: 2 })
  })

  it.each([
    ['another task', path('job1', 2).replace('.2.', '.3.')],
    ['another job', path('job1', 2).replace('job1', 'job2')],
    [
      'another key',
      createLinks(() => '', 'x'.repeat(64))
        .callback('job1', 2)
        .slice('/callbacks/'.length),
    ],
    ['a picture’s signature', `job1.2.${new URL(own.sign('job1', 1)).searchParams.get('s')}`],
    ['nothing', ''],
  ])('is not found for %s', (_, forged) => {
    expect(own.calledBack(forged)).toBeNull()
  })
})
