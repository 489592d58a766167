import { type Messages, messagesFor, noticeWords } from '../core/messages.ts'
import type { JobView, Notice, ViewOf } from '../core/view.ts'
import { buttonsOf, type Offer } from './buttons.ts'
import { commandName } from './commands.ts'
import { cut, escapeOneLine, plain } from './escape.ts'
import { altLength } from './limits.ts'
import { type AttachmentBody, bodyOf, type MessageBody } from './message-body.ts'
import { ours, small, wordsOf } from './wording.ts'

/** What a message's place and files add to a view. */
export interface Showing extends Offer {
  /** Of a result only. */
  readonly files: UploadedFiles | null
  /** Whether the pictures are hidden until somebody clicks on them. */
  readonly spoiler: boolean
}

/** A result's files, as they are about to be uploaded. */
interface UploadedFiles {
  readonly names: readonly string[]
  /** Whether one was made smaller to fit. */
  readonly reduced: boolean
}

/** Characters of the prompt, and lines of it, that a message repeats. */
const promptShown = { length: 600, lines: 12 }
/** Characters of a file's name that it repeats. */
const nameLength = 40
const barCells = 12

const bare: Showing = { files: null, spoiler: false, shareable: false, ending: false }

/** The job's one message. */
export function renderJob(view: JobView, given: Partial<Showing> = {}): MessageBody {
  const showing = { ...bare, ...given }
  const messages = messagesFor(view.locale)
  const body = bodyOf({
    // What the channel does not accept may be the prompt itself.
    ...(!isUnwelcome(view) && { prompt: { text: view.request.prompt, ...promptShown } }),
    lines: linesOf(view, messages, showing),
    buttons: buttonsOf(view, showing),
  })
  return showing.files === null ? body : { ...body, attachments: attachmentsOf(view, showing.files, showing, messages) }
}

/** Words for the asker alone. */
export function renderNotice(notice: Notice, locale: string): MessageBody {
  return bodyOf({ lines: noticeWords(notice, messagesFor(locale), `/${commandName}`).map((words) => wordsOf(words)) })
}

/** Whether nothing follows after this view. */
export function isOver(view: JobView): view is ViewOf<'result' | 'failed' | 'cancelled'> {
  return view.kind === 'result' || view.kind === 'failed' || view.kind === 'cancelled'
}

function isUnwelcome(view: JobView): boolean {
  return view.kind === 'failed' && view.failure.code === 'delivery_refused'
}

function linesOf(view: JobView, messages: Messages, showing: Showing): string[] {
  switch (view.kind) {
    case 'queued':
      return liveLines(ours(view.action === 'share' ? messages.sharing : messages.queued(view.place)), view, showing)
    case 'preparing':
      return liveLines(ours(messages.preparing(view.inputCount)), view, showing)
    case 'running':
      return liveLines(ours(messages.running({ ...view, total: view.request.count })), view, showing)
    case 'result':
      return resultLines(view, messages, showing)
    case 'failed':
      return [ours(messages.failed(view.failure)), small(askedBy(view, messages))]
    case 'cancelled':
      return [ours(messages.cancelled(view.credits, view.pending)), small(askedBy(view, messages))]
  }
}

function liveLines(words: string, view: ViewOf<'queued' | 'preparing' | 'running'>, { ending }: Showing): string[] {
  const messages = messagesFor(view.locale)
  return [
    words,
    ...(view.kind === 'running' && view.remainingMs !== null ? [barOf(view.elapsedMs, view.remainingMs)] : []),
    ...pictureLines(view, messages),
    ...(ending ? [ours(messages.pressToSee(messages.labels.showResult))] : []),
  ]
}

/** How far it is, by what is expected to remain; never full, for then it would be done. */
function barOf(elapsedMs: number, remainingMs: number): string {
  const share = elapsedMs / Math.max(1, elapsedMs + remainingMs)
  const full = Math.min(barCells - 1, Math.floor(share * barCells))
  return '▰'.repeat(full) + '▱'.repeat(barCells - full)
}

function resultLines(view: ViewOf<'result'>, messages: Messages, { files }: Showing): string[] {
  const { aspectRatio: ratio, quality } = view.request
  const [missing] = view.failures
  const made = messages.made({
    ...{ ratio, quality, credits: view.credits, tookMs: view.tookMs },
    edited: view.inputCount > 0,
  })
  const total = view.pictures.length + view.failures.length
  return [
    ...(missing === undefined ? [] : [ours(messages.partly(view.pictures.length, total, missing))]),
    ...(files?.reduced === true ? [ours(messages.reduced)] : []),
    small(`${ours(made)} · ${askedBy(view, messages)}`),
    ...pictureLines(view, messages),
  ]
}

/** The pictures used and those left out. */
function pictureLines({ action, inputNames, omitted }: JobView, messages: Messages): string[] {
  if (action === 'share') return []
  return [
    ...(inputNames.length === 0 ? [] : [small(wordsOf(messages.used(inputNames), nameLength))]),
    ...(omitted.length === 0 ? [] : [small(wordsOf(messages.omitted(omitted), nameLength))]),
  ]
}

function askedBy({ action, request, person }: JobView, { labels }: Messages): string {
  // Brought back for its owner alone, it is shared with nobody.
  const shared = action === 'share' && !request.private
  return `${ours(shared ? labels.sharedBy : labels.askedBy)} ${escapeOneLine(person.name)}`
}

function attachmentsOf(
  view: JobView,
  { names }: UploadedFiles,
  { spoiler }: Showing,
  messages: Messages,
): readonly AttachmentBody[] {
  const description = cut(plain(messages.alt(view.request.prompt, view.inputCount > 0)), altLength)
  return names.map((filename, id) => ({ id, filename, description, ...(spoiler && { is_spoiler: true }) }))
}
