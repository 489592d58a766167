import type { types } from '@slack/bolt'
import { isLive, type Job } from '../core/job.ts'
import type { Messages } from '../core/messages.ts'
import { buttonValue } from './action-id.ts'
import { readAddress, readFileHandle } from './address.ts'
import { escapeText, legible } from './escape.ts'
import { cut, slackLimits } from './limits.ts'

type Block = types.KnownBlock

/** So many earlier requests are listed at once. */
export const listedRecords = 10
/** As much of a prompt as a list repeats: ten of them fit into a message, each sign escaped. */
const shownPrompt = 120

/** An earlier request in a list: its words, what became of it, and what can be done with it. */
export function recordBlocks(job: Job, messages: Messages, pictures: 'shown' | 'hidden'): Block[] {
  const made = hasPictures(job)
  const [file] = made ? job.receipt.files : []
  const shown = pictures === 'shown' && file !== undefined
  const { request } = job
  const state = made
    ? [messages.ratio(request.aspectRatio), messages.quality(request.quality)]
    : [unmade(job, messages)]
  const text = `${escapeText(cut(request.prompt, shownPrompt))}\n${[when(job), ...state].join(' · ')}`
  const alt = cut(messages.alt(legible(request.prompt), job.inputs.length > 0), slackLimits.uploadAltText)
  return [
    {
      type: 'section',
      text: { type: 'mrkdwn', text },
      ...(shown
        ? { accessory: { type: 'image', slack_file: { id: readFileHandle(file).file }, alt_text: cut(alt, 200) } }
        : {}),
    },
    ...(isLive(job) ? [] : [buttons(job, made, messages)]),
  ]
}

function hasPictures(job: Job): job is Extract<Job, { state: 'delivered' }> {
  return job.state === 'delivered' && job.receipt.files.length > 0
}

function unmade(job: Job, { unfinished }: Messages): string {
  if (isLive(job)) return unfinished.live
  return job.cancelledAt === null ? unfinished.failed : unfinished.cancelled
}

/** In each reader's own time zone; the fallback is for clients that can't. */
function when({ acceptedAt }: Job): string {
  const seconds = Math.floor(acceptedAt / 1000)
  return `<!date^${seconds}^{date_short_pretty} {time}|${new Date(acceptedAt).toISOString().slice(0, 16)}Z>`
}

function buttons(job: Job, made: boolean, { labels }: Messages): Block {
  const value = buttonValue({ jobId: job.id, from: origin(job) })
  const button = (action: 'open' | 'again', label: string): types.Button => ({
    type: 'button',
    action_id: action,
    text: { type: 'plain_text', text: label, emoji: false },
    value,
  })
  return { type: 'actions', elements: [...(made ? [button('open', labels.open)] : []), button('again', labels.again)] }
}

/** What was private stays so. */
function origin(job: Job): { readonly channel: string; readonly thread: string | null } | null {
  if (!job.request.private) return null
  const { channel, thread } = readAddress(job.address)
  return { channel, thread }
}
