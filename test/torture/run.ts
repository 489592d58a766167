import { setTimeout as after } from 'node:timers/promises'
import type { Random } from '../../src/core/ports.ts'
import { seededRandom } from '../core/random.ts'
import { readAnswers } from './answers.ts'
import type { EngineName } from './database.ts'
import { doubtful, type Point, points } from './halt.ts'
import type { Replica } from './herd.ts'
import { type Stage, setStage } from './stage.ts'
import { type Figures, judge } from './verdict.ts'

export interface RunOptions {
  readonly engine: EngineName
  readonly kills: number
  readonly seed: number
  /** Told what happens, a line at a time. */
  readonly say: (line: string) => void
}

export interface Result {
  readonly figures: Figures & { readonly kills: number }
  /** How often replicas were killed at each point; `any`: from outside, at some moment. */
  readonly killed: Readonly<Record<string, number>>
  readonly problems: readonly string[]
}

/** Commands a second. */
const perSecond = 4
/** From one kill to the next, in milliseconds, besides what starting and coming to a point take. */
const leastMs = 200
const spreadMs = 700
/** A point that nobody comes to in so long is left, for a kill from outside. */
const pointPatienceMs = 15_000
/** A submit without an answer is given up after 35 s, and then everything goes its way. */
const quietPatienceMs = 120_000

/** Kills replicas under load, lets what remains come to rest, and judges. */
export async function torture(options: RunOptions): Promise<Result> {
  const { engine, kills, seed, say } = options
  const random = seededRandom(seed + 1)
  await using stage = await setStage({ engine, seed, maxInFlight: kills > 100 ? 20 : 12 })
  const { herd, standIn, traffic } = stage
  const first = await herd.start()
  await first.ready
  for (let more = 1; more < (engine === 'sqlite' ? 1 : 3); more += 1) await (await herd.start()).ready
  await standIn.ready()
  traffic.start(perSecond)
  const killed = await killAll(planOf(kills, random), stage, random, say)
  say('no more commands')
  await traffic.rest()
  const problems = [...(await comeToRest(stage, say))]
  for (const { code, signal } of await herd.stop())
    if (code !== 0) problems.push(`asked to stop, a replica ended with ${signal ?? code}`)
  const { commands } = traffic
  const verdict = judge({
    commands,
    answers: readAnswers(standIn, commands),
    posts: await stage.upstream.posts(),
    mostInFlight: await stage.upstream.mostInFlight(),
    books: await stage.books().read(),
    limits: stage.limits,
  })
  problems.push(...verdict.problems, ...herd.problems, ...standIn.violations, ...(await stage.books().check()))
  if (problems.length > 0) say(`logs of the replicas: ${stage.keepLogs()}`)
  return { problems, killed, figures: { kills, ...verdict.figures } }
}

type Plan = readonly (Point | 'any')[]

/** Each point once, those that leave doubts first, then points and random moments as they come. */
function planOf(kills: number, random: Random): Plan {
  const first = [...points].sort((a, b) => Number(doubtful.has(b)) - Number(doubtful.has(a)))
  const plan: (Point | 'any')[] = first.slice(0, kills)
  const often = points.filter((point) => !doubtful.has(point))
  while (plan.length < kills) {
    const dice = random()
    // Few of the doubtful ones: each holds a slot for 35 s.
    const from = dice < 0.45 ? (['any'] as const) : dice < 0.95 ? often : [...doubtful]
    plan.push(from[Math.floor(random() * from.length)] ?? 'any')
  }
  return plan
}

async function killAll(
  plan: Plan,
  { herd }: Stage,
  random: Random,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const killed: Record<string, number> = {}
  for (const [at, point] of plan.entries()) {
    const victim = herd.running[Math.floor(random() * herd.running.length)]
    if (victim === undefined) throw new Error(`no replica is left to kill:\n${herd.problems.join('\n')}`)
    await Promise.race([victim.ready, victim.exited])
    await after(leastMs + random() * spreadMs)
    const died = await (point === 'any' ? killNow(victim) : killAt(victim, point))
    killed[died] = (killed[died] ?? 0) + 1
    say(`${at + 1}/${plan.length} ${victim.name} killed: ${died}`)
    const next = await herd.start()
    // With one process there is nobody else to go on.
    if (herd.running.length === 1) await Promise.race([next.ready, next.exited])
  }
  return killed
}

async function killNow(victim: Replica): Promise<'any'> {
  victim.kill('SIGKILL')
  await victim.exited
  return 'any'
}

async function killAt(victim: Replica, point: Point): Promise<Point | 'any'> {
  victim.halt({ at: point, how: 'SIGKILL' })
  const late = new AbortController()
  const came = await Promise.race([
    victim.exited.then(() => true),
    after(pointPatienceMs, false, { signal: late.signal }),
  ])
  late.abort()
  if (came) return point
  return killNow(victim)
}

/** Waits until nothing is under way any more; what still is after that is a problem. */
async function comeToRest({ traffic, standIn, books }: Stage, say: (line: string) => void): Promise<string[]> {
  const until = performance.now() + quietPatienceMs
  for (;;) {
    const live = await books().live()
    const waiting = traffic.commands.filter(
      ({ invocation, sentAt }) => invocation.interaction.answered === null && Date.now() - sentAt < 3_500,
    )
    if (live.length === 0 && waiting.length === 0) break
    if (performance.now() > until) return [`after ${quietPatienceMs / 1_000} s still under way: ${live.join(', ')}`]
    await after(250)
  }
  say('quiet')
  // Whatever somebody still had to say comes now.
  const { length } = standIn.requests
  await after(2_000)
  return standIn.requests
    .slice(length)
    .map(({ method, route, status }) => `after everything was over: ${method} ${route} ${status}`)
}
