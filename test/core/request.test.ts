import { describe, expect, it } from 'vitest'
import { checkRequest, type ImageRequestInput, requestLimits, requestSchema } from '../../src/core/request.ts'

function problems(input: ImageRequestInput, inputCount = 0) {
  const checked = checkRequest(input, inputCount)
  return checked.ok ? [] : checked.problems
}

describe('a request', () => {
  it('gets the defaults of the image API', () => {
    expect(checkRequest({ prompt: '  a fox  ' }, 0)).toEqual({
      ok: true,
      request: { prompt: 'a fox', aspectRatio: '1:1', quality: 'medium', count: 1, private: false, spoiler: false },
    })
  })

  it.each([
    ['nothing', '', [{ kind: 'prompt_missing' }]],
    ['white space', ' \n\t ', [{ kind: 'prompt_missing' }]],
    ['what nobody sees', '\u200b\u200d\u2060\ufeff', [{ kind: 'prompt_missing' }]],
    ['NULs', '\0\0\0\0', [{ kind: 'prompt_missing' }]],
    ['2 letters', 'ab', [{ kind: 'prompt_too_short', min: 3 }]],
    ['2 letters and spaces', ' ab ', [{ kind: 'prompt_too_short', min: 3 }]],
    ['2 emoji', '🦊🦊', [{ kind: 'prompt_too_short', min: 3 }]],
    ['3 letters', 'abc', []],
    ['3 emoji', '🦊🦊🦊', []],
    ['3 signs', '狐と雪', []],
    ['5,000 letters', 'x'.repeat(5_000), []],
    ['5,000 letters and spaces', ` ${'x'.repeat(5_000)} `, []],
    ['5,001 letters', 'x'.repeat(5_001), [{ kind: 'prompt_too_long', max: 5_000, length: 5_001 }]],
  ])('of %s', (_name, prompt, expected) => {
    expect(problems({ prompt })).toEqual(expected)
  })

  it('leaves out what neither a database nor the API takes', () => {
    const checked = checkRequest({ prompt: 'a\0 fox \ud83e' }, 0)
    expect(checked).toMatchObject({ ok: true, request: { prompt: 'a fox \ufffd' } })
  })

  it('takes 16 pictures and not 17', () => {
    expect(problems({ prompt: 'a fox' }, requestLimits.inputs)).toEqual([])
    expect(problems({ prompt: 'a fox' }, 17)).toEqual([{ kind: 'too_many_inputs', max: 16, given: 17 }])
  })

  it.each([1, 2, 3, 4])('takes a count of %d', (count) => {
    expect(checkRequest({ prompt: 'a fox', count }, 0)).toMatchObject({ ok: true, request: { count } })
  })

  it.each([0, 5, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses a count of %d', (count) => {
    expect(problems({ prompt: 'a fox', count })).toEqual([
      { kind: 'flag_value_unknown', flag: 'count', value: String(count), allowed: ['1', '2', '3', '4'] },
    ])
  })

  it('refuses values that the types rule out, for they come from a platform', () => {
    const input = { prompt: 'a fox', aspectRatio: '16:9', quality: 'best' } as unknown as ImageRequestInput
    expect(problems(input)).toEqual([
      { kind: 'flag_value_unknown', flag: 'aspect ratio', value: '16:9', allowed: ['1:1', '2:3', '3:2'] },
      { kind: 'flag_value_unknown', flag: 'quality', value: 'best', allowed: ['medium', 'high'] },
    ])
  })

  it('says everything that is wrong at once', () => {
    expect(problems({ prompt: 'x', count: 9 }, 20).map(({ kind }) => kind)).toEqual([
      'prompt_too_short',
      'too_many_inputs',
      'flag_value_unknown',
    ])
  })

  it('is the same after storage', () => {
    const checked = checkRequest({ prompt: 'a fox\nin the snow', count: 3, quality: 'high', private: true }, 0)
    if (!checked.ok) throw new Error('refused')
    expect(requestSchema.parse(JSON.parse(JSON.stringify(checked.request)))).toEqual(checked.request)
  })
})
