/** What a block may be, and what a person sees of it. Limits: fact sheet, sections 2, 5 and 6. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type Fields = { [key: string]: Json }

interface SeenButton {
  readonly text: string
  readonly actionId: string
  readonly value: string
}
export interface SeenBlocks {
  /** What stands there, from top to bottom. */
  readonly lines: string[]
  /** Ids of the pictures shown, with their descriptions. */
  readonly images: { readonly id: string; readonly alt: string; readonly url: string }[]
  readonly buttons: SeenButton[]
}

export interface Checked {
  readonly problems: string[]
  readonly seen: SeenBlocks
  readonly blockIds: string[]
  /** Fields that Slack reads as markup. */
  readonly markup: string[]
}

export const fields = (value: Json | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
export const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])
export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** Text that Slack reads as markup, as a person sees it. */
export function readMarkup(markup: string): string {
  return markup
    .replace(/<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>/g, (_, kind: string, target: string, label?: string) =>
      kind === '' ? (label ?? target) : `[${kind}${label ?? target}]`,
    )
    .replace(/(^|\s)\*(\S(?:[^*\n]*\S)?)\*(?=\s|$)/g, '$1[bold $2]')
    .replace(/(^|\s)_(\S(?:[^_\n]*\S)?)_(?=\s|$)/g, '$1[italic $2]')
    .replace(/&(lt|gt|amp);/g, (_, name: string) => ({ lt: '<', gt: '>' })[name] ?? '&')
}

/** Who would be called by text that Slack reads as markup. */
export function pingsIn(markup: string): string[] {
  return [...markup.matchAll(/<(?:!(?:channel|here|everyone|subteam\^[^>]*)|@[^>]*)>/g)].map(([whole]) => whole)
}

export function checkBlocks(blocks: Json[]): Checked {
  const problems: string[] = []
  const seen: SeenBlocks = { lines: [], images: [], buttons: [] }
  const blockIds: string[] = []
  const markup: string[] = []
  if (blocks.length > 50) problems.push(`${blocks.length} blocks`)
  for (const [at, raw] of blocks.entries()) {
    const block = fields(raw)
    const say = (problem: string) => problems.push(`blocks/${at}: ${problem}`)
    const id = text(block.block_id)
    if (id.length > 255) say('block_id longer than 255')
    if (id !== '' && blockIds.includes(id)) say('block_id used twice')
    if (id !== '') blockIds.push(id)
    checkBlock(block, say, seen, markup)
  }
  if (JSON.stringify(blocks).length > 13_200) problems.push('msg_blocks_too_long')
  return { problems, seen, blockIds, markup }
}

type Say = (problem: string) => void

/** One block of a message or a view. */
export function checkBlock(block: Fields, say: Say, seen: SeenBlocks, markup: string[]): void {
  const read = (value: Json | undefined, most: number, plainOnly = false) =>
    seen.lines.push(readText(fields(value), most, plainOnly, say, markup))
  switch (text(block.type)) {
    case 'section': {
      const parts = list(block.fields)
      if (block.text === undefined && parts.length === 0) say('a section without text')
      if (block.text !== undefined) read(block.text, 3_000)
      if (parts.length > 10) say('more than 10 fields')
      for (const part of parts) read(part, 2_000)
      if (block.accessory !== undefined) checkAccessory(fields(block.accessory), say, seen)
      return
    }
    case 'header':
      read(block.text, 150, true)
      return
    case 'context': {
      const elements = list(block.elements)
      if (elements.length === 0 || elements.length > 10) say(`${elements.length} context elements`)
      for (const element of elements) read(element, 2_000)
      return
    }
    case 'divider':
      return
    case 'rich_text':
      if (list(block.elements).length === 0) say('rich text without elements')
      for (const element of list(block.elements)) readRichText(fields(element), say, seen)
      return
    case 'image':
      checkImage(block, say, seen)
      return
    case 'actions': {
      const elements = list(block.elements)
      if (elements.length === 0 || elements.length > 25) say(`${elements.length} actions`)
      for (const element of elements) checkButton(fields(element), say, seen)
      return
    }
    default:
      say(`unknown block type ${text(block.type)}`)
  }
}

function readText(part: Fields, most: number, plainOnly: boolean, say: Say, markup: string[]): string {
  const value = text(part.text)
  if (value.length === 0) say('empty text')
  if (value.length > most) say(`text of ${value.length}, at most ${most}`)
  if (part.type === 'plain_text') return value
  if (part.type !== 'mrkdwn' || plainOnly) say(`text of type ${text(part.type)}`)
  markup.push(value)
  return readMarkup(value)
}

const richParts = new Set(['rich_text_section', 'rich_text_quote', 'rich_text_preformatted', 'rich_text_list'])

function readRichText(part: Fields, say: Say, seen: SeenBlocks): void {
  if (!richParts.has(text(part.type))) {
    say(`unknown rich text ${text(part.type)}`)
    return
  }
  const words = list(part.elements).map((raw) => {
    const element = fields(raw)
    if (element.type === 'text') {
      if (text(element.text) === '') say('empty rich text')
      return text(element.text)
    }
    if (element.type === 'link') {
      if (!/^https?:/.test(text(element.url)) || text(element.url).length > 3_000) say('url of a link')
      return `[${text(element.text)}](${text(element.url)})`
    }
    if (element.type === 'date') {
      if (typeof element.timestamp !== 'number' || text(element.format) === '') say('a date')
      return text(element.fallback)
    }
    if (element.type === 'user' || element.type === 'broadcast') return `[ping ${JSON.stringify(element)}]`
    say(`unknown rich text element ${text(element.type)}`)
    return ''
  })
  seen.lines.push(words.join(''))
}

function checkImage(block: Fields, say: Say, seen: SeenBlocks): void {
  const alt = text(block.alt_text)
  if (alt === '' || alt.length > 2_000) say(`alt_text of ${alt.length}`)
  if (block.title !== undefined && text(fields(block.title).text).length > 2_000) say('title too long')
  const file = fields(block.slack_file)
  if (block.slack_file === undefined && block.image_url === undefined) say('an image without a source')
  if (block.slack_file !== undefined && (file.id === undefined) === (file.url === undefined)) say('id XOR url')
  if (file.id !== undefined && !/^F[A-Z0-9]{8,}$/.test(text(file.id))) say('not a file id')
  const url = text(block.image_url)
  if (url !== '' && (url.length > 3_000 || !url.startsWith('https://'))) say('image_url')
  seen.images.push({ id: text(file.id), alt, url })
}

function checkAccessory(accessory: Fields, say: Say, seen: SeenBlocks): void {
  if (accessory.type === 'image') checkImage(accessory, say, seen)
  else checkButton(accessory, say, seen)
}

function checkButton(element: Fields, say: Say, seen: SeenBlocks): void {
  if (element.type !== 'button') {
    say(`unknown action ${text(element.type)}`)
    return
  }
  const label = fields(element.text)
  if (label.type !== 'plain_text') say('a button label must be plain text')
  if (text(label.text) === '' || text(label.text).length > 75) say('button label')
  if (text(element.value).length > 2_000) say('button value')
  if (text(element.action_id) === '' || text(element.action_id).length > 255) say('action_id')
  if (text(element.url).length > 3_000) say('button url')
  if (element.style !== undefined && element.style !== 'primary' && element.style !== 'danger') say('button style')
  if (element.confirm !== undefined) checkConfirm(fields(element.confirm), say)
  seen.buttons.push({ text: text(label.text), actionId: text(element.action_id), value: text(element.value) })
}

function checkConfirm(confirm: Fields, say: Say): void {
  const most: readonly (readonly [string, number])[] = [
    ['title', 100],
    ['text', 300],
    ['confirm', 30],
    ['deny', 30],
  ]
  for (const [part, length] of most) {
    const words = text(fields(confirm[part]).text)
    if (words === '' || words.length > length) say(`confirm ${part}`)
  }
}
