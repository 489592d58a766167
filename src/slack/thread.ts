import { z } from 'zod'
import type { Job } from '../core/job.ts'
import type { Studio } from '../core/studio.ts'
import { messageKey, readAddress } from './address.ts'
import { type Asked, type Pictures, type Pointed, picturesOf, readFiles } from './parse.ts'
import type { Workspace } from './tokens.ts'
import { reading, type SlackApi } from './web-api.ts'

/** A workspace's latest requests are looked through for those of a thread: so many at a time, and so many times. */
const looked = 100
const pages = 5
/** Reading the thread's first message may take this long, in milliseconds: the event waits for its ack. */
const readTimeoutMs = 2_000

const none: Pointed = { inputs: [], omitted: [], parent: null }
const repliesSchema = z.object({
  messages: z.array(z.object({ ts: z.string(), files: z.array(z.unknown()).default([]) })).default([]),
})

/**
 * The pictures that somebody means who asks in a thread without attaching any: the latest result in it, the result that
 * it began with, or the pictures of its first message. Throws an AppError when Slack does not show us that message.
 */
export async function picturesOfThread(
  { team, enterprise, channel, thread }: Asked['origin'],
  studio: Pick<Studio, 'list' | 'findByMessage'>,
  api: SlackApi,
): Promise<Pointed> {
  if (thread === null) return none
  const latest = await latestIn(team, channel, thread, studio)
  const job = latest ?? (await studio.findByMessage('slack', messageKey(team, channel, thread)))
  // Our own message has no files of its own, so asking for it would be in vain.
  if (job !== null) return hasPictures(job) ? picturesOf(job) : none
  return { ...(await readParent({ team, enterprise }, channel, thread, api)), parent: null }
}

async function latestIn(
  team: string,
  channel: string,
  thread: string,
  studio: Pick<Studio, 'list'>,
): Promise<Job | null> {
  const query = { surface: 'slack', workspace: team, personId: null, limit: looked, shares: true }
  let before: string | null = null
  for (let page = 0; page < pages; page += 1) {
    const jobs: readonly Job[] = await studio.list({ ...query, before })
    const found = jobs.find((job) => hasPictures(job) && isIn(job, channel, thread))
    if (found !== undefined) return found
    before = jobs.at(-1)?.id ?? null
    if (jobs.length < looked || before === null) return null
    // Messages are never older than the thread that they are in.
    const oldest = jobs.at(-1)?.acceptedAt ?? 0
    if (oldest < Number(thread) * 1000) return null
  }
  return null
}

function isIn(job: Job, channel: string, thread: string): boolean {
  if (job.state !== 'delivered') return false
  const { message } = readAddress(job.receipt.address)
  return message !== null && message.channel === channel && (message.thread === thread || message.ts === thread)
}

function hasPictures(job: Job): boolean {
  return job.state === 'delivered' && job.receipt.files.length > 0
}

async function readParent(workspace: Workspace, channel: string, thread: string, api: SlackApi): Promise<Pictures> {
  const call = reading(AbortSignal.timeout(readTimeoutMs))
  const answer = await api.ask(workspace, call, 'never', (client) =>
    client.conversations.replies({ channel, ts: thread, limit: 1, inclusive: true }),
  )
  const [parent] = repliesSchema.parse(answer).messages.filter(({ ts }) => ts === thread)
  return parent === undefined ? none : readFiles(parent.files, workspace)
}
