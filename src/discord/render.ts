import {
  type APIActionRowComponent,
  type APIAllowedMentions,
  type APIButtonComponentWithCustomId,
  ButtonStyle,
  ComponentType,
} from 'discord.js'
import { type Messages, messagesFor, noticeWords, type Words } from '../core/messages.ts'
import type { JobView, Notice, ViewOf } from '../core/view.ts'
import { customIdOf } from './custom-id.ts'
import { cut, escapeMarkdown, escapeOneLine, plain } from './escape.ts'
import { altLength, contentLength } from './limits.ts'

/** What a message shows, as Discord's API takes it. */
export interface MessageBody {
  readonly content: string
  readonly allowed_mentions: APIAllowedMentions
  readonly components: APIActionRowComponent<APIButtonComponentWithCustomId>[]
  /** The complete list of the message's files; absent: they stay as they are. */
  readonly attachments?: readonly AttachmentBody[]
}

interface AttachmentBody {
  /** The n of `files[n]`. */
  readonly id: number
  readonly filename: string
  readonly description: string
}

/** A result's files, as they are about to be uploaded. */
export interface UploadedFiles {
  readonly names: readonly string[]
  /** Whether one was made smaller to fit. */
  readonly reduced: boolean
}

/** Characters of the prompt, and lines of it, that a message repeats. */
const promptLength = 600
const promptLines = 12
/** How the command is typed here. */
const command = '/imagine'

/** The job's one message. `files` belong to a result only. */
export function renderJob(view: JobView, files: UploadedFiles | null = null): MessageBody {
  const messages = messagesFor(view.locale)
  const attachments = files === null ? {} : { attachments: attachmentsOf(view, files, messages) }
  const lines = [quoted(view.request.prompt), ...linesOf(view, messages, files)]
  return { ...message(lines, isOver(view) ? [] : [buttons(view)]), ...attachments }
}

/** Words for the asker alone. */
export function renderNotice(notice: Notice, locale: string): MessageBody {
  return message(noticeWords(notice, messagesFor(locale), command).map(wordsOf), [])
}

/** Whether nothing follows after this view. */
export function isOver(view: JobView): view is ViewOf<'result' | 'failed' | 'cancelled'> {
  return view.kind === 'result' || view.kind === 'failed' || view.kind === 'cancelled'
}

function linesOf(view: JobView, messages: Messages, files: UploadedFiles | null): string[] {
  switch (view.kind) {
    case 'queued':
      return [ours(messages.queued(view.place))]
    case 'preparing':
      return [ours(messages.preparing(view.inputCount))]
    case 'running':
      return [ours(messages.running({ ...view, total: view.request.count }))]
    case 'result':
      return resultLines(view, messages, files)
    case 'failed':
      return [ours(messages.failed(view.failure)), small(askedBy(view, messages))]
    case 'cancelled':
      return [ours(messages.cancelled(view.credits, view.pending)), small(askedBy(view, messages))]
  }
}

function resultLines(view: ViewOf<'result'>, messages: Messages, files: UploadedFiles | null): string[] {
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
  ]
}

function message(lines: readonly string[], components: MessageBody['components']): MessageBody {
  // Nothing that we say may ping anybody: each edit without this falls back to Discord's own default.
  return { content: fitted(lines), allowed_mentions: { parse: [] }, components }
}

/** As many whole lines as a message holds: half a line could end within an escape. */
function fitted(lines: readonly string[]): string {
  const text = lines.join('\n')
  if (text.length <= contentLength) return text
  const kept: string[] = []
  let length = '…'.length
  for (const line of lines) {
    if (length + line.length + 1 > contentLength) break
    kept.push(line)
    length += line.length + 1
  }
  return [...kept, '…'].join('\n')
}

function quoted(prompt: string): string {
  const lines = plain(prompt).trim().split('\n')
  const few = lines.length > promptLines ? [...lines.slice(0, promptLines), '…'] : lines
  const short = cut(few.join('\n'), promptLength)
  return escapeMarkdown(short)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
}

/** The catalogue's strings hold no markup, just as what people typed: a `_` in either is meant as it stands. */
function ours(text: string): string {
  return escapeOneLine(text)
}

function wordsOf(words: Words): string {
  return ours(words.map((part) => (typeof part === 'string' ? part : part.quoted)).join(''))
}

function small(line: string): string {
  return `-# ${line}`
}

function askedBy(view: JobView, messages: Messages): string {
  return `${ours(messages.labels.askedBy)} ${escapeOneLine(view.person.name)}`
}

function buttons(view: JobView): APIActionRowComponent<APIButtonComponentWithCustomId> {
  return {
    type: ComponentType.ActionRow,
    components: [
      {
        type: ComponentType.Button,
        style: ButtonStyle.Secondary,
        label: messagesFor(view.locale).labels.cancel,
        custom_id: customIdOf({ action: 'cancel', jobId: view.jobId }),
      },
    ],
  }
}

function attachmentsOf(view: JobView, { names }: UploadedFiles, messages: Messages): readonly AttachmentBody[] {
  const description = cut(plain(messages.alt(view.request.prompt, view.inputCount > 0)), altLength)
  return names.map((filename, id) => ({ id, filename, description }))
}
