import type { types } from '@slack/bolt'
import { type Messages, messagesFor, noticeWords, type Words } from '../core/messages.ts'
import type { JobView, Notice, ViewOf } from '../core/view.ts'
import type { Place, Uploaded } from './address.ts'
import { buttonsOf } from './buttons.ts'
import { escapeText, escapeUrl, escapeWords, legible, plainWords } from './escape.ts'
import { cut, slackLimits } from './limits.ts'

type Block = types.KnownBlock

/** What is posted: `text` is for notifications and screen readers, the blocks are what is seen. */
export interface Message {
  readonly text: string
  readonly blocks: readonly Block[]
}

/** How the pictures of a result are shown. */
export type Shown =
  /** Not at all (yet). */
  | { readonly by: 'nothing' }
  /** `thread`: in the message's thread, because Slack would not show them in the message. */
  | { readonly by: 'message' | 'thread'; readonly files: readonly Uploaded[] }
  /** `picture`: Slack fetches them from there; `address`: people do. */
  | { readonly by: 'picture' | 'address'; readonly urls: readonly string[] }

export interface Drawing {
  /** New for each version of a message: Slack keeps what it knows of a block by its id. */
  readonly stamp: string
  readonly shown: Shown
  readonly place: Pick<Place, 'private' | 'channel' | 'thread' | 'route' | 'hindrance'>
  /** As the bot is invited. */
  readonly botName: string
}

/** As much of a prompt as is repeated in its message, and in a notification. */
const shownPrompt = 600
const notifiedPrompt = 150
const shownNames = 300
/** Of our own making: so long a sentence is a mistake somewhere. */
const shownWords = 1_500

/** The message of a job. */
export function renderView(view: JobView, drawing: Drawing): Message {
  const messages = messagesFor(view.locale)
  const words = wordsOf(view, messages, drawing)
  const parts: Block[] = [prompt(view), ...pictures(view, drawing)]
  const small = [...pictureNames(view, messages), ...asker(view, messages)]
  if (view.kind === 'failed') parts.push(section(words))
  else parts.push(context([...words, ...small]))
  parts.push(...hindrance(drawing, messages))
  const { private: isPrivate, channel, thread } = drawing.place
  const buttons = buttonsOf(view, isPrivate ? { channel, thread } : null, messages)
  if (buttons.length > 0) parts.push({ type: 'actions', elements: [...buttons] })
  return {
    text: `${escapeText(cut(view.request.prompt, notifiedPrompt))} · ${words.map(escapeText).join(' ')}`,
    blocks: stamped(parts, drawing.stamp),
  }
}

/** The shortest form of a job's message: for when Slack refuses the other. */
export function renderShort(view: JobView, drawing: Drawing): Message {
  const words = wordsOf(view, messagesFor(view.locale), drawing).map(escapeText)
  const addresses = drawing.shown.by === 'address' ? drawing.shown.urls.map((url) => `<${escapeUrl(url)}>`) : []
  // Half an address would lead nowhere.
  const [lines] = [[...addresses, ...words], words].filter((some) => some.join(' ').length <= slackLimits.sectionText)
  return { text: cut((lines ?? words).join(' '), slackLimits.sectionText), blocks: [] }
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
  return altText(messagesFor(locale).alt(legible(request.prompt), inputCount > 0))
}

export function altText(words: string): string {
  return cut(words, slackLimits.uploadAltText)
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
  const { shown } = drawing
  if ('files' in shown && shown.files.some(({ reduced }) => reduced)) words.push(messages.reduced)
  if (shown.by === 'thread') words.push(messages.inThread)
  if (shown.by === 'address') words.push(messages.linked)
  return words
}

function prompt(view: JobView): Block {
  // Text elements of rich text are shown as they are: no mention, link, emoji or format is read in them.
  const words = legible(view.request.prompt).trim()
  const text = words === '' ? '…' : cut(words, shownPrompt)
  return { type: 'rich_text', elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text }] }] }
}

function pictures(view: JobView, { shown }: Drawing): Block[] {
  if (view.kind !== 'result') return []
  // The shorter form that an upload takes: four of them have to fit into one message.
  const alt = altOf(view)
  const altAt = (at: number, of: readonly unknown[]) => (of.length === 1 ? alt : `${at + 1}/${of.length} ${alt}`)
  switch (shown.by) {
    case 'nothing':
    case 'thread':
      return []
    case 'message':
      return shown.files.map(({ id }, at, all) => ({
        type: 'image',
        slack_file: { id },
        alt_text: altAt(at, all),
      }))
    case 'picture':
      return shown.urls.map((url, at, all) => ({ type: 'image', image_url: url, alt_text: altAt(at, all) }))
    case 'address': {
      const { open } = messagesFor(view.locale).labels
      const links = shown.urls.flatMap((url, at, all): types.RichTextElement[] => [
        { type: 'text', text: at === 0 ? ' ' : ' · ' },
        { type: 'link', url, text: all.length === 1 ? open : `${open} ${at + 1}` },
      ])
      return [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: links }] }]
    }
  }
}

/** Which pictures were used, and which were not. */
function pictureNames(view: JobView, messages: Messages): string[] {
  const lines: Words[] = []
  if (view.inputNames.length > 0) lines.push(messages.used(view.inputNames))
  if (view.omitted.length > 0) lines.push(messages.omitted(view.omitted))
  return lines.map((words) => cut(plainWords(words), shownNames))
}

/** Why the message is here and not in the channel. */
function hindrance({ place, botName }: Drawing, messages: Messages): Block[] {
  const invitation = `/invite @${botName}`
  switch (place.hindrance) {
    case null:
      return []
    case 'closed':
      return [context([messages.closed])]
    case 'absent':
      return [context([place.route === 'respond' ? messages.invite(invitation) : messages.away(invitation)])]
  }
}

function asker(view: JobView, messages: Messages): string[] {
  const { id, name } = view.person
  // Events name people by their id only, and an id is no name.
  const label = view.action === 'share' ? messages.labels.sharedBy : messages.labels.askedBy
  return name === '' || name === id ? [] : [`${label} ${legible(name)}`]
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

function stamped(parts: readonly Block[], stamp: string): Block[] {
  return parts.map((block, at) => ({ ...block, block_id: `${stamp}-${at}` }))
}
