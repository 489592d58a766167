import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cut, escapeMarkdown, escapeOneLine, plain } from '../../src/discord/escape.ts'
import { readMarkdown } from './markdown.ts'

/** What people type to make a bot shout, with the construct that Discord would make of it. */
const attacks: readonly (readonly [string, string])[] = [
  ['@everyone look', 'everyone'],
  ['@here', 'everyone'],
  ['<@123456789012345678>', 'mention'],
  ['<@!123456789012345678>', 'mention'],
  ['<@&123456789012345678>', 'mention'],
  ['<#123456789012345678>', 'channel'],
  ['</imagine:123456789012345678>', 'command'],
  ['<id:customize>', 'navigation'],
  ['<:fox:123456789012345678>', 'custom emoji'],
  ['<a:fox:123456789012345678>', 'custom emoji'],
  ['<t:1618953630:R>', 'timestamp'],
  ['**bold**', 'bold'],
  ['__underline__', 'underline'],
  ['*italic* and _italic_', 'italic'],
  ['***both***', 'bold'],
  ['~~gone~~', 'strikethrough'],
  ['||spoiler||', 'spoiler'],
  ['`code`', 'code'],
  ['``co`de``', 'code'],
  ['```js\nblock\n```', 'code block'],
  ['[click](https://evil.example/)', 'masked link'],
  ['[click](<https://evil.example/>)', 'masked link'],
  ['https://evil.example/x?y=1', 'link'],
  ['<https://evil.example/>', 'link'],
  ['http://evil.example', 'link'],
  ['discord.gg/abcdef', 'invitation'],
  ['join https://discord.com/invite/abcdef', 'invitation'],
  ['# heading', 'heading'],
  ['a\n### heading', 'heading'],
  ['-# small', 'line:small'],
  ['- item', 'list'],
  ['  * item', 'list'],
  ['1. item', 'list'],
  ['> quote', 'line:quote'],
  ['>>> all quoted', 'quote to the end'],
  // Invisible characters that hide the construct from a careless escape, or are dropped on the way.
  ['a\u2028# heading', 'heading'],
  ['a\r# heading', 'heading'],
]

describe('escaping', () => {
  test.each(attacks)('%j is shown to the letter', (attack, construct) => {
    // The judge knows the construct: otherwise the test would prove nothing.
    expect(readMarkdown(plain(attack)).constructs).toContain(construct)
    expect(readMarkdown(escapeMarkdown(attack))).toEqual({ text: plain(attack), constructs: [] })
  })

  test('whatever is typed is shown to the letter', () => {
    const fragments = attacks.flatMap(([attack]) => [attack, ...attack.split(/(?<=[^A-Za-z0-9])|(?=[^A-Za-z0-9])/)])
    const piece = fc.oneof(
      fc.constantFrom(...fragments, '\\', '\\\\', '\n', ' ', '\t', '​', '‍', '🦊', 'é', '0', 'ab', '.gg/', '://'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        expect(readMarkdown(escapeMarkdown(text))).toEqual({ text: plain(text), constructs: [] })
        expect(readMarkdown(escapeOneLine(text))).toEqual({
          text: plain(text).replace(/\s+/g, ' ').trim(),
          constructs: [],
        })
      }),
      { numRuns: 1_000 },
    )
  })

  test('ordinary words stay as they are', () => {
    for (const text of [
      'a fox, 35mm film – “late autumn” (golden hour); 50% off!',
      'high-quality photo of a 3.5 m tall robot & its cat: #1?',
      'ein Fuchs im Schnee, дракон, 雪の中の狐, ثعلب',
      'family 👨‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    ])
      expect(escapeMarkdown(text)).toBe(text)
  })

  test('tricks with characters that are not seen are taken out', () => {
    expect(plain('a\u202eb\u200bc\u0000d\u2066e\ufefff')).toBe('abcdef')
    expect(plain('@\u200beveryone')).toBe('@everyone')
    expect(plain('a\ud800b')).toBe('a\ufffdb')
  })
})

describe('cutting', () => {
  test('leaves whole characters', () => {
    expect(cut('abcdef', 6)).toBe('abcdef')
    expect(cut('abcdef', 4)).toBe('abc…')
    expect(cut('👨‍👩‍👧👨‍👩‍👧', 12)).toBe('👨‍👩‍👧…')
    expect(cut('a word', 3)).toBe('a…')
  })
})
