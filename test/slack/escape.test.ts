import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText, escapeText, plainWords, withoutMention } from '../../src/slack/escape.ts'
import { cut } from '../../src/slack/limits.ts'
import { pingsIn, readMarkup } from './stand-in/blocks.ts'

describe('escaping', () => {
  it.each([
    ['<!channel>', '&lt;!channel&gt;'],
    ['a & b', 'a &amp; b'],
    ['&lt;', '&amp;lt;'],
    ['*b* _i_ ~s~ `c`', '∗b∗ ˍiˍ ∼s∼ ˋcˋ'],
    [':fire: at 10:30', '꞉fire: at 10:30'],
    ['> quote\n- list\n\n1. one', '&gt; quote - list 1. one'],
  ])('%j becomes %j', (text, escaped) => {
    expect(escapeText(text)).toBe(escaped)
  })

  it('leaves nothing that Slack reads as markup, whatever was typed', () => {
    const parts = fc.constantFrom(
      '<',
      '>',
      '&',
      '!',
      '@',
      '#',
      '|',
      '*',
      '_',
      '~',
      '`',
      'channel',
      'U1',
      ' ',
      'a',
      '\n',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), (typed) => {
        const escaped = escapeText(typed.join(''))
        expect(escaped).not.toMatch(/[<>*_~`\n]/)
        expect(pingsIn(escaped)).toEqual([])
        expect(readMarkup(escaped)).not.toMatch(/\[(?:bold|italic)/)
      }),
    )
  })
})

describe('what Slack sends', () => {
  it.each([
    ['&amp;lt;', '&lt;'],
    ['<https://example.com>', 'https://example.com'],
    ['<https://example.com|>', 'https://example.com'],
    ['<mailto:a@b.c>', 'a@b.c'],
    ['<tel:123|call>', 'call'],
    ['<!date^1392734382^{date}|February>', 'February'],
    ['<!subteam^S1>', '@subteam^S1'],
    ['<@U1> and <@U2|bob>', '@U1 and @bob'],
    ['<b>', '<b>'],
    ['a <', 'a <'],
  ])('%j means %j', (sent, meant) => {
    expect(decodeText(sent)).toBe(meant)
  })

  it('comes out as it was typed, when it was escaped for sending', () => {
    fc.assert(
      fc.property(fc.string(), (typed) => {
        const sent = typed.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;' })[sign] ?? '&gt;')
        expect(decodeText(sent)).toBe(typed)
      }),
    )
  })

  it('is freed of the mention of the bot, wherever it stands', () => {
    expect(withoutMention('<@U0BOT> a fox <@U0BOT|imagine>', 'U0BOT')).toBe('a fox')
    expect(withoutMention('<@U0BOTTOM> a fox', 'U0BOT')).toBe('<@U0BOTTOM> a fox')
  })
})

describe('fitting', () => {
  // Whole characters of one unit and of two, and halves.
  const signs = fc.constantFrom('a', '&', 'é', '\u{1f98a}', '\ud83e', '\udd8a')

  it('never cuts a character in half and never exceeds the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: signs, maxLength: 60 }), fc.integer({ min: 2, max: 40 }), (text, most) => {
        const short = cut(text, most)
        expect(short.length).toBeLessThanOrEqual(most)
        if (text.isWellFormed()) expect(short.isWellFormed()).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps quoted words as they are', () => {
    expect(plainWords(['I don’t know ', { quoted: '<!here>' }, '.'])).toBe('I don’t know <!here>.')
  })
})
