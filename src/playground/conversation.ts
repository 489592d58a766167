import { isLive, type Job } from '../core/job.ts'
import type { Messages } from '../core/messages.ts'
import type { Shelf } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import { commandFor } from './commands.ts'
import { shownBefore } from './history.ts'
import type { Hub } from './hub.ts'
import { historyPage, reconnectMs, uploadBytes } from './limits.ts'
import { person, surfaceName, workspace } from './parse.ts'
import { type AskedFacts, type PageMessage, renderMessage, type Shown } from './render.ts'

export interface ConversationParts {
  readonly studio: Studio
  readonly hub: Hub
  readonly shelf: Shelf
  readonly messages: Messages
}

export interface Page {
  /** Oldest first. */
  readonly messages: readonly PageMessage[]
  /** Whether there are older ones. */
  readonly earlier: boolean
}

/** The newest messages, or those before one that the page already has. */
export async function readPage(parts: ConversationParts, before: string | null): Promise<Page> {
  const jobs = await parts.studio.list({
    surface: surfaceName,
    workspace,
    personId: person.id,
    limit: historyPage + 1,
    before,
  })
  const messages = jobs.slice(0, historyPage).map((job) => renderMessage(job, shownNow(job, parts), parts.messages))
  return { messages: messages.reverse(), earlier: jobs.length > historyPage }
}

function shownNow(job: Job, { hub, shelf }: ConversationParts): Shown {
  const latest = hub.latest(job.id)
  if (latest !== null && (isLive(job) || isEnd(latest))) return latest
  return shownBefore(job, shelf)
}

function isEnd({ view }: Shown): boolean {
  return view.kind === 'result' || view.kind === 'failed' || view.kind === 'cancelled'
}

/**
 * The event stream of one tab: everything at first (`state`), so that it does not matter what a tab missed, then each
 * message as it changes (`message`).
 */
export async function* streamConversation(
  parts: ConversationParts,
  about: { readonly simulated: boolean },
  signal: AbortSignal,
): AsyncGenerator<string> {
  // Listening begins before the state is read: what happens meanwhile is told afterwards.
  const news = parts.hub.follow(signal)
  const asked = new Map<string, AskedFacts>()
  const { messages } = parts
  yield `retry: ${reconnectMs}\n\n`
  yield event('state', {
    ...about,
    ...(await readPage(parts, null)),
    command: commandFor(messages),
    uploadBytes,
    words: {
      ...messages.labels,
      help: messages.help(''),
      tooLarge: messages.failed({ code: 'input_too_large' }),
    },
  })
  for await (const batch of news) {
    if (batch.length === 0) yield ': still here\n\n'
    for (const shown of batch) {
      const { jobId } = shown.view
      const job = asked.get(jobId) ?? (await parts.studio.get(jobId))
      if (job === null) continue
      asked.set(jobId, job)
      yield event('message', renderMessage(job, shown, messages))
    }
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
