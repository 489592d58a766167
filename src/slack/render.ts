import type { types } from '@slack/bolt'
import { type Messages, messagesFor, noticeWords } from '../core/messages.ts'
import type { JobView, Notice, ViewOf } from '../core/view.ts'
import { definitions } from './commands.ts'
import { escapeText, escapeWords, legible, plainWords } from './escape.ts'
import { cut, slackLimits } from './limits.ts'

type Block = types.KnownBlock

/** What is posted: `text` is for notifications and screen readers, the blocks are what is seen. */
export interface Message {
  readonly text: string
  readonly blocks: readonly Block[]
}

/** A picture as it was uploaded, in the order of the view's pictures. */
export interface Uploaded {
  readonly id: string
  /** Whether quality or size was given up for the upload. */
  readonly reduced: boolean
}

export interface Drawing {
  /** New for each version of a message: Slack keeps what it knows of a block by its id. */
  readonly stamp: string
  /** The pictures of a result. */
  readonly files: readonly Uploaded[]
  /** `thread`: the pictures are in the message's thread, because Slack would not show them in the message. */
  readonly shown: 'message' | 'thread'
  /** How to get the bot into the channel, where it is not in it. */
  readonly invite: string | null
}

/** As much of a prompt as is repeated in its message, and in a notification. */
const shownPrompt = 600
const notifiedPrompt = 150
/** Of our own making: so long a sentence is a mistake somewhere. */
const shownWords = 1_500

/** The version of a button's value: a later release knows by it what an old message's button means. */
const valueVersion = 'a1'

/** The message of a job. */
export function renderView(view: JobView, drawing: Drawing): Message {
  const messages = messagesFor(view.locale)
  const words = wordsOf(view, messages, drawing)
  const parts: Block[] = [prompt(view), ...pictures(view, drawing)]
  parts.push(view.kind === 'failed' ? section(words) : context([...words, ...asker(view, messages)]))
  if (drawing.invite !== null) parts.push(context([messages.invite(drawing.invite)]))
  if (mayCancel(view)) parts.push(buttons(view, messages))
  return {
    text: `${escapeText(cut(view.request.prompt, notifiedPrompt))} · ${words.map(escapeText).join(' ')}`,
    blocks: stamped(parts, drawing.stamp),
  }
}

/** The shortest form of a job's message: for when Slack refuses the other. */
export function renderShort(view: JobView, drawing: Drawing): Message {
  const words = wordsOf(view, messagesFor(view.locale), drawing)
  return { text: cut(words.map(escapeText).join(' '), slackLimits.sectionText), blocks: [] }
}

/** Words for the asker alone. `command` as it is typed there. */
export function renderNotice(notice: Notice, locale: string, command: string): Message {
  const lines = noticeWords(notice, messagesFor(locale), command)
  const section: types.RichTextSection = {
    type: 'rich_text_section',
    elements: [{ type: 'text', text: cut(lines.map(plainWords).join('\n'), shownWords) }],
  }
  return {
    text: cut(lines.map(escapeWords).join('\n'), slackLimits.sectionText),
    blocks: [{ type: 'rich_text', elements: [section] }],
  }
}

/** A picture's description, short enough for wherever Slack takes one. */
export function altOf(view: JobView): string {
  const { request, inputCount, locale } = view
  return cut(messagesFor(locale).alt(legible(request.prompt), inputCount > 0), slackLimits.uploadAltText)
}

/** What a pressed button means; null for a button that this version does not know. */
export function readButton(actionId: string, value: string | undefined): { readonly cancel: string } | null {
  const [version, jobId, ...rest] = (value ?? '').split(':')
  const known = actionId === definitions.actions.cancel && version === valueVersion && rest.length === 0
  return known && jobId !== undefined && /^[a-z0-9]{1,32}$/.test(jobId) ? { cancel: jobId } : null
}

function wordsOf(view: JobView, messages: Messages, drawing: Drawing): string[] {
  switch (view.kind) {
    case 'queued':
      return [messages.queued(view.place)]
    case 'preparing':
      return [messages.preparing(view.inputCount)]
    case 'running':
      return [messages.running({ ...view, total: view.request.count })]
    case 'result':
      return resultWords(view, messages, drawing)
    case 'failed':
      return [messages.failed(view.failure)]
    case 'cancelled':
      return [messages.cancelled(view.credits, view.pending)]
  }
}

function resultWords(view: ViewOf<'result'>, messages: Messages, drawing: Drawing): string[] {
  const { aspectRatio: ratio, quality } = view.request
  const { credits, tookMs } = view
  const [failure] = view.failures
  const words = [messages.made({ ratio, quality, credits, tookMs, edited: view.inputCount > 0 })]
  if (failure !== undefined) words.push(messages.partly(view.pictures.length, view.request.count, failure))
  if (drawing.files.some(({ reduced }) => reduced)) words.push(messages.reduced)
  if (drawing.shown === 'thread') words.push(messages.inThread)
  return words
}

function prompt(view: JobView): Block {
  // Text elements of rich text are shown as they are: no mention, link, emoji or format is read in them.
  const words = legible(view.request.prompt).trim()
  const text = words === '' ? '…' : cut(words, shownPrompt)
  return { type: 'rich_text', elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text }] }] }
}

function pictures(view: JobView, { files, shown }: Drawing): Block[] {
  if (view.kind !== 'result' || shown === 'thread') return []
  // The shorter form that an upload takes: four of them have to fit into one message.
  const alt = altOf(view)
  return files.map(({ id }, at) => ({
    type: 'image',
    slack_file: { id },
    alt_text: files.length === 1 ? alt : `${at + 1}/${files.length} ${alt}`,
  }))
}

function asker(view: JobView, messages: Messages): string[] {
  const { id, name } = view.person
  // Events name people by their id only, and an id is no name.
  return name === '' || name === id ? [] : [`${messages.labels.askedBy} ${legible(name)}`]
}

function context(lines: readonly string[]): Block {
  return {
    type: 'context',
    elements: lines.map((line) => ({ type: 'plain_text', text: cut(line, shownWords), emoji: false })),
  }
}

function section(lines: readonly string[]): Block {
  return { type: 'section', text: { type: 'plain_text', text: cut(lines.join('\n'), shownWords), emoji: false } }
}

function mayCancel(view: JobView): boolean {
  return view.kind === 'queued' || view.kind === 'preparing' || view.kind === 'running'
}

function buttons(view: JobView, messages: Messages): Block {
  return {
    type: 'actions',
    elements: [
      {
        type: 'button',
        action_id: definitions.actions.cancel,
        text: { type: 'plain_text', text: messages.labels.cancel, emoji: false },
        value: `${valueVersion}:${view.jobId}`,
      },
    ],
  }
}

function stamped(parts: readonly Block[], stamp: string): Block[] {
  return parts.map((block, at) => ({ ...block, block_id: `${stamp}-${at}` }))
}
