import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageRequestInput } from '../../src/core/request.ts'
import { knownFlags, parseText } from '../../src/core/text.ts'

const ratios = ['1:1', '2:3', '3:2']

function input(text: string): ImageRequestInput {
  const { input, problems } = parseText(text)
  expect(problems, text).toEqual([])
  return input
}

describe('flags', () => {
  it.each([
    ['a fox --ar 3:2', { prompt: 'a fox', aspectRatio: '3:2' }],
    ['--ar 2:3 a fox', { prompt: 'a fox', aspectRatio: '2:3' }],
    ['a --ar 1:1 fox', { prompt: 'a fox', aspectRatio: '1:1' }],
    ['a fox --aspect-ratio 3:2', { prompt: 'a fox', aspectRatio: '3:2' }],
    ['a fox --ratio 3:2', { prompt: 'a fox', aspectRatio: '3:2' }],
    ['a fox --quality high', { prompt: 'a fox', quality: 'high' }],
    ['a fox --quality medium', { prompt: 'a fox', quality: 'medium' }],
    ['a fox --hq', { prompt: 'a fox', quality: 'high' }],
    ['a fox --count 4', { prompt: 'a fox', count: 4 }],
    ['a fox --n 2', { prompt: 'a fox', count: 2 }],
    ['a fox --private', { prompt: 'a fox', private: true }],
    [
      '--hq --private --count 2 --ar 3:2 a fox',
      { prompt: 'a fox', quality: 'high', private: true, count: 2, aspectRatio: '3:2' },
    ],
    ['a fox', { prompt: 'a fox' }],
  ])('reads %j', (text, expected) => {
    expect(input(text)).toEqual(expected)
  })

  it('knows every flag that it lists', () => {
    for (const flag of knownFlags)
      expect(parseText(`fox ${flag}`).problems).not.toContainEqual({ kind: 'unknown_flag', flag })
  })

  it('reads them in any case', () => {
    expect(input('a Fox --AR 3:2 --Quality HIGH --HQ')).toEqual({
      prompt: 'a Fox',
      aspectRatio: '3:2',
      quality: 'high',
    })
  })

  it('lets the last of several win', () => {
    expect(input('fox --ar 3:2 --ar 2:3 --hq --quality medium')).toMatchObject({
      aspectRatio: '2:3',
      quality: 'medium',
    })
  })

  it.each(['—ar 3:2', '–ar 3:2', '―ar 3:2', '-–ar 3:2', '-—ar 3:2'])('reads the dash that phones type: %j', (flag) => {
    expect(input(`a fox ${flag}`)).toEqual({ prompt: 'a fox', aspectRatio: '3:2' })
  })

  it.each([
    '--ar=3:2',
    '—ar=3:2',
    '--ar:3:2',
    '--ar= 3:2',
    '--ar="3:2"',
    '--ar=“3:2”',
    '--ar "3:2"',
    '--ar 3:2,',
    '--ar, 3:2',
  ])('reads the value in %j', (flag) => {
    expect(input(`a fox ${flag}`)).toEqual({ prompt: 'a fox', aspectRatio: '3:2' })
  })

  it.each(['3x2', '3X2', '3×2', '3/2', '３：２', '"3:2",'])('takes %j for 3:2', (value) => {
    expect(input(`a fox --ar ${value}`)).toMatchObject({ aspectRatio: '3:2' })
  })

  it('takes a flag in a list, with its comma', () => {
    expect(input('a fox --hq, --private.')).toEqual({ prompt: 'a fox', quality: 'high', private: true })
  })
})

describe('what is no flag', () => {
  it.each([
    'a fox - in the snow',
    'a fox — in the snow',
    'a fox – in the snow',
    'a well-known fox',
    'fox—snow',
    'temperatures --5 degrees',
    '-5 degrees',
    'a -- b',
    '---hq',
    'fox--hq',
    '-hq',
  ])('keeps %j', (text) => {
    expect(input(text)).toEqual({ prompt: text })
  })

  it.each([
    ['a sign that says "--hq now"'],
    ['a sign “with --ar 3:2 on it”'],
    ['ein Schild „mit --hq darauf“'],
    ['une enseigne «avec --hq ici»'],
    ['a sign (text: "OPEN --hq") at night'],
    ['saying:"go --hq now" loudly'],
    ['"--hq" in neon'],
    ['two signs, "one --hq" and "two --private"'],
  ])('keeps what is quoted: %j', (text) => {
    expect(input(text)).toEqual({ prompt: text })
  })

  it('reads flags beside quotes', () => {
    expect(input('a sign "say --hq" --ar 3:2')).toEqual({ prompt: 'a sign "say --hq"', aspectRatio: '3:2' })
  })

  it('takes an inch mark for no quote', () => {
    expect(input('a 5" phone --hq and a 7" one')).toEqual({ prompt: 'a 5" phone and a 7" one', quality: 'high' })
    expect(input('12"x14" print --hq')).toEqual({ prompt: '12"x14" print', quality: 'high' })
  })

  it('takes an apostrophe for no quote', () => {
    expect(input("don't --hq 'single' it’s")).toEqual({ prompt: "don't 'single' it’s", quality: 'high' })
  })

  it('reads flags after a quote that never closes', () => {
    expect(input('"a fox --hq')).toEqual({ prompt: '"a fox', quality: 'high' })
  })
})

describe('the prompt', () => {
  it.each([
    ['"a fox in the snow"', 'a fox in the snow'],
    ['“a fox in the snow”', 'a fox in the snow'],
    ['„ein Fuchs“', 'ein Fuchs'],
    ['«un renard»', 'un renard'],
    ['"a fox" --hq', 'a fox'],
    ['  " a fox "  ', 'a fox'],
    ['""', ''],
    ['"', '"'],
    ['"a" and "b"', '"a" and "b"'],
    ['"a fox" in the snow', '"a fox" in the snow'],
  ])('drops quotes around the whole of %j', (text, prompt) => {
    expect(parseText(text).input.prompt).toBe(prompt)
  })

  it('keeps line breaks and spaces inside', () => {
    expect(input('first line\n\nsecond  line --hq\n\tthird')).toMatchObject({
      prompt: 'first line\n\nsecond  line\n\tthird',
    })
  })

  it('keeps any script', () => {
    const text = '雪の中の狐 лисица ثعلب שועל 🦊👨‍👩‍👧 नमस्ते'
    expect(input(`${text} --ar 3:2`)).toEqual({ prompt: text, aspectRatio: '3:2' })
  })

  it('is empty when there are only flags', () => {
    expect(input('--hq --ar 3:2 --private').prompt).toBe('')
    expect(parseText('').input.prompt).toBe('')
    expect(parseText(' \n\t ').input.prompt).toBe('')
  })
})

describe('problems', () => {
  it.each([
    ['a fox --v 6', [{ kind: 'unknown_flag', flag: '--v' }]],
    ['a fox —stylize 100', [{ kind: 'unknown_flag', flag: '--stylize' }]],
    ['a fox --no-text', [{ kind: 'unknown_flag', flag: '--no-text' }]],
    ['a fox --seed=42', [{ kind: 'unknown_flag', flag: '--seed' }]],
    ['a fox --größe', [{ kind: 'unknown_flag', flag: '--größe' }]],
    ['a fox --ar', [{ kind: 'flag_value_missing', flag: '--ar', allowed: ratios }]],
    ['a fox --ar --hq', [{ kind: 'flag_value_missing', flag: '--ar', allowed: ratios }]],
    ['a fox --ar 16:9', [{ kind: 'flag_value_unknown', flag: '--ar', value: '16:9', allowed: ratios }]],
    [
      'a fox --quality best',
      [{ kind: 'flag_value_unknown', flag: '--quality', value: 'best', allowed: ['medium', 'high'] }],
    ],
    ['a fox --count 5', [{ kind: 'flag_value_unknown', flag: '--count', value: '5', allowed: ['1', '2', '3', '4'] }]],
    ['a fox --count 0', [{ kind: 'flag_value_unknown', flag: '--count', value: '0', allowed: ['1', '2', '3', '4'] }]],
    ['a fox --private=no', [{ kind: 'flag_value_unknown', flag: '--private', value: 'no', allowed: ['--private'] }]],
  ])('says what is wrong with %j', (text, problems) => {
    expect(parseText(text).problems).toEqual(problems)
  })

  it('says all of them', () => {
    const { problems } = parseText('--v 6 fox --ar 16:9 --quality')
    expect(problems.map(({ kind }) => kind)).toEqual(['unknown_flag', 'flag_value_unknown', 'flag_value_missing'])
  })

  it('does not switch on what was switched off', () => {
    expect(parseText('a fox --private=no').input.private).toBeUndefined()
  })

  it('repeats no more than a hundred characters of a value', () => {
    expect(parseText(`fox --ar ${'x'.repeat(4_000)}`).problems).toMatchObject([{ value: 'x'.repeat(100) }])
  })
})

describe('any text', () => {
  const pieces = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '"',
      '“',
      '”',
      '„',
      '«',
      '»',
      '--',
      '—',
      '–',
      '=',
      ':',
      ' ',
      '\n',
      '\t',
      '--ar',
      '--hq',
      '3:2',
      "don't",
      '5"',
      '🦊',
      '\ud83e',
      '\0',
    ),
  )

  it('never throws', () => {
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const { input, problems } = parseText(parts.join(''))
        expect(typeof input.prompt).toBe('string')
        expect(Array.isArray(problems)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('never loses a word that belongs to no flag', () => {
    const word = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !/[\s"“”„«»–—―-]/u.test(text) && text === text.normalize('NFC'))
    const flag = fc.constantFrom('--hq', '--private', '--ar 3:2', '—ar=2:3', '--count 2', '--quality high')
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: word }, { weight: 1, arbitrary: flag })), (parts) => {
        const words = parts.filter((part) => !/^[-—]/.test(part))
        const { input, problems } = parseText(parts.join(' '))
        expect(problems).toEqual([])
        expect(input.prompt).toBe(words.join(' '))
      }),
      { numRuns: 500 },
    )
  })

  it('is quick with a long text of quotes', () => {
    // Looked at anew from each of them, so many quotes that never close would take half a minute.
    const text = '„a '.repeat(30_000)
    expect(parseText(text).input.prompt).toBe(text.trim())
  })

  it('leaves a dash that begins speech alone', () => {
    expect(parseText('—Hola, dijo el zorro')).toEqual({ input: { prompt: '—Hola, dijo el zorro' }, problems: [] })
    expect(parseText('a fox —Ár')).toMatchObject({ input: { prompt: 'a fox —Ár' }, problems: [] })
    expect(parseText('a fox —foo').problems).toEqual([{ kind: 'unknown_flag', flag: '--foo' }])
  })
})
