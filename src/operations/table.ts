/** Longest text of a cell, in characters. */
const cellChars = 80

/** Rows of text under their headings, in columns. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows.map((row) => row.map(plain))]
  const widths = headings.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What came from outside, without what would move the cursor or change colours. */
function plain(text: string): string {
  const clean = text.toWellFormed().replace(/\p{C}+/gu, ' ')
  return clean.length > cellChars ? `${clean.slice(0, cellChars - 1)}…` : clean
}

/** A time in UTC, to the second. */
export function time(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}
