import { setTimeout as after } from 'node:timers/promises'
import type { Random } from '../../src/core/ports.ts'
import type { TcpProxy } from '../fakes/tcp-proxy.ts'
import type { EngineName } from './database.ts'
import { doubtful, type Point, points } from './halt.ts'
import type { Replica } from './herd.ts'
import { pause } from './pause.ts'
import { graceMs, type Stage, ttlMs } from './stage.ts'

/** Something that is done to the replicas. */
export type Blow =
  | { readonly kind: 'kill'; readonly at: Point | 'any' }
  /** Asked to end, as for an update. */
  | { readonly kind: 'stop' }
  /** For longer than its heartbeat counts. */
  | { readonly kind: 'pause'; readonly at: Point | 'any' }
  /** Every gateway connection of the chat is cut: events come again when it is resumed. */
  | { readonly kind: 'drop' }
  /** The image API stands still. */
  | { readonly kind: 'stall'; readonly ms: number }
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
const leastMs = 100
const spreadMs = 500
/** A point that nobody comes to in so long is left, for a kill from outside. */
const pointPatienceMs = 20_000
/** Signing out of the chat comes on top of the grace time. */
const stopMarginMs = 10_000
/** Where waking is most dangerous: before a POST, and before an upload. */
const pausePoints: readonly Point[] = ['marked', 'uploading']
const harmless = points.filter((point) => !doubtful.has(point))

/** How often what is done. */
export interface Mix {
  readonly kills: number
  readonly stops: number
  readonly drops: number
  readonly stalls: number
  readonly pauses: number
  readonly cuts: number
  readonly outages: number
}

export function usualMix(kills: number, engine: EngineName): Mix {
  const few = Math.ceil(kills / 10)
  const common = { kills, stops: few, drops: few, stalls: few }
  if (engine === 'sqlite') return { ...common, pauses: 0, cuts: 0, outages: 0 }
  return {
    ...common,
    pauses: Math.ceil(kills / 5),
    cuts: Math.ceil(kills / 4),
    outages: Math.ceil(kills / 20),
  }
}

/** Kills at each point once, those that leave doubts first; then points, random moments and the rest, as chance wants. */
export function planOf(mix: Mix, random: Random): readonly Blow[] {
  const pick = <T>(items: readonly T[]) => oneOf(items, random)
  const times = (count: number, blow: (n: number) => Blow) => Array.from({ length: count }, (_, n) => blow(n))
  const first = [...points].sort((a, b) => Number(doubtful.has(b)) - Number(doubtful.has(a)))
  const plan = times(mix.kills, (n) => ({ kind: 'kill', at: first[n] ?? laterPoint(random(), pick) }))
  const others: Blow[] = [
    ...times(mix.stops, () => ({ kind: 'stop' })),
    ...times(mix.drops, () => ({ kind: 'drop' })),
    ...times(mix.stalls, () => ({ kind: 'stall', ms: 500 + random() * 2_000 })),
    ...times(mix.pauses, (n) => ({ kind: 'pause', at: pausePoints[n] ?? pick(['any', ...points]) })),
    ...times(mix.cuts, () => ({ kind: 'cut' })),
    ...times(mix.outages, () => ({
      kind: 'outage',
      how: pick(['refuse', 'both', 'answers']),
      ms: 1_000 + random() * 2 * ttlMs,
    })),
  ]
  const afterDoubts = Math.min(doubtful.size, plan.length)
  for (const blow of others) plan.splice(afterDoubts + Math.floor(random() * (plan.length + 1 - afterDoubts)), 0, blow)
  return plan
}

/** Half at random moments; few of the doubtful points, for each of these holds a slot for long. */
function laterPoint(dice: number, pick: <T>(items: readonly T[]) => T): Point | 'any' {
  if (dice < 0.45) return 'any'
  return dice < 0.95 ? pick(harmless) : pick([...doubtful])
}

/** Does one after the other; pauses go on beside what follows. */
export async function strike(
  plan: readonly Blow[],
  stage: Stage,
  random: Random,
  say: (line: string) => void,
): Promise<Struck> {
  const { herd, network, standIn, upstream } = stage
  const done: Record<string, number> = {}
  const problems: string[] = []
  const note = (what: string, about: string) => {
    done[what] = (done[what] ?? 0) + 1
    say(`${what} ${about}`)
  }
  const paused = new Set<Replica>()
  const count = herd.running.length
  let pausing: Promise<void> = Promise.resolve()
  let stalling: Promise<void> = Promise.resolve()
  /** Those who listen and are awake: so many that not all who heard of a command die before they can write it down. */
  const readyOnes = async () => {
    while (herd.running.length < count) await herd.start()
    for (;;) {
      const able = herd.running.filter((replica) => !paused.has(replica))
      const ready = able.filter(({ life }) => life.readyAt !== null)
      if (ready.length >= Math.min(2, count)) return ready
      if (herd.problems.length > 0) throw new Error(herd.problems.join('\n'))
      await after(50)
    }
  }
  for (const blow of plan) {
    await after(leastMs + random() * spreadMs)
    switch (blow.kind) {
      case 'kill': {
        const { at, names } = await killAt(await readyOnes(), blow.at, random)
        for (const name of names) note(`killed at ${at}`, name)
        break
      }
      case 'stop': {
        const victim = oneOf(await readyOnes(), random)
        problems.push(...(await stopped(victim)))
        note('asked to end', victim.name)
        break
      }
      case 'pause': {
        await pausing
        const victim = oneOf(await readyOnes(), random)
        paused.add(victim)
        pausing = pause(victim, blow.at, stage).then((listened) => {
          paused.delete(victim)
          problems.push(...listened.problems)
          note(`paused at ${listened.at}`, `${victim.name}, ${listened.robbed} jobs taken from it`)
        })
        break
      }
      case 'drop':
        standIn.gateway.drop('cut')
        note('chat cut', '')
        break
      case 'stall':
        // What is done next is done meanwhile.
        stalling = stalling.then(() => upstream.stall(blow.ms))
        note('image API stalled', `${Math.round(blow.ms)} ms`)
        break
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
  await Promise.all([pausing, stalling])
  // Somebody has to bring to its end what the last one left.
  await readyOnes()
  return { done, problems }
}

function oneOf<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)] as T
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

/** Kills whoever first comes to a point, or, where nobody comes by, one of them here and now. */
async function killAt(
  able: readonly Replica[],
  point: Point | 'any',
  random: Random,
): Promise<{ readonly at: Point | 'any'; readonly names: readonly string[] }> {
  if (point !== 'any') {
    for (const replica of able) replica.halt({ at: point, how: 'SIGKILL' })
    const late = new AbortController()
    const first = able.map((replica) => replica.exited)
    await Promise.race([...first, after(pointPatienceMs, null, { signal: late.signal })])
    late.abort()
    for (const replica of able) replica.goOn()
    // Two may come to it at the same moment.
    const dead = able.filter(({ life }) => life.killed)
    if (dead.length > 0) return { at: point, names: dead.map(({ name }) => name) }
  }
  const victim = oneOf(able, random)
  victim.kill('SIGKILL')
  await victim.exited
  return { at: 'any', names: [victim.name] }
}
