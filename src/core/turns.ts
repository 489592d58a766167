import { firstPlaces, inRounds } from './places.ts'
import type { BeginAnswer, Clock } from './ports.ts'
import { createRunning, type Turn } from './running.ts'

/** What a turn ends with. */
type TurnAnswer = Extract<BeginAnswer, { kind: 'go' | 'skip' }>

/** Lets tasks submit one after the other, in fair order between people: one task each, round and round. */
export interface Turns {
  /**
   * Waits for the turn and tries; a try that must wait keeps its turn, and lets others pass while only its own person
   * has enough running. Rejects with the signal's reason, but never while a try is under way: its answer counts, for it
   * may have left a mark in the store.
   */
  take(turn: Turn, attempt: () => Promise<BeginAnswer>, signal: AbortSignal): Promise<TurnAnswer>
  /** The job is found running: a task of it is at the image API. */
  enter(turn: Turn): void
  /** The job does not run any more: its person may start another. */
  leave(turn: Turn): void
  /** The job's place in the line, 1 = next; null when it waits for nothing. */
  place(jobId: string): number | null
  /** Something was freed: whoever waits for a slot tries again at once. */
  freed(): void
}

export interface TurnsOptions {
  readonly clock: Clock
  /** Jobs that one person may have running; the rest wait in line. The store decides, what is known here saves asking. */
  readonly maxRunningPerPerson: number
  /** The line of all replicas together, in fair order; null where this process is alone and its own order counts. */
  readonly line: (() => Promise<readonly string[]>) | null
}

interface Waiting {
  readonly turn: Turn
  readonly attempt: () => Promise<BeginAnswer>
  readonly signal: AbortSignal
  readonly resolve: (answer: TurnAnswer) => void
  readonly reject: (reason: unknown) => void
  trying: boolean
}

/** How long the line of all replicas is believed. */
const lineMs = 1_000
/** Whoever is further back in the line of all tries that much later, a place. */
const courtesy = { aPlaceMs: 60, mostMs: 1_000 }

export function createTurns({ clock, maxRunningPerPerson, line }: TurnsOptions): Turns {
  // People in the order of their next turn; a Map keeps insertion order, so moving to the end is delete and set.
  const lines = new Map<string, Waiting[]>()
  const running = createRunning(clock, maxRunningPerPerson)
  let pumping = false
  let pausing: AbortController | null = null
  /** Whether the pause is only for people who are passed over: whoever else comes may try at once. */
  let idle = false
  let freedMeanwhile = false
  let leftMeanwhile = false
  let places: ReadonlyMap<string, number> | null = null
  let everywhere: { readonly places: ReadonlyMap<string, number>; readonly at: number } | null = null

  const remove = (waiting: Waiting) => {
    const { personKey } = waiting.turn
    const line = lines.get(personKey)
    const at = line?.indexOf(waiting) ?? -1
    if (line === undefined || at === -1) return
    line.splice(at, 1)
    if (line.length === 0) {
      lines.delete(personKey)
      running.unhold(personKey)
    }
    places = null
  }

  const next = (): Waiting | undefined => {
    const first = everywhere === null ? undefined : firstOf(everywhere.places)
    if (first !== undefined) return first
    for (const line of lines.values()) {
      const waiting = line.find(({ turn }) => running.mayRun(turn))
      if (waiting !== undefined) return waiting
    }
    return undefined
  }

  /** Of those waiting here, the one who comes first among all replicas. */
  const firstOf = (order: ReadonlyMap<string, number>): Waiting | undefined => {
    let best: Waiting | undefined
    let bestPlace = Number.POSITIVE_INFINITY
    for (const line of lines.values()) {
      for (const waiting of line) {
        const place = order.get(waiting.turn.jobId)
        if (place === undefined || place >= bestPlace || !running.mayRun(waiting.turn)) continue
        best = waiting
        bestPlace = place
      }
    }
    return best
  }

  /** Looks up the line of all replicas; while it can't be had, the own order counts. */
  const lookUp = async () => {
    if (line === null || (everywhere !== null && clock.monotonic() - everywhere.at < lineMs)) return
    const jobIds = await line().catch(() => null)
    everywhere = jobIds === null ? null : { places: firstPlaces(jobIds), at: clock.monotonic() }
  }

  const courtesyMs = (jobId: string) => {
    const place = everywhere?.places.get(jobId) ?? 1
    return Math.min(courtesy.mostMs, (place - 1) * courtesy.aPlaceMs)
  }

  const toTheEnd = (personKey: string) => {
    const line = lines.get(personKey)
    if (line === undefined) return
    lines.delete(personKey)
    lines.set(personKey, line)
  }

  async function pump(): Promise<void> {
    if (idle) pausing?.abort()
    if (pumping) return
    pumping = true
    while (lines.size > 0) {
      const waiting = next()
      if (waiting !== undefined) await tryOnce(waiting)
      else if (heldMs() === Number.POSITIVE_INFINITY) break
      else await passOver()
    }
    pumping = false
    // Nobody waits, or only for what ends here: what the line was says nothing about the next who come.
    everywhere = null
  }

  async function tryOnce(waiting: Waiting): Promise<void> {
    const { turn, signal } = waiting
    try {
      freedMeanwhile = false
      leftMeanwhile = false
      waiting.trying = true
      const answer = await waiting.attempt()
      waiting.trying = false
      switch (answer.kind) {
        case 'wait':
          signal.throwIfAborted()
          await lookUp()
          if (!freedMeanwhile) await pause(answer.ms + courtesyMs(turn.jobId))
          return
        case 'person_busy':
          signal.throwIfAborted()
          // Whatever was believed here of this job.
          running.leave(turn)
          if (!leftMeanwhile) running.hold(turn.personKey, answer.ms)
          places = null
          return
        case 'go':
        case 'skip':
          remove(waiting)
          toTheEnd(turn.personKey)
          if (answer.kind === 'go') running.enter(turn)
          waiting.resolve(answer)
      }
    } catch (error) {
      remove(waiting)
      waiting.reject(error)
    }
  }

  /** How soon somebody who is passed over may be tried again; never, where that takes an end here. */
  const heldMs = () => Math.min(...[...lines.keys()].map(running.heldMs).filter((ms) => ms > 0))

  /** Everybody who waits is passed over. Whoever comes meanwhile does not wait for it. */
  async function passOver(): Promise<void> {
    await lookUp()
    const ms = heldMs()
    if (next() !== undefined || ms === Number.POSITIVE_INFINITY) return
    idle = true
    await pause(ms)
    idle = false
    places = null
  }

  async function pause(ms: number): Promise<void> {
    pausing = new AbortController()
    // Cut short by `freed`, and when nobody waits any more.
    await clock.sleep(ms, pausing.signal).catch(() => undefined)
    pausing = null
  }

  /** Who may run first, whoever may not after them: so says the line of all replicas too. */
  const ownPlaces = () => {
    const people = [...lines.values()].map(running.part)
    const order = [...inRounds(people.map(({ free }) => free)), ...inRounds(people.map(({ held }) => held))]
    return firstPlaces(order.map(({ turn }) => turn.jobId))
  }

  return {
    take: (turn, attempt, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const stop = () => {
          if (waiting.trying) return
          remove(waiting)
          reject(signal.reason)
          if (lines.size === 0) pausing?.abort()
        }
        const waiting: Waiting = {
          turn,
          attempt,
          signal,
          trying: false,
          resolve: (answer) => {
            signal.removeEventListener('abort', stop)
            resolve(answer)
          },
          reject: (reason) => {
            signal.removeEventListener('abort', stop)
            reject(reason)
          },
        }
        signal.addEventListener('abort', stop, { once: true })
        const line = lines.get(turn.personKey)
        if (line === undefined) lines.set(turn.personKey, [waiting])
        else line.push(waiting)
        places = null
        void pump()
      }),
    enter: (turn) => {
      running.enter(turn)
      places = null
    },
    leave: (turn) => {
      running.leave(turn)
      running.unhold(turn.personKey)
      leftMeanwhile = true
      places = null
      void pump()
    },
    place: (jobId) => {
      places ??= ownPlaces()
      const here = places.get(jobId)
      return here === undefined ? null : (everywhere?.places.get(jobId) ?? here)
    },
    freed: () => {
      freedMeanwhile = true
      pausing?.abort()
    },
  }
}
