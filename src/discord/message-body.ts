import type { APIActionRowComponent, APIAllowedMentions, APIButtonComponentWithCustomId } from 'discord.js'
import { contentLength } from './limits.ts'
import { quoted } from './wording.ts'

/** What a message shows, as Discord's API takes it. */
export interface MessageBody {
  readonly content: string
  readonly allowed_mentions: APIAllowedMentions
  readonly components: readonly ButtonRow[]
  /** The complete list of the message's files; absent: they stay as they are. */
  readonly attachments?: readonly AttachmentBody[]
}

export type ButtonRow = APIActionRowComponent<APIButtonComponentWithCustomId>

export interface AttachmentBody {
  /** The n of `files[n]`. */
  readonly id: number
  readonly filename: string
  readonly description: string
  readonly is_spoiler?: boolean
}

export interface Parts {
  /** What somebody typed, for a quote above the lines; it gives way to them. */
  readonly prompt?: { readonly text: string; readonly length: number; readonly lines: number }
  readonly lines: readonly string[]
  readonly buttons?: readonly ButtonRow[]
}

/** So much of a prompt is shown in any case. */
const leastPrompt = 120

/** A message that Discord takes, whatever is in it. */
export function bodyOf({ prompt, lines, buttons = [] }: Parts): MessageBody {
  const kept = fitted(lines, contentLength - (prompt === undefined ? 0 : leastPrompt))
  const room = contentLength - kept.length - 1
  const content = prompt === undefined ? kept : [quoted(prompt, room), kept].filter((part) => part !== '').join('\n')
  // Nothing that we say may ping anybody: each edit without this falls back to Discord's own default.
  return { content, allowed_mentions: { parse: [] }, components: buttons }
}

/** As many whole lines as there is room for: half a line could end within an escape. */
function fitted(lines: readonly string[], room: number): string {
  const text = lines.join('\n')
  if (text.length <= room) return text
  const kept: string[] = []
  let length = '…'.length
  for (const line of lines) {
    if (length + line.length + 1 > room) continue
    kept.push(line)
    length += line.length + 1
  }
  return [...kept, '…'].join('\n')
}
