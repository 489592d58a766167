import { against, type Goal, shown } from '../benchmark.ts'
import type { Model } from './model.ts'
import { tasksOf } from './model.ts'
import { type Figures, figuresOf, ours, type Played, peer, play } from './play.ts'
import type { PeerName, PollerChoice } from './pollers.ts'

/** Ours against a peer, on the same tasks. */
export interface Duel {
  readonly id: string
  readonly peer: PeerName
  /** What ours is told to spend. */
  readonly looksPerTask: number
  readonly lagAtMost: number
  readonly requestsAtMost: number
}

export interface Contest {
  readonly model: Model
  readonly duels: readonly Duel[]
  readonly tasks: number
  /** Rounds from which ours learns, and rounds that count. */
  readonly learning: readonly number[]
  readonly counting: readonly number[]
}

export interface Contested {
  readonly goals: readonly Goal[]
  readonly peers: readonly Played[]
  readonly ours: readonly Played[]
}

const roundTripMs = 100
/** A few hundred tasks come within two seconds. */
const spreadMs = 2_000
/** From this share of the peer's requests on. */
const evenRequests = 0.8
/** Clients and upstreams of two pollers are still far from filling two cores. */
const atOnce = 2

/** Plays every poller of a contest once. */
export async function contest({ model, duels, tasks, learning, counting }: Contest): Promise<Contested> {
  const roundsOf = (numbers: readonly number[]) =>
    numbers.map((round) => ({ tasks: tasksOf(model, tasks, round), spreadMs }))
  const enter = async (choice: PollerChoice): Promise<Entry> => {
    const learns = choice.kind === 'ours' ? learning : []
    const found = await play(choice, { roundTripMs, rounds: roundsOf([...learns, ...counting]) })
    return {
      choice,
      name: choice.kind === 'ours' ? `ours, ${choice.looksPerTask} looks` : choice.name,
      figures: figuresOf(found.slice(learns.length)),
      cold: learns.length === 0 ? null : figuresOf(found.slice(0, learns.length)),
    }
  }
  const names = [...new Set(duels.map((duel) => duel.peer))]
  const budgets = [...new Set(duels.map(({ looksPerTask }) => looksPerTask))]
  const entries = await some(
    [...names.map(peer), ...budgets.map((looks) => ours(looks))].map((choice) => () => enter(choice)),
  )
  const own = entries.filter(({ choice }) => choice.kind === 'ours')
  return {
    goals: duels.flatMap((duel) => goalsOf(duel, model, entries)),
    peers: entries.filter(({ choice }) => choice.kind === 'peer'),
    ours: own.flatMap(({ name, figures, cold }) => [
      { name, figures },
      ...(cold === null || model.kinds.by === 'round' ? [] : [{ name: `${name}, cold`, figures: cold }]),
    ]),
  }
}

interface Entry extends Played {
  readonly choice: PollerChoice
  readonly cold: Figures | null
}

function goalsOf(duel: Duel, model: Model, entries: readonly Entry[]): Goal[] {
  const find = (fits: (choice: PollerChoice) => boolean) => {
    const entry = entries.find(({ choice }) => fits(choice))
    if (entry === undefined) throw new Error('nobody played for this duel')
    return entry
  }
  const mine = find((choice) => choice.kind === 'ours' && choice.looksPerTask === duel.looksPerTask)
  const theirs = find((choice) => choice.kind === 'peer' && choice.name === duel.peer).figures
  const goal = (id: string, what: string, [own, other]: readonly [number, number], atMost: number, show = shown.ms) =>
    against([id, `${model.name}: ${what} of ${duel.peer}`], { ours: own, peer: other, atMost }, show)
  const { figures, cold } = mine
  const lagAndRequests = [
    goal(duel.id, 'mean lag', [figures.lagMs, theirs.lagMs], duel.lagAtMost),
    goal(duel.id, 'requests a task', [figures.requests, theirs.requests], duel.requestsAtMost, shown.count),
  ]
  // At about the peer's own requests nothing else may be worse either.
  if (duel.requestsAtMost < evenRequests) return lagAndRequests
  const p95 = goal('G5', 'p95 lag', [figures.lagP95Ms, theirs.lagP95Ms], 1)
  if (cold === null || model.kinds.by === 'round') return [...lagAndRequests, p95]
  return [...lagAndRequests, p95, goal('G5', 'mean lag, ours cold,', [cold.lagMs, theirs.lagMs], 1)]
}

/** Runs them in their order, at most `atOnce` together. */
async function some<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  const waiting = [...tasks.entries()]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, task] = next
      results[at] = await task()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}
