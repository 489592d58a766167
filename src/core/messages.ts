import type { Failure } from './failure.ts'
import type { JobAction, Omitted } from './job.ts'
import { english } from './messages/english.ts'
import { french } from './messages/french.ts'
import { german } from './messages/german.ts'
import { japanese } from './messages/japanese.ts'
import type { Labels } from './messages/labels.ts'
import { portuguese } from './messages/portuguese.ts'
import { spanish } from './messages/spanish.ts'
import type { AspectRatio, Problem, Quality } from './request.ts'
import type { CancelAnswer, EraseAnswer, JobTrouble, Notice, Usage } from './view.ts'

/** Somebody else's text inside our words: each surface escapes it in its own way. */
interface Quoted {
  readonly quoted: string
}
/** A sentence for people: our own words as they are, somebody else's marked. */
export type Words = readonly (string | Quoted)[]

/** Everything a person reads, in one language. Strings hold no markup; what others typed comes as `Words`. */
export interface Messages extends Labels {
  readonly locale: string
  queued(place: number | null): string
  preparing(inputCount: number): string
  /** An earlier picture is about to be shown in another place. */
  readonly sharing: string
  /** The chat will soon let nobody but the asker update the message, by this button. */
  pressToSee(button: string): string
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
  /** The bot is not in the channel it was called in, so the answer comes elsewhere. `command` as typed there. */
  away(command: string): string
  /** The channel takes no posts of apps, so the answer comes elsewhere. */
  readonly closed: string
  /** The picture could not be put into the chat: a link to it follows, which expires. */
  readonly linked: string
  eraseAnswer(answer: EraseAnswer['kind']): string
  noJob(why: JobTrouble, command: string): string
  readonly noPicture: string
  readonly unread: string
  readonly unseen: string
  readonly formExpired: string
  readonly formLate: string
  /** The line that names the pictures used. */
  used(names: readonly string[]): Words
  /** The line that names the pictures left out, and why. */
  omitted(omitted: readonly Omitted[]): Words
  /** What somebody has spent, a line each. */
  usage(usage: Usage): readonly string[]
  /** What is written in a list for a job without a picture. */
  readonly unfinished: { readonly live: string; readonly failed: string; readonly cancelled: string }
  /** No job to list yet. */
  nothingYet(command: string): string
  /** One of several pictures. */
  nthPicture(n: number): string
  credits(credits: number): string
  duration(ms: number): string
  action(action: JobAction): string
  /** A picture's description for those who do not see it. */
  alt(prompt: string, edited: boolean): string
  quality(quality: Quality): string
  ratio(ratio: AspectRatio): string
}

export type CommandName =
  | ('imagine' | 'prompt' | 'aspectRatio' | 'quality' | 'image' | 'count' | 'private' | 'spoiler')
  | ('images' | 'history' | 'show' | 'id' | 'usage' | 'help')

/** Each language that the catalogue has, by its base tag. */
export const catalogue: Readonly<Record<string, Messages>> = {
  en: english,
  de: german,
  es: spanish,
  fr: french,
  ja: japanese,
  pt: portuguese,
}

/** The messages for a person's locale (`de`, `pt-BR`, …); English where the catalogue has no other. */
export function messagesFor(locale: string, languages: Readonly<Record<string, Messages>> = catalogue): Messages {
  const base = locale.split(/[-_]/)[0]?.toLowerCase() ?? 'en'
  // The tag comes from outside: only the catalogue's own names count, not `constructor`.
  const tag = [locale, base].find((name) => Object.hasOwn(languages, name))
  return (tag === undefined ? undefined : languages[tag]) ?? english
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
    case 'erase':
      return [[messages.eraseAnswer(notice.answer)]]
    case 'no_job':
      return [[messages.noJob(notice.why, command)]]
    case 'no_picture':
      return [[messages.noPicture]]
    case 'unread':
      return [[messages.unread]]
    case 'unseen':
      return [[messages.unseen]]
    case 'form_expired':
      return [[messages.formExpired]]
    case 'form_late':
      return [[messages.formLate]]
  }
}
