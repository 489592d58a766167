import type { Words } from '../messages.ts'

/** What differs from language to language by rule: lists, plurals, units. */
export interface Wording {
  /** `a, b and c` */
  and(items: readonly string[]): string
  /** `a, b or c` */
  or(items: readonly string[]): string
  /** Names as they were given, listed with our own commas between them. */
  names(names: readonly string[]): Words
  /** A number and its noun: `1 picture`, `2 pictures`. */
  counted(count: number, one: string, other: string): string
  /** `90 s`, `3 min` */
  duration(ms: number): string
}

/** Durations go without plurals: `s` and `min` are symbols, after a space (SI brochure, 5.4.3). */
const symbols = { second: ' s', minute: ' min' }

function wordingIn(tag: string, units = symbols): Wording {
  const both = new Intl.ListFormat(tag, { type: 'conjunction' })
  const either = new Intl.ListFormat(tag, { type: 'disjunction' })
  const plurals = new Intl.PluralRules(tag)
  return {
    and: (items) => both.format(items),
    or: (items) => either.format(items),
    names: (names) =>
      both.formatToParts(names).map(({ type, value }) => (type === 'element' ? { quoted: value } : value)),
    counted: (count, one, other) => `${count} ${plurals.select(count) === 'one' ? one : other}`,
    duration: (ms) => {
      const seconds = Math.max(0, Math.round(ms / 1000))
      return seconds < 120 ? `${seconds}${units.second}` : `${Math.round(seconds / 60)}${units.minute}`
    },
  }
}

export const wording = {
  // British: `a, b and c` without a comma before the last.
  en: wordingIn('en-GB'),
  de: wordingIn('de'),
  es: wordingIn('es'),
  fr: wordingIn('fr'),
  ja: wordingIn('ja', { second: '秒', minute: '分' }),
  pt: wordingIn('pt-BR'),
}
