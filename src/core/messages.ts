import type { Failure } from './failure.ts'
import { english } from './messages/english.ts'
import type { AspectRatio, Problem, Quality } from './request.ts'
import type { CancelAnswer, Notice } from './view.ts'

/** Somebody else's text inside our words: each surface escapes it in its own way. */
interface Quoted {
  readonly quoted: string
}
/** A sentence for people: our own words as they are, somebody else's marked. */
export type Words = readonly (string | Quoted)[]

/** Everything a person reads, in one language. Strings hold no markup; what others typed comes as `Words`. */
export interface Messages {
  readonly locale: string
  queued(place: number | null): string
  preparing(inputCount: number): string
  running(progress: {
    readonly done: number
    readonly total: number
    readonly elapsedMs: number
    readonly remainingMs: number | null
    /** Too long: it is still watched for a day, but rarely. */
    readonly late: boolean
  }): string
  /** The line under a result. `edited`: made from pictures that were handed in. */
  made(made: {
    readonly ratio: AspectRatio
    readonly quality: Quality
    readonly credits: number
    readonly tookMs: number
    readonly edited: boolean
  }): string
  /** The line that says which of several pictures are missing, and why. */
  partly(made: number, total: number, failure: Failure): string
  failed(failure: Failure): string
  cancelled(credits: number, pending: boolean): string
  cancelAnswer(answer: CancelAnswer): string
  /** The answer to a second press. */
  readonly underWay: string
  readonly oldButton: string
  problem(problem: Problem): Words
  /** How to use the bot, a line each. `command` as typed there. */
  help(command: string): readonly string[]
  /** The picture was made smaller to fit the chat's upload limit. */
  readonly reduced: string
  /** The picture could not be put into its message: it follows in the thread. */
  readonly inThread: string
  /** How to let the bot post where it was only called. `command` as typed there. */
  invite(command: string): string
  /** A picture's description for those who do not see it. */
  alt(prompt: string, edited: boolean): string
  quality(quality: Quality): string
  ratio(ratio: AspectRatio): string
  readonly labels: {
    readonly cancel: string
    readonly reply: string
    readonly askedBy: string
  }
  readonly command: {
    readonly imagine: string
    readonly prompt: string
    readonly aspectRatio: string
    readonly quality: string
    readonly image: string
    readonly moreImages: string
    readonly count: string
    readonly private: string
  }
}

/** Each language that the catalogue has, by its base tag. */
export const catalogue: Readonly<Record<string, Messages>> = { en: english }

/** The messages for a person's locale (`de`, `pt-BR`, …); English where the catalogue has no other. */
export function messagesFor(locale: string): Messages {
  const base = locale.split(/[-_]/)[0]?.toLowerCase() ?? 'en'
  // The tag comes from outside: only the catalogue's own names count, not `constructor`.
  const tag = [locale, base].find((name) => Object.hasOwn(catalogue, name))
  return (tag === undefined ? undefined : catalogue[tag]) ?? english
}

/** A notice in words, a line each. `command` as it is typed in that chat. */
export function noticeWords(notice: Notice, messages: Messages, command: string): readonly Words[] {
  switch (notice.kind) {
    case 'problems':
      return notice.problems.map((problem) => messages.problem(problem))
    case 'failure':
      return [[messages.failed(notice.failure)]]
    case 'cancel':
      return [[messages.cancelAnswer(notice.answer)]]
    case 'under_way':
      return [[messages.underWay]]
    case 'old_button':
      return [[messages.oldButton]]
    case 'help':
      return messages.help(command).map((line) => [line])
  }
}
