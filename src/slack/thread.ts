import { z } from 'zod'
import type { InputRef, Job } from '../core/job.ts'
import type { Studio } from '../core/studio.ts'
import { messageKey, readAddress } from './address.ts'
import type { Asked, Pointed } from './parse.ts'
import { readFiles } from './parse.ts'
import { reading, type SlackApi } from './web-api.ts'

/** How many of a workspace's latest requests are looked through for those of a thread. */
const looked = 50
/** Reading the thread's first message may take this long, in milliseconds: the event waits for its ack. */
const readTimeoutMs = 2_000

const none: Pointed = { inputs: [], parent: null }
const repliesSchema = z.object({
  messages: z.array(z.object({ ts: z.string(), files: z.array(z.unknown()).default([]) })).default([]),
})

/**
 * The pictures that somebody means who asks in a thread without attaching any: the latest result in it, the result that
 * it began with, or the pictures of its first message. Throws an AppError when Slack does not show us that message.
 */
export async function picturesOfThread(
  { team, channel, thread }: Asked['origin'],
  studio: Pick<Studio, 'list' | 'findByMessage'>,
  api: SlackApi,
): Promise<Pointed> {
  if (thread === null) return none
  const latest = await studio.list({ surface: 'slack', workspace: team, personId: null, limit: looked, before: null })
  const inThread = latest.find((job) => filesOf(job) > 0 && isIn(job, channel, thread))
  const job = inThread ?? (await studio.findByMessage('slack', messageKey(team, channel, thread)))
  if (job !== null && filesOf(job) > 0) return { inputs: resultsOf(job), parent: job }
  // Our own message has no files of its own, so asking for it would be in vain.
  return job === null ? { inputs: await readParent(channel, thread, api), parent: null } : none
}

function isIn(job: Job, channel: string, thread: string): boolean {
  if (job.state !== 'delivered') return false
  const { message } = readAddress(job.receipt.address)
  return message !== null && message.channel === channel && (message.thread === thread || message.ts === thread)
}

function filesOf(job: Job): number {
  return job.state === 'delivered' ? job.receipt.files.length : 0
}

function resultsOf(job: Job): InputRef[] {
  return Array.from({ length: filesOf(job) }, (_, at) => ({
    kind: 'result',
    name: `imagine-${at + 1}`,
    jobId: job.id,
    n: at + 1,
  }))
}

async function readParent(channel: string, thread: string, api: SlackApi): Promise<readonly InputRef[]> {
  const call = reading(AbortSignal.timeout(readTimeoutMs))
  const answer = await api.ask(call, 'never', (client) =>
    client.conversations.replies({ channel, ts: thread, limit: 1, inclusive: true }),
  )
  const [parent] = repliesSchema.parse(answer).messages.filter(({ ts }) => ts === thread)
  return parent === undefined ? [] : readFiles(parent.files).inputs
}
