import { type DetailLine, detailLines } from '../core/details.ts'
import { messagesFor } from '../core/messages.ts'
import type { Details } from '../core/view.ts'
import { contentLength } from './limits.ts'
import { bodyOf, type MessageBody } from './message-body.ts'
import { ours, wordsOf } from './wording.ts'

/** Characters of each thing that somebody typed, the prompt itself apart. */
const quoteLength = 60

/** Everything that is known of a picture, for whoever asked. */
export function renderDetails(details: Details, locale: string): MessageBody {
  const messages = messagesFor(locale)
  // The prompt stands above the others, as in the picture's own message, and is cut only where a message ends.
  const lines = detailLines(details, messages).filter(({ name }) => name !== messages.detail.prompt)
  const prompt = { text: details.job.request.prompt, length: contentLength, lines: 40 }
  return bodyOf({ prompt, lines: lines.map(lineOf) })
}

function isTime(value: DetailLine['value']): value is { readonly at: number } {
  return 'at' in value && typeof value.at === 'number'
}

function lineOf({ name, value }: DetailLine): string {
  const text = isTime(value) ? `<t:${Math.floor(value.at / 1000)}:f>` : wordsOf(value, quoteLength)
  return `**${ours(name)}** ${text}`
}
