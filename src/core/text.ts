import { aspectRatios, countsAllowed, type ImageRequestInput, type Problem, qualities } from './request.ts'

/** A typed request: what the words say, and what is wrong with the flags in them. */
export interface ParsedText {
  readonly input: ImageRequestInput
  readonly problems: readonly Problem[]
}

interface Flag {
  readonly names: readonly string[]
  /** Empty for a switch. */
  readonly allowed: readonly string[]
  apply(input: Partial<ImageRequestInput>, value: string): Partial<ImageRequestInput>
}

const flags: readonly Flag[] = [
  {
    names: ['ar', 'aspect-ratio', 'ratio'],
    allowed: aspectRatios,
    apply: (input, value) => ({ ...input, aspectRatio: aspectRatios.find((ratio) => ratio === value) }),
  },
  {
    names: ['quality'],
    allowed: qualities,
    apply: (input, value) => ({ ...input, quality: qualities.find((quality) => quality === value) }),
  },
  { names: ['hq'], allowed: [], apply: (input) => ({ ...input, quality: 'high' }) },
  { names: ['count', 'n'], allowed: countsAllowed, apply: (input, value) => ({ ...input, count: Number(value) }) },
  { names: ['private'], allowed: [], apply: (input) => ({ ...input, private: true }) },
]

/** The flags as people see them listed. */
export const knownFlags: readonly string[] = ['--ar', '--quality', '--hq', '--count', '--private']

// Phones turn "--" into an en or em dash; a dash that is part of prose is followed by a space or stands inside a word.
const flagPattern = /^(?:--|[–—―]|-[–—])([\p{L}][\p{L}\p{N}-]*)(?:=(.*))?$/u
// Straight and typographic double quotes; apostrophes and single quotes are letters to us ("don't").
const opening = /["“„«]/
const closing = /["”“»]/

/**
 * Reads `a fox --ar 3:2 --hq`: flags may stand anywhere, text in double quotes is never read as a flag, and quotes
 * around the whole prompt are dropped.
 */
export function parseText(text: string): ParsedText {
  const words = split(text)
  const kept: Word[] = []
  const problems: Problem[] = []
  let options: Partial<ImageRequestInput> = {}
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as Word
    const match = word.quoted ? null : flagPattern.exec(word.text)
    if (match === null) {
      kept.push(word)
      continue
    }
    const name = (match[1] ?? '').toLowerCase()
    const shown = `--${name}`
    const flag = flags.find((candidate) => candidate.names.includes(name))
    if (flag === undefined) {
      problems.push({ kind: 'unknown_flag', flag: shown })
      continue
    }
    if (flag.allowed.length === 0) {
      options = flag.apply(options, '')
      continue
    }
    const next = words[i + 1]
    const given = match[2] ?? (next !== undefined && !isFlag(next) ? next.text : undefined)
    if (given === undefined) {
      problems.push({ kind: 'flag_value_missing', flag: shown, allowed: flag.allowed })
      continue
    }
    if (match[2] === undefined) i += 1
    const value = normalised(given)
    if (flag.allowed.includes(value)) options = flag.apply(options, value)
    else problems.push({ kind: 'flag_value_unknown', flag: shown, value: given.slice(0, 100), allowed: flag.allowed })
  }
  return { input: { ...options, prompt: promptOf(kept) }, problems }
}

interface Word {
  readonly text: string
  /** Whether it began with a quote, so that it can't be a flag. */
  readonly quoted: boolean
  /** The white space before it: a prompt's line breaks survive. */
  readonly before: string
}

function isFlag(word: Word): boolean {
  return !word.quoted && flagPattern.test(word.text)
}

function split(text: string): Word[] {
  const words: Word[] = []
  let at = 0
  while (at < text.length) {
    const before = /^\s*/.exec(text.slice(at))?.[0] ?? ''
    at += before.length
    if (at >= text.length) break
    const start = at
    const quoted = opening.test(text[at] ?? '')
    const end = quoted ? closingQuote(text, at + 1) : -1
    at = end === -1 ? start : end + 1
    // The rest of the word: `"Bean & Brew",` keeps its comma, `logo"x y"z` is cut at white space.
    while (at < text.length && !/\s/.test(text[at] ?? '')) at += 1
    words.push({ text: text.slice(start, at), quoted: end !== -1, before })
  }
  return words
}

function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    // A closing quote is followed by white space, punctuation or the end, which an inch mark or an opening one is not.
    if (closing.test(text[at] ?? '') && !/[\p{L}\p{N}]/u.test(text[at + 1] ?? '')) return at
  }
  return -1
}

function normalised(value: string): string {
  const bare = value.replace(/^["“„«]|["”“»,.;]$/gu, '').toLowerCase()
  // 3x2, 3/2 and 3×2 are what people type for 3:2.
  return bare.replace(/^(\d+)\s*[x×/]\s*(\d+)$/u, '$1:$2')
}

function promptOf(words: readonly Word[]): string {
  const text = words
    .map((word, i) => (i === 0 ? '' : word.before || ' ') + word.text)
    .join('')
    .trim()
  const [only] = words
  const whole = words.length === 1 && only?.quoted === true && closing.test(text.at(-1) ?? '')
  return whole ? text.slice(1, -1).trim() : text
}
