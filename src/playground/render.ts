import type { JobFacts } from '../core/job.ts'
import type { Messages } from '../core/messages.ts'
import type { AspectRatio, ImageRequest } from '../core/request.ts'
import type { JobView, ViewOf } from '../core/view.ts'
import { messageIdOf } from './address.ts'
import { inputId } from './picture-id.ts'

/** A view as it was shown: with the shelf ids of its pictures. */
export interface Shown {
  readonly view: JobView
  readonly files: readonly string[]
}

/** One exchange in the conversation, as the page gets it. Every string is text, never markup. */
export interface PageMessage {
  /** The job's id. */
  readonly id: string
  /** The id that the page gave to the person's message. */
  readonly messageId: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly asked: PageAsked
  readonly answer: PageAnswer
}

interface PageAsked {
  readonly prompt: string
  /** What differs from the plain request: shape, quality, number. */
  readonly options: readonly string[]
  readonly pictures: readonly { readonly src: string; readonly name: string }[]
  readonly reply: boolean
}

export interface PageAnswer {
  readonly state: JobView['kind']
  readonly ratio: AspectRatio
  readonly count: number
  /** What is going on, or the line under the pictures, or why there are none. */
  readonly line: string
  /** What is missing of several pictures; null when nothing is. */
  readonly note: string | null
  /** How far it is, from 0 to 1; null where that can't be told. */
  readonly progress: number | null
  readonly pictures: readonly PagePicture[]
  readonly cancellable: boolean
}

interface PagePicture {
  /** 1-based. */
  readonly n: number
  readonly src: string
  readonly download: string
  readonly alt: string
}

export type AskedFacts = Pick<JobFacts, 'id' | 'acceptedAt' | 'request' | 'inputs' | 'address'>

/** The path at which the page finds a picture on the shelf. */
function picturePath(id: string): string {
  return `/playground/pictures/${id}`
}

/** A job and its latest view as the page shows it, in the reader's language. */
export function renderMessage(job: AskedFacts, shown: Shown, messages: Messages): PageMessage {
  return {
    id: job.id,
    messageId: messageIdOf(job.address),
    at: job.acceptedAt,
    asked: renderAsked(job, messages),
    answer: renderAnswer(shown, messages),
  }
}

function renderAsked({ request, inputs }: AskedFacts, messages: Messages): PageAsked {
  const { aspectRatio, quality, count } = request
  return {
    prompt: request.prompt,
    options: [
      ...(aspectRatio === '1:1' ? [] : [messages.ratio(aspectRatio)]),
      ...(quality === 'medium' ? [] : [messages.quality(quality)]),
      ...(count === 1 ? [] : [`× ${count}`]),
    ],
    pictures: inputs.map((ref) => ({ src: picturePath(inputId(ref)), name: ref.kind === 'remote' ? ref.name : '' })),
    reply: inputs.some(({ kind }) => kind === 'result'),
  }
}

/** What the one living message says. */
export function renderAnswer({ view, files }: Shown, messages: Messages): PageAnswer {
  const { request } = view
  const base = {
    state: view.kind,
    ratio: request.aspectRatio,
    count: request.count,
    note: null,
    progress: null,
    pictures: [],
    cancellable: false,
  }
  switch (view.kind) {
    case 'queued':
      return { ...base, line: messages.queued(view.place), cancellable: true }
    case 'preparing':
      return { ...base, line: messages.preparing(view.inputCount), cancellable: true }
    case 'running':
      return {
        ...base,
        line: messages.running({ ...view, total: request.count }),
        progress: progressOf(view),
        cancellable: true,
      }
    case 'result':
      return renderResult(view, files, messages, base)
    case 'failed':
      return { ...base, line: messages.failed(view.failure) }
    case 'cancelled':
      return { ...base, line: messages.cancelled(view.credits, view.pending) }
  }
}

function renderResult(
  view: ViewOf<'result'>,
  files: readonly string[],
  messages: Messages,
  base: Omit<PageAnswer, 'line'>,
): PageAnswer {
  const { request, failures } = view
  const edited = view.inputCount > 0
  const [failure] = failures
  return {
    ...base,
    line: messages.made({
      ratio: request.aspectRatio,
      quality: request.quality,
      credits: view.credits,
      tookMs: view.tookMs,
      edited,
    }),
    note: failure === undefined ? null : messages.partly(files.length, request.count, failure),
    pictures: files.map((id, at) => ({
      n: at + 1,
      src: picturePath(id),
      download: `${picturePath(id)}?name=${encodeURIComponent(fileName(request, at + 1))}`,
      alt: messages.alt(request.prompt, edited),
    })),
  }
}

function progressOf({ elapsedMs, remainingMs }: ViewOf<'running'>): number | null {
  if (remainingMs === null) return null
  const whole = elapsedMs + remainingMs
  return whole === 0 ? 0 : elapsedMs / whole
}

/** A file name from the prompt's first words, without an extension: letters, digits and hyphens of any script. */
function fileName({ prompt, count }: ImageRequest, n: number): string {
  const words = prompt.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  const name = words.slice(0, 8).join('-').slice(0, 60).replace(/-$/, '')
  return `${name === '' ? 'picture' : name}${count === 1 ? '' : `-${n}`}`
}
