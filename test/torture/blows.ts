import { setTimeout as after } from 'node:timers/promises'
import type { Random } from '../../src/core/ports.ts'
import type { TcpProxy } from '../fakes/tcp-proxy.ts'
import type { EngineName } from './database.ts'
import { doubtful, type Point, points } from './halt.ts'
import type { Herd, Replica } from './herd.ts'
import { pause } from './pause.ts'
import { graceMs, type Stage, ttlMs } from './stage.ts'

/** Something that is done to the replicas. */
export type Blow =
  | { readonly kind: 'kill'; readonly at: Point | 'any' }
  /** Asked to end, as for an update. */
  | { readonly kind: 'stop' }
  /** For longer than its heartbeat counts. */
  | { readonly kind: 'pause'; readonly at: Point | 'any' }
  /** All connections to the database break at once, whatever is on them. */
  | { readonly kind: 'cut' }
  /** The database is out of reach: it refuses, or nothing comes through, or its answers don't. */
  | { readonly kind: 'outage'; readonly how: 'refuse' | 'both' | 'answers'; readonly ms: number }

export interface Struck {
  /** What was done, how often. */
  readonly done: Readonly<Record<string, number>>
  readonly problems: readonly string[]
}

/** From one blow to the next, in milliseconds, besides what starting and coming to a point take. */
const leastMs = 200
const spreadMs = 700
/** A point that nobody comes to in so long is left, for a kill from outside. */
const pointPatienceMs = 20_000
/** Signing out of the chat comes on top of the grace time. */
const stopMarginMs = 10_000
const harmless = points.filter((point) => !doubtful.has(point))

/** Each point once, those that leave doubts first, then points and random moments as they come. */
export function planOf(kills: number, random: Random, engine: EngineName): readonly Blow[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const first = [...points].sort((a, b) => Number(doubtful.has(b)) - Number(doubtful.has(a)))
  const plan = first.slice(0, kills).map((at): Blow => ({ kind: 'kill', at }))
  while (plan.length < kills) {
    const dice = random()
    // Few of the doubtful ones: each holds a slot for 35 s.
    const at = dice < 0.45 ? 'any' : dice < 0.95 ? pick(harmless) : pick([...doubtful])
    plan.push({ kind: 'kill', at })
  }
  const mix = (more: readonly Blow[]) => {
    for (const blow of more) plan.splice(3 + Math.floor(random() * Math.max(0, plan.length - 3)), 0, blow)
    return plan
  }
  const stops = Array.from({ length: Math.ceil(kills / 10) }, (): Blow => ({ kind: 'stop' }))
  if (engine === 'sqlite') return mix(stops)
  const more: Blow[] = [...stops, { kind: 'pause', at: 'marked' }, { kind: 'pause', at: 'uploading' }]
  for (let n = 2; n < kills / 5; n += 1) more.push({ kind: 'pause', at: pick(['any', ...points]) })
  for (let n = 0; n < kills / 4; n += 1) more.push({ kind: 'cut' })
  for (let n = 0; n < kills / 20; n += 1)
    more.push({ kind: 'outage', how: pick(['refuse', 'both', 'answers']), ms: 1_000 + random() * 2 * ttlMs })
  return mix(more)
}

/** Does one after the other; pauses go on beside what follows. */
export async function strike(
  plan: readonly Blow[],
  stage: Stage,
  random: Random,
  say: (line: string) => void,
): Promise<Struck> {
  const { herd, network } = stage
  const done: Record<string, number> = {}
  const problems: string[] = []
  const note = (what: string, about: string) => {
    done[what] = (done[what] ?? 0) + 1
    say(`${what} ${about}`)
  }
  const paused = new Set<Replica>()
  let pausing: Promise<void> = Promise.resolve()
  for (const blow of plan) {
    await after(leastMs + random() * spreadMs)
    switch (blow.kind) {
      case 'kill': {
        const victim = await readyOne(herd, paused, random)
        note(`killed at ${await killAt(victim, blow.at)}`, victim.name)
        const next = await herd.start()
        // With one process there is nobody else to go on.
        if (herd.running.length === 1) await Promise.race([next.ready, next.exited])
        break
      }
      case 'stop': {
        const victim = await readyOne(herd, paused, random)
        problems.push(...(await stopped(victim)))
        note('asked to end', victim.name)
        const next = await herd.start()
        if (herd.running.length === 1) await Promise.race([next.ready, next.exited])
        break
      }
      case 'pause': {
        await pausing
        const victim = await readyOne(herd, paused, random)
        paused.add(victim)
        pausing = pause(victim, blow.at, stage).then((listened) => {
          paused.delete(victim)
          problems.push(...listened.problems)
          note(`paused at ${listened.at}`, `${victim.name}, ${listened.robbed} jobs taken from it`)
        })
        break
      }
      case 'cut':
        network?.cut()
        note('database cut', '')
        break
      case 'outage':
        await pausing
        await outage(blow, network)
        note(`database out of reach (${blow.how})`, `${Math.round(blow.ms)} ms`)
    }
  }
  await pausing
  return { done, problems }
}

async function readyOne({ running, problems }: Herd, paused: ReadonlySet<Replica>, random: Random): Promise<Replica> {
  const able = running.filter((replica) => !paused.has(replica))
  const chosen = able[Math.floor(random() * able.length)]
  if (chosen === undefined) throw new Error(`no replica is left:\n${problems.join('\n')}`)
  await Promise.race([chosen.ready, chosen.exited])
  return chosen
}

async function outage({ how, ms }: Extract<Blow, { kind: 'outage' }>, network: TcpProxy | null): Promise<void> {
  if (how === 'refuse') {
    await network?.refuse()
    network?.cut()
  } else network?.pause(how)
  await after(ms)
  await network?.resume()
}

/** Ends it within its grace time; how it ended is told by the herd where that was wrong. */
async function stopped(victim: Replica): Promise<string[]> {
  victim.kill('SIGTERM')
  const late = new AbortController()
  const ended = await Promise.race([
    victim.exited.then(() => true),
    after(graceMs + stopMarginMs, false, { signal: late.signal }),
  ])
  late.abort()
  if (ended) return []
  victim.kill('SIGKILL')
  await victim.exited
  return [`${victim.name} did not end within its grace time:\n${victim.tail()}`]
}

/** Kills where the plan says, or, where nobody comes by, here and now. */
async function killAt(victim: Replica, point: Point | 'any'): Promise<Point | 'any'> {
  if (point !== 'any') {
    victim.halt({ at: point, how: 'SIGKILL' })
    const late = new AbortController()
    const came = await Promise.race([
      victim.exited.then(() => true),
      after(pointPatienceMs, false, { signal: late.signal }),
    ])
    late.abort()
    if (came) return point
  }
  victim.kill('SIGKILL')
  await victim.exited
  return 'any'
}
