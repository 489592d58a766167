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
  { names: ['spoiler'], allowed: [], apply: (input) => ({ ...input, spoiler: true }) },
]

/** The flags as people see them listed. */
export const knownFlags: readonly string[] = ['--ar', '--quality', '--hq', '--count', '--private', '--spoiler']

// Phones turn "--" into an en or em dash; a dash that is part of prose is followed by a space or stands inside a word.
// `--hq,` is a flag in a list; `--ar:3:2` is meant as `--ar=3:2`.
const flagPattern = /^(?:--|[–—―]|-[–—])([\p{L}][\p{L}\p{N}-]*)(?:[=:](.+)|[,;.:=]?)$/su
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
    if (flag === undefined && isProse(word.text)) {
      kept.push(word)
      continue
    }
    if (flag === undefined) {
      problems.push({ kind: 'unknown_flag', flag: shown })
      continue
    }
    if (flag.allowed.length === 0) {
      // `--private=no` must not mean yes.
      if (match[2] === undefined) options = flag.apply(options, '')
      else problems.push({ kind: 'flag_value_unknown', flag: shown, value: shortened(match[2]), allowed: [shown] })
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
    else problems.push({ kind: 'flag_value_unknown', flag: shown, value: shortened(given), allowed: flag.allowed })
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

/** `—Hola` begins speech in many languages; only what looks like a flag is taken for one that we do not know. */
function isProse(text: string): boolean {
  return !text.startsWith('--') && !/^\p{Pd}+[a-z][a-z-]*$/u.test(text)
}

function isFlag(word: Word): boolean {
  return !word.quoted && flagPattern.test(word.text)
}

function split(text: string): Word[] {
  const words: Word[] = []
  let unclosed = false
  let at = 0
  while (at < text.length) {
    const from = at
    while (isSpace(text[at])) at += 1
    const start = at
    let quoted = false
    while (at < text.length && !isSpace(text[at])) {
      const end: number | null = !unclosed && opens(text, at) ? closingQuote(text, at + 1) : null
      // Nothing closes from here on, so the quotes that follow need not be looked at again.
      unclosed ||= end === -1
      if (at === start && end !== null && end !== -1) quoted = true
      at = end === null || end === -1 ? at + 1 : end + 1
    }
    if (at > start) words.push({ text: text.slice(start, at), quoted, before: text.slice(from, start) })
  }
  return words
}

/** Whether a quotation begins here: not after a letter or digit, where it is an inch mark (`5"`) or part of a word. */
function opens(text: string, at: number): boolean {
  return opening.test(text[at] ?? '') && !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character)
}

function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    // A closing quote is followed by white space, punctuation or the end, which an inch mark or an opening one is not.
    if (closing.test(text[at] ?? '') && !/[\p{L}\p{N}]/u.test(text[at + 1] ?? '')) return at
  }
  return -1
}

function normalised(value: string): string {
  // NFKC: the full-width `３：２` of East Asian keyboards.
  const bare = value
    .normalize('NFKC')
    .replace(/^["“„«]+|["”“»,.;]+$/gu, '')
    .trim()
    .toLowerCase()
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

/** As much of what was typed as an answer should repeat. */
function shortened(value: string): string {
  return value.slice(0, 100)
}
