import { setTimeout as after } from 'node:timers/promises'
import { requestsOf } from './answers.ts'
import type { Owned } from './books.ts'
import type { Point, Word } from './halt.ts'
import type { Replica } from './herd.ts'
import { type Stage, ttlMs } from './stage.ts'
import type { Command } from './traffic.ts'

type Halted = Extract<Word, { replica: 'halted' }>

/** Longer than a heartbeat counts, and than it takes the others to look for jobs of the dead. */
const pausedMs = ttlMs + 3_000
/** Awake again it must beat for one TTL before it may take over anything: what it says until then is of jobs it had. */
const listenedMs = ttlMs - 500
const pointPatienceMs = 8_000

export interface Pause {
  /** Where it was paused; `any` when it did not come to the point. */
  readonly at: Point | 'any'
  /** How many of its jobs others took meanwhile. */
  readonly robbed: number
  /** What it said or posted of others' jobs when it woke. */
  readonly problems: readonly string[]
}

/** Pauses a replica for longer than its heartbeat counts, and listens to what it says when it wakes. */
export async function pause(victim: Replica, point: Point | 'any', stage: Stage): Promise<Pause> {
  const { standIn, traffic, upstream } = stage
  const halted = point === 'any' ? null : await haltedAt(victim, point)
  if (halted === null) victim.kill('SIGSTOP')
  const before = await stage.books().owners()
  await after(pausedMs)
  const now = await stage.books().owners()
  const foreign = commandsOf(foreignJobs(halted, before, now), traffic.commands)
  const from = standIn.requests.length
  const wokenAt = Date.now()
  victim.kill('SIGCONT')
  await after(listenedMs)
  const who = `${victim.name}, paused at ${halted?.at ?? 'any'}`
  const spoken = requestsOf(standIn, [...foreign.values()], victim.name, from)
  const posted = (await upstream.posts()).filter(({ at }) => at >= wokenAt)
  // Marked and not posted yet: now nobody may post it any more.
  const marked = halted?.at === 'marked' ? foreign.get(halted.job ?? '') : undefined
  const late = posted.filter(({ prompt }) => marked?.count === 1 && prompt.startsWith(marked.tag))
  return {
    at: halted?.at ?? 'any',
    robbed: robbedOf(halted, before, now),
    problems: [
      ...spoken.map(({ command, words }) => `${who}: spoke of ${command.tag} when it woke: ${words}`),
      ...late.map(({ prompt }) => `${who}: posted ${prompt.slice(0, 6)} when it woke`),
    ],
  }
}

async function haltedAt(victim: Replica, point: Point): Promise<Halted | null> {
  victim.halt({ at: point, how: 'SIGSTOP' })
  const late = new AbortController()
  const halted = await Promise.race([victim.halted(), after(pointPatienceMs, null, { signal: late.signal })])
  late.abort()
  if (halted === null) victim.goOn()
  return halted
}

/** The name under which the halted replica owns jobs: the job that it halted at was its own. */
function ownerOf(halted: Halted | null, before: readonly Owned[]): string | null {
  return before.find(({ id }) => id === halted?.job)?.owner ?? null
}

/** Jobs that are certainly not the paused replica's: others', and those that are over. */
function foreignJobs(halted: Halted | null, before: readonly Owned[], now: readonly Owned[]): readonly Owned[] {
  const owner = ownerOf(halted, before)
  return now.filter((job) => (owner === null ? job.ended_at !== null : job.owner !== owner))
}

function robbedOf(halted: Halted | null, before: readonly Owned[], now: readonly Owned[]): number {
  const owner = ownerOf(halted, before)
  if (owner === null) return 0
  const had = new Set(before.filter((job) => job.owner === owner).map(({ id }) => id))
  return now.filter((job) => had.has(job.id) && job.owner !== owner).length
}

function commandsOf(jobs: readonly Owned[], commands: readonly Command[]): ReadonlyMap<string, Command> {
  const byEvent = new Map(commands.map((command) => [`discord:${command.invocation.id}`, command]))
  return new Map(
    jobs.flatMap(({ id, event_key }): [string, Command][] => {
      const command = byEvent.get(event_key)
      return command === undefined ? [] : [[id, command]]
    }),
  )
}
