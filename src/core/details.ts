import type { Job } from './job.ts'
import type { Messages, Words } from './messages.ts'
import { creditsPerPicture } from './request.ts'
import type { Details } from './view.ts'

/** One line of "Details": a name, and words or a time (milliseconds since the epoch) which each chat writes in its own way. */
export interface DetailLine {
  readonly name: string
  readonly value: Words | { readonly at: number }
}

/** What "Details" tells of a job, in order. The prompt comes whole: surfaces cut what does not fit. */
export function detailLines({ job, lineage, more }: Details, messages: Messages): readonly DetailLine[] {
  const { detail } = messages
  const { request } = job
  const cost = costOf(job)
  const lines: (DetailLine | null)[] = [
    { name: detail.prompt, value: [{ quoted: request.prompt }] },
    { name: detail.aspectRatio, value: [messages.ratio(request.aspectRatio)] },
    { name: detail.quality, value: [messages.quality(request.quality)] },
    cost === null ? null : { name: detail.credits, value: [messages.credits(cost.credits)] },
    cost === null ? null : { name: detail.took, value: [messages.duration(cost.tookMs)] },
    { name: detail.askedBy, value: [{ quoted: job.person.name }] },
    { name: detail.when, value: { at: job.acceptedAt } },
    job.inputs.length === 0 ? null : { name: detail.inputs, value: listed(job.inputs.map(({ name }) => name)) },
    ...lineage.map((parent): DetailLine => ({ name: detail.madeFrom, value: ancestor(parent, messages) })),
    more ? { name: detail.madeFrom, value: ['…'] } : null,
    { name: detail.number, value: [job.id] },
  ]
  return lines.filter((line) => line !== null)
}

/** What a job that made pictures cost, and how long it took; null while it has made none. */
function costOf(job: Job): { readonly credits: number; readonly tookMs: number } | null {
  const ended = job.tasks.flatMap((task) => (task.state === 'completed' ? [task.endedAt] : []))
  if (ended.length === 0) return null
  const tookMs = Math.max(0, Math.max(...ended) - job.acceptedAt)
  return { credits: ended.length * creditsPerPicture[job.request.quality], tookMs }
}

function ancestor(job: Job, messages: Messages): Words {
  return [{ quoted: job.request.prompt }, ` (${messages.action(job.action)})`]
}

function listed(names: readonly string[]): Words {
  return names.flatMap((name, at) => [at === 0 ? '' : ', ', { quoted: name }])
}
