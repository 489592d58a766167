import { setTimeout as after } from 'node:timers/promises'
import { seededRandom } from '../core/random.ts'
import type { StandIn } from '../discord/stand-in.ts'
import { readAnswers } from './answers.ts'
import { type Mix, planOf, strike } from './blows.ts'
import { acceptPatienceMs, eventKey } from './cases.ts'
import type { EngineName } from './database.ts'
import { strangePictures } from './pictures.ts'
import { type Stage, setStage } from './stage.ts'
import type { Command } from './traffic.ts'
import { type Figures, judge, type Verdict } from './verdict.ts'

export interface RunOptions {
  readonly engine: EngineName
  readonly mix: Mix
  /** 1 on SQLite. */
  readonly replicas: number
  /** Commands, while somebody listens; 4 unless said otherwise. */
  readonly perSecond?: number
  readonly seed: number
  /** Told what happens, a line at a time. */
  readonly say: Say
}

type Say = (line: string) => void

export interface Result {
  readonly figures: Figures & { readonly kills: number }
  /** What was done to the replicas, how often; `any`: from outside, at some moment. */
  readonly done: Readonly<Record<string, number>>
  readonly problems: readonly string[]
}

/** A submit without an answer is given up after a while, and then everything goes its way. */
const quietPatienceMs = 240_000

/** Kills replicas under load, lets what remains come to rest, and judges. */
export async function torture(options: RunOptions): Promise<Result> {
  const { engine, mix, replicas, perSecond = 4, seed, say } = options
  const random = seededRandom(seed + 1)
  await using stage = await setStage({ engine, seed, spare: true, maxInFlight: mix.kills > 100 ? 20 : 12 })
  const { herd, standIn, traffic } = stage
  const first = await herd.start()
  await first.ready
  for (let more = 1; more < replicas; more += 1) await (await herd.start()).ready
  await standIn.ready()
  traffic.start(perSecond)
  const struck = await strike(planOf(mix, random), stage, random, say)
  say('no more commands')
  await traffic.rest()
  const verdict = await conclude(stage, say)
  const problems = [...struck.problems, ...verdict.problems]
  if (problems.length > 0) say(`logs of the replicas: ${stage.keepLogs()}`)
  return { problems, done: struck.done, figures: { kills: mix.kills, ...verdict.figures } }
}

/** Waits until everything is over, ends the replicas, and judges what is left. */
export async function conclude(stage: Stage, say: Say = () => undefined): Promise<Verdict> {
  const { herd, standIn, traffic, upstream, limits } = stage
  const problems = await comeToRest(stage, say)
  for (const { code, signal } of await herd.stop())
    if (code !== 0) problems.push(`asked to stop, a replica ended with ${signal ?? code}`)
  const { commands } = traffic
  const books = await stage.books().read()
  const verdict = judge({
    ...{ commands, limits, books, lives: herd.lives },
    answers: readAnswers(standIn, commands),
    posts: await upstream.posts(),
    mostInFlight: await upstream.mostInFlight(),
  })
  problems.push(...verdict.problems, ...(await strangePictures(standIn, books)))
  problems.push(...herd.problems, ...standIn.violations, ...(await stage.books().check()))
  return { figures: verdict.figures, problems }
}

/** Whether somebody may still answer it, or write it down. */
function isWaiting(command: Command, known: boolean, standIn: StandIn): boolean {
  const age = Date.now() - command.sentAt
  if (command.invocation.interaction.answered === null) return age < 3_500
  const answered = () => (readAnswers(standIn, [command]).get(command)?.final.length ?? 0) > 0
  return !known && age < acceptPatienceMs + 2_000 && !answered()
}

/** Waits until nothing is under way any more; what still is after that is a problem. */
async function comeToRest({ traffic, standIn, books }: Stage, say: Say): Promise<string[]> {
  const until = performance.now() + quietPatienceMs
  for (;;) {
    const jobs = await books().owners()
    const live = jobs.filter(({ ended_at }) => ended_at === null).map(({ event_key }) => event_key)
    const known = new Set(jobs.map(({ event_key }) => event_key))
    const waiting = traffic.commands.filter((command) => isWaiting(command, known.has(eventKey(command)), standIn))
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
