import type { types } from '@slack/bolt'
import { z } from 'zod'
import type { Job } from '../core/job.ts'
import { type Messages, messagesFor } from '../core/messages.ts'
import type { Log } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Usage } from '../core/view.ts'
import { definitions } from './commands.ts'
import { faultOf } from './errors.ts'
import { listedRecords, recordBlocks } from './record.ts'
import type { Workspace } from './tokens.ts'
import { reading, type SlackApi } from './web-api.ts'

type Block = types.KnownBlock

const openedSchema = z.object({ event: z.object({ user: z.string(), tab: z.string() }) })
const publishTimeoutMs = 10_000

/** Who opened the app's Home tab; null for every other event, and for its other tabs. */
export function parseHomeOpened(body: unknown): string | null {
  const parsed = openedSchema.safeParse(body)
  return parsed.success && parsed.data.event.tab === 'home' ? parsed.data.event.user : null
}

/** Shows somebody's latest pictures, credits and how to use the bot, in the app's Home tab. */
export async function showHome(
  workspace: Workspace,
  user: string,
  studio: Pick<Studio, 'list' | 'usage'>,
  { api, log }: { readonly api: SlackApi; readonly log: Log },
): Promise<void> {
  const query = { surface: 'slack', workspace: workspace.team, personId: user, limit: listedRecords, before: null }
  const [jobs, usage] = await Promise.all([studio.list(query), studio.usage('slack', user)])
  const publish = (pictures: 'shown' | 'hidden') =>
    api.ask(workspace, reading(AbortSignal.timeout(publishTimeoutMs)), 'safely', (client) =>
      client.views.publish({ user_id: user, view: homeView(jobs, usage, pictures) }),
    )
  try {
    await publish('shown')
  } catch (error) {
    // A file that was deleted by hand takes the whole page with it.
    const fault = faultOf(error)
    if (fault !== 'unfit' && fault !== 'ours' && fault !== 'unknown') throw error
    log.debug({ fault }, 'Home is shown without pictures')
    await publish('hidden')
  }
}

function homeView(jobs: readonly Job[], usage: Usage, pictures: 'shown' | 'hidden'): types.HomeView {
  const messages = messagesFor('en')
  const { labels } = messages
  return {
    type: 'home',
    blocks: [
      header(labels.history),
      ...(jobs.length === 0
        ? [lines([messages.nothingYet(definitions.command.command)])]
        : jobs.flatMap((job) => recordBlocks(job, messages, pictures))),
      { type: 'divider' },
      header(labels.usage),
      lines(messages.usage(usage)),
      { type: 'divider' },
      header(labels.howTo),
      lines(howTo(messages)),
    ],
  }
}

function howTo(messages: Messages): readonly string[] {
  return messages.help(definitions.command.command)
}

function header(text: string): Block {
  return { type: 'header', text: { type: 'plain_text', text, emoji: false } }
}

function lines(words: readonly string[]): Block {
  return { type: 'section', text: { type: 'plain_text', text: words.join('\n'), emoji: false } }
}
