import type { types } from '@slack/bolt'
import { type DetailLine, detailLines } from '../core/details.ts'
import { type Messages, messagesFor } from '../core/messages.ts'
import type { Details } from '../core/view.ts'
import { linkAction } from './action-id.ts'
import { readFileHandle } from './address.ts'
import { legible, plainWords } from './escape.ts'
import { cut } from './limits.ts'
import { altText, type Message } from './render.ts'

/** The prompt of a picture is told nearly whole; ten of its ancestors', in short. */
const longest = 2_500
const longestOther = 250

/** What "Details" shows, as blocks for a modal or for words that one person sees. */
function detailBlocks(details: Details, locale: string): types.KnownBlock[] {
  const lines = detailLines(details, messagesFor(locale))
  return lines.map(({ name, value }, at) => ({
    type: 'rich_text',
    elements: [
      {
        type: 'rich_text_section',
        elements: [
          { type: 'text', text: `${name}: `, style: { bold: true } },
          isTime(value) ? timeOf(value.at) : textOf(plainWords(value), at === 0 ? longest : longestOther),
        ],
      },
    ],
  }))
}

function isTime(value: DetailLine['value']): value is Extract<DetailLine['value'], { readonly at: number }> {
  return !Array.isArray(value)
}

/** As each person's own clock says it. */
function timeOf(at: number): types.RichTextElement {
  const timestamp = Math.floor(at / 1000)
  const fallback = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return { type: 'date', timestamp, format: '{date_short_pretty}, {time}', fallback }
}

function textOf(words: string, most: number): types.RichTextElement {
  return { type: 'text', text: cut(words.trim() === '' ? '…' : words, most) }
}

/** The modal that tells about a picture. `link` leads to its message; `pictures` shows it too. */
export function detailModal(
  details: Details,
  locale: string,
  { link, pictures }: { readonly link: string | null; readonly pictures: boolean },
): types.ModalView {
  const messages = messagesFor(locale)
  return {
    type: 'modal',
    title: { type: 'plain_text', text: messages.labels.details, emoji: false },
    close: { type: 'plain_text', text: messages.form.close, emoji: false },
    blocks: [
      ...(pictures ? pictureBlocks(details, messages) : []),
      ...detailBlocks(details, locale),
      ...(link === null ? [] : [linkBlock(link, messages)]),
    ],
  }
}

/** The same as words for one person, for when a modal can't be opened any more. */
export function detailMessage(details: Details, locale: string): Message {
  return { text: messagesFor(locale).labels.details, blocks: detailBlocks(details, locale) }
}

function pictureBlocks({ job }: Details, messages: Messages): types.KnownBlock[] {
  const handles = job.state === 'delivered' ? job.receipt.files : []
  const alt = altText(messages.alt(legible(job.request.prompt), job.inputs.length > 0))
  return handles.map((handle) => ({
    type: 'image',
    slack_file: { id: readFileHandle(handle).file },
    alt_text: alt,
  }))
}

function linkBlock(url: string, { labels }: Messages): types.KnownBlock {
  const text: types.PlainTextElement = { type: 'plain_text', text: labels.open, emoji: false }
  return { type: 'actions', elements: [{ type: 'button', action_id: linkAction, url, text }] }
}
