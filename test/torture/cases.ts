import type { Post } from '../../src/simulator/records.ts'
import type { Answers } from './answers.ts'
import type { BookedJob, BookedTask, Books } from './books.ts'
import type { Life } from './herd.ts'
import type { Command, Press } from './traffic.ts'

/** Everything that was recorded of a run, after it came to rest. */
export interface Evidence {
  readonly commands: readonly Command[]
  readonly answers: ReadonlyMap<Command, Answers>
  readonly posts: readonly Post[]
  readonly mostInFlight: number
  readonly books: Books
  readonly lives: readonly Readonly<Life>[]
  readonly limits: { readonly maxInFlight: number; readonly submitsPerSecond: number }
}

/** What is known of one command from all sides. */
export interface Case {
  readonly command: Command
  readonly answers: Answers
  readonly job: BookedJob | null
  readonly tasks: readonly BookedTask[]
  /** Its POSTs that the API took. */
  readonly taken: readonly Post[]
  /** Whether nobody who heard of it, or of a press, lived on. */
  readonly unheard: boolean
  readonly unheardPresses: ReadonlySet<Press>
}

/** Nobody waits longer for the database before somebody is told no. */
export const acceptPatienceMs = 20_000

/** Whether every replica that heard of a command or a press in time was killed before it could write it down or say no. */
function isUnheard({ sentAt, invocation }: Press, lives: Evidence['lives']): boolean {
  const listened = lives.filter(
    ({ readyAt, endedAt }) => readyAt !== null && readyAt <= sentAt && (endedAt ?? sentAt + 1) > sentAt,
  )
  const heard = listened.filter(({ missed }) => !missed.includes(invocation.id))
  const died = heard.every(({ killed, endedAt }) => killed && endedAt !== null && endedAt - sentAt < acceptPatienceMs)
  return heard.length > 0 && died
}

/** Puts together what belongs to each command. */
export function casesOf({ commands, answers, posts, books, lives }: Evidence): Case[] {
  const jobs = new Map(books.jobs.map((job) => [job.event_key, job]))
  const tasks = Map.groupBy(books.tasks, ({ job }) => job)
  const taken = Map.groupBy(
    posts.filter(({ taskId }) => taskId !== null),
    ({ prompt }) => prompt.slice(0, 6),
  )
  return commands.map((command) => {
    const job = jobs.get(eventKey(command)) ?? null
    const known = answers.get(command)
    if (known === undefined) throw new Error(`nothing was read for ${command.tag}`)
    return {
      command,
      job,
      answers: known,
      tasks: job === null ? [] : (tasks.get(job.id) ?? []),
      taken: taken.get(command.tag) ?? [],
      unheard: isUnheard(command, lives),
      unheardPresses: new Set(command.presses.filter((press) => isUnheard(press, lives))),
    }
  })
}

export function eventKey({ invocation }: Command): string {
  return `discord:${invocation.id}`
}
