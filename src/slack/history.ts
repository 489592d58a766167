import type { Job } from '../core/job.ts'
import { messagesFor } from '../core/messages.ts'
import type { Usage } from '../core/view.ts'
import { listedRecords, recordBlocks } from './record.ts'
import type { Message } from './render.ts'

/** Somebody's latest requests, for that person alone. `command` as it is typed there. */
export function historyMessage(jobs: readonly Job[], command: string): Message {
  const messages = messagesFor('en')
  if (jobs.length === 0) return plainMessage([messages.nothingYet(command)])
  const blocks = jobs.slice(0, listedRecords).flatMap((job) => recordBlocks(job, messages, 'hidden'))
  return { text: messages.labels.history, blocks }
}

/** What somebody has spent, for that person alone. */
export function usageMessage(usage: Usage): Message {
  return plainMessage(messagesFor('en').usage(usage))
}

/** Our own words as they are. */
function plainMessage(lines: readonly string[]): Message {
  const text = lines.join('\n')
  return { text, blocks: [{ type: 'section', text: { type: 'plain_text', text, emoji: false } }] }
}
