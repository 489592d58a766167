import {
  type APIButtonComponentWithCustomId,
  type APIMessageTopLevelComponent,
  type APISectionComponent,
  type APITextDisplayComponent,
  ButtonStyle,
  ComponentType,
} from 'discord.js'
import { isLive, type Job } from '../core/job.ts'
import { type Messages, messagesFor } from '../core/messages.ts'
import { directMessages, placeOf } from './address.ts'
import { commandName } from './commands.ts'
import { cut, escapeOneLine, plain } from './escape.ts'
import * as limits from './limits.ts'
import { type Panel, panelOf } from './panel.ts'
import { readFile } from './result-file.ts'

/** Jobs on one page. */
export const pageSize = 5
/** Characters of a prompt in the list. */
const promptLength = 150
/** Nobody turns further back than this: a page is found by counting from the newest. */
const offsetMost = 995

const version = 'p1'
const pattern = new RegExp(`^${version}:(\\d{1,3})$`)
/** The select that brings a picture back. */
export const pickId = `${version}:pick`

function pageId(offset: number): string {
  return `${version}:${offset}`
}

/** Where the page begins that a button turns to; null for what is none. */
export function readPageId(customId: string): number | null {
  const offset = pattern.exec(customId)?.[1]
  return offset === undefined ? null : Number(offset)
}

/** A page of somebody's own jobs, newest first; one more than a page holds means that there are older ones. */
export function historyPanel(jobs: readonly Job[], offset: number, locale: string): Panel {
  const messages = messagesFor(locale)
  const shown = jobs.slice(0, pageSize)
  if (shown.length === 0 && offset === 0) return wordsPanel([messages.nothingYet(`/${commandName}`)])
  const older = jobs.length > pageSize && offset + pageSize <= offsetMost
  const turns = [
    ...(offset > 0 ? [button(messages.labels.newer, Math.max(0, offset - pageSize))] : []),
    ...(older ? [button(messages.labels.older, offset + pageSize)] : []),
  ]
  return panelOf([
    text(`### ${escapeOneLine(messages.labels.history)}`),
    ...shown.map((job) => entry(job, messages)),
    ...picker(shown, messages),
    ...(turns.length > 0 ? [{ type: ComponentType.ActionRow as const, components: turns }] : []),
  ])
}

/** Our own words, a line each. */
export function wordsPanel(lines: readonly string[]): Panel {
  return panelOf([text(lines.map(escapeOneLine).join('\n'))])
}

/** Whether there is a picture to bring back. */
export function hasPictures(job: Job): job is Extract<Job, { state: 'delivered' }> {
  return job.state === 'delivered' && job.receipt.files.length > 0
}

/** A prompt on one line, as it was typed. */
export function promptLine(job: Job, length: number): string {
  return cut(plain(job.request.prompt).replace(/\s+/g, ' ').trim(), length)
}

function entry(job: Job, messages: Messages): APIMessageTopLevelComponent {
  const prompt = escapeOneLine(promptLine(job, promptLength))
  const words = text(`**${prompt}**\n-# ${facts(job, messages).join(' · ')}`)
  const url = thumbnailOf(job)
  if (url === null) return words
  const description = cut(plain(messages.alt(job.request.prompt, job.inputs.length > 0)), limits.altLength)
  const section: APISectionComponent = {
    type: ComponentType.Section,
    components: [words],
    accessory: {
      type: ComponentType.Thumbnail,
      media: { url },
      description,
      ...(job.request.spoiler && { spoiler: true }),
    },
  }
  return section
}

function facts(job: Job, messages: Messages): string[] {
  const link = linkOf(job)
  return [
    `<t:${Math.floor(job.acceptedAt / 1000)}:R>`,
    escapeOneLine(stateOf(job, messages) ?? messages.ratio(job.request.aspectRatio)),
    ...(link === null ? [] : [`[${escapeOneLine(messages.labels.open)}](${link})`]),
  ]
}

function stateOf(job: Job, { unfinished }: Messages): string | null {
  if (isLive(job)) return unfinished.live
  if (hasPictures(job)) return null
  return job.cancelledAt === null ? unfinished.failed : unfinished.cancelled
}

/** Its picture where everybody can fetch it: Discord signs the bare URL of a file anew. D reference, Signed attachment URLs. */
function thumbnailOf(job: Job): string | null {
  if (!hasPictures(job)) return null
  const { url, ephemeral } = readFile(job.receipt.files, 1)
  return ephemeral ? null : (url.split('?')[0] ?? null)
}

/** Only its asker ever saw a private message, and soon nobody does. */
function linkOf(job: Job): string | null {
  const receipt = job.state === 'abandoned' ? null : job.receipt
  if (receipt === null) return null
  const place = placeOf(receipt.address)
  if (place.ephemeral || place.messageId === null) return null
  return `https://discord.com/channels/${place.guildId ?? directMessages}/${place.channelId}/${place.messageId}`
}

function picker(jobs: readonly Job[], messages: Messages): APIMessageTopLevelComponent[] {
  const options = jobs.filter(hasPictures).map((job) => ({
    label: promptLine(job, limits.optionLength),
    value: job.id,
    description: cut(messages.ratio(job.request.aspectRatio), limits.optionLength),
  }))
  if (options.length === 0) return []
  const placeholder = cut(messages.command.show, limits.placeholderLength)
  const select = { type: ComponentType.StringSelect as const, custom_id: pickId, placeholder, options }
  return [{ type: ComponentType.ActionRow, components: [select] }]
}

function text(content: string): APITextDisplayComponent {
  return { type: ComponentType.TextDisplay, content }
}

function button(label: string, offset: number): APIButtonComponentWithCustomId {
  return { type: ComponentType.Button, style: ButtonStyle.Secondary, label, custom_id: pageId(offset) }
}
