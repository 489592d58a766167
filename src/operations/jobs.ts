// Entry point of `npm run jobs`.
import type { AmbiguousTask, FailedItem, LiveSummary } from '../store/overview.ts'
import { openOverview } from '../store/overview.ts'
import { commandLine, misuse, runCommand, say } from './command.ts'
import { table, time } from './table.ts'

const usage = `What an operator should know of the jobs. The program may be running.

  npm run jobs -- [--ambiguous] [--live] [--failed] [--limit <n>] [--json]

  --ambiguous  submits without an answer: perhaps paid for, never sent again, their credits given back
  --live       jobs on their way, the oldest first
  --failed     tasks that failed and jobs whose answer could not be shown, the latest first
  --limit <n>  at most so many of each (50)
  --json       for other programs, with times in milliseconds
`

const options = {
  ambiguous: { type: 'boolean', default: false },
  live: { type: 'boolean', default: false },
  failed: { type: 'boolean', default: false },
  limit: { type: 'string', default: '50' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

await runCommand(async (config) => {
  const { values } = commandLine(usage, { options })
  if (values.help) return say(usage)
  if (!values.ambiguous && !values.live && !values.failed) throw misuse('Say what to list.', usage)
  const limit = Number(values.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000)
    throw misuse('--limit must be a number from 1 to 100000', usage)
  const overview = await openOverview(config.store)
  try {
    const lists = {
      ...(values.ambiguous ? { ambiguous: await overview.ambiguous(limit) } : {}),
      ...(values.live ? { live: await overview.live(limit) } : {}),
      ...(values.failed ? { failed: await overview.failed(limit) } : {}),
    }
    if (values.json) return say(JSON.stringify(lists, null, 2))
    const sections = [
      lists.ambiguous && section('Ambiguous', lists.ambiguous, limit, ambiguous),
      lists.live && section('Live', lists.live, limit, live),
      lists.failed && section('Failed', lists.failed, limit, failed),
    ]
    say(sections.filter((text) => text !== undefined).join('\n\n'))
  } finally {
    await overview.close()
  }
})

function section<T>(name: string, items: readonly T[], limit: number, show: (items: readonly T[]) => string): string {
  if (items.length === 0) return `${name}: none`
  const more = items.length === limit ? ' (there may be more: --limit)' : ''
  return `${name}: ${items.length}${more}\n${show(items)}`
}

function ambiguous(tasks: readonly AmbiguousTask[]): string {
  return table(
    ['submitted', 'job', 'n', 'surface', 'workspace', 'person', 'credits', 'task id', 'slot until', 'job is'],
    tasks.map((task) => [
      time(task.submittedAt),
      task.jobId,
      String(task.n),
      ...[task.surface, task.workspace, task.personId],
      String(task.credits),
      task.taskId ?? '-',
      time(task.slotUntil),
      task.jobState,
    ]),
  )
}

function live(jobs: readonly LiveSummary[]): string {
  return table(
    ['accepted', 'job', 'state', 'tasks', 'surface', 'workspace', 'person', 'cancelled', 'replica'],
    jobs.map((job) => [
      time(job.acceptedAt),
      job.jobId,
      job.state,
      job.tasks.join(' '),
      ...[job.surface, job.workspace, job.personId],
      job.cancelledAt === null ? '-' : time(job.cancelledAt),
      job.owner ?? '-',
    ]),
  )
}

function failed(items: readonly FailedItem[]): string {
  return table(
    ['ended', 'job', 'what', 'surface', 'workspace', 'person', 'failure', 'detail'],
    items.map((item) => [
      time(item.at),
      item.jobId,
      item.n === null ? 'answer' : `task ${item.n}`,
      ...[item.surface, item.workspace, item.personId],
      item.failure.code,
      item.failure.detail ?? '-',
    ]),
  )
}
