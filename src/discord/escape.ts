/** What Discord reads as markup anywhere: emphasis, code, spoilers, links, and everything in angle brackets. */
const inline = /[\\`*_~|<[\]@]/g
/** What it reads as markup at the start of a line: headings, small print, lists, quotes. */
const lineStart = /^(\s*)(?:([#>+-])|(\d+)([.)]))/
/** `https://…` becomes a link by itself; `discord.gg/…` an invitation even without the scheme. */
const scheme = /:\/\//g
const domainSlash = /(\.\p{L}{2,})\//gu

/** Line breaks in all their spellings. */
const lineBreaks = /\r\n?|[\v\f\u0085\u2028\u2029]/g
/**
 * Characters that are not seen but change what is: control characters, marks that reverse the rest of the line, and
 * zero-width ones with which words are hidden. Joiners stay: emoji and several scripts need them.
 */
const unseen = /(?![\t\n])\p{Cc}|[\u00ad\u180e\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff]/gu

/** Text with one kind of line break and without invisible tricks, still to be escaped. */
export function plain(text: string): string {
  return text.toWellFormed().replace(lineBreaks, '\n').replace(unseen, '')
}

/** Text as Discord shows it to the letter: nothing in it renders as markup, links or mentions. */
export function escapeMarkdown(text: string): string {
  return plain(text).split('\n').map(escapeLine).join('\n')
}

/** The same for text that must stay on one line, such as a name. */
export function escapeOneLine(text: string): string {
  return escapeLine(plain(text).replace(/\s+/g, ' ').trim())
}

/** The longest beginning of `text` that fits into `length` UTF-16 units, cut between characters, with an ellipsis. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  let kept = ''
  for (const { segment } of graphemes.segment(text)) {
    if (kept.length + segment.length + 1 > length) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

function escapeLine(line: string): string {
  return line
    .replace(inline, '\\$&')
    .replace(scheme, ':\\//')
    .replace(domainSlash, '$1\\/')
    .replace(lineStart, (_, indent: string, mark?: string, digits?: string, dot?: string) =>
      mark === undefined ? `${indent}${digits}\\${dot}` : `${indent}\\${mark}`,
    )
}
