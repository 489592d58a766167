import type { Words } from '../core/messages.ts'
import { cut, escapeMarkdown, escapeOneLine, plain } from './escape.ts'

/** The catalogue's strings hold no markup, just as what people typed: a `_` in either is meant as it stands. */
export function ours(text: string): string {
  return escapeOneLine(text)
}

/** A sentence of the catalogue; each piece that somebody else typed is cut at `length`. */
export function wordsOf(words: Words, length = Number.POSITIVE_INFINITY): string {
  return ours(words.map((part) => (typeof part === 'string' ? part : cut(part.quoted, length))).join(''))
}

export function small(line: string): string {
  return `-# ${line}`
}

/** What somebody typed, as a quote of at most so many characters and lines, which takes no more than `room`. */
export function quoted(
  typed: { readonly text: string; readonly length: number; readonly lines: number },
  room: number,
) {
  const lines = plain(typed.text).trim().split('\n')
  const few = (lines.length > typed.lines ? [...lines.slice(0, typed.lines), '…'] : lines).join('\n')
  for (let length = typed.length; ; length = Math.floor(length * 0.9)) {
    // Escapes and quote marks make it longer: by how much is seen afterwards.
    const quote = escapeMarkdown(cut(few, length)).replace(/^/gm, '> ')
    if (quote.length <= room || length < 10) return quote
  }
}
