import type { BeginAnswer, Clock } from './ports.ts'

/** Whoever waits for a submit: one task of a job of a person. */
export interface Turn {
  readonly personKey: string
  readonly jobId: string
}

/** Lets tasks submit one after the other, in fair order between people: one task each, round and round. */
export interface Turns {
  /**
   * Waits for the turn and tries; a try that must wait keeps its turn. Rejects with the signal's reason, but never while
   * a try is under way: its answer counts, for it may have left a mark in the store.
   */
  take(
    turn: Turn,
    attempt: () => Promise<BeginAnswer>,
    signal: AbortSignal,
  ): Promise<Exclude<BeginAnswer, { kind: 'wait' }>>
  /** The job is over: its person may start another. */
  leave(turn: Turn): void
  /** The job's place in the line, 1 = next; null when it waits for nothing. */
  place(jobId: string): number | null
  /** Something was freed: whoever waits for a slot tries again at once. */
  freed(): void
}

export interface TurnsOptions {
  readonly clock: Clock
  /** Jobs that one person may have running; the rest wait in line. */
  readonly maxRunningPerPerson: number
  /** The line of all replicas together, in fair order; null where this process is alone and its own order counts. */
  readonly line: (() => Promise<readonly string[]>) | null
}

interface Waiting {
  readonly turn: Turn
  readonly attempt: () => Promise<BeginAnswer>
  readonly signal: AbortSignal
  readonly resolve: (answer: Exclude<BeginAnswer, { kind: 'wait' }>) => void
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
  const running = new Map<string, Set<string>>()
  let pumping = false
  let pausing: AbortController | null = null
  let freedMeanwhile = false
  let places: Map<string, number> | null = null
  let everywhere: { readonly places: ReadonlyMap<string, number>; readonly at: number } | null = null

  const mayRun = ({ personKey, jobId }: Turn) => {
    const jobs = running.get(personKey)
    return jobs === undefined || jobs.has(jobId) || jobs.size < maxRunningPerPerson
  }

  const remove = (waiting: Waiting) => {
    const line = lines.get(waiting.turn.personKey)
    const at = line?.indexOf(waiting) ?? -1
    if (line === undefined || at === -1) return
    line.splice(at, 1)
    if (line.length === 0) lines.delete(waiting.turn.personKey)
    places = null
  }

  const next = (): Waiting | undefined => {
    const first = everywhere === null ? undefined : firstOf(everywhere.places)
    if (first !== undefined) return first
    for (const line of lines.values()) {
      const waiting = line.find(({ turn }) => mayRun(turn))
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
        if (place === undefined || place >= bestPlace || !mayRun(waiting.turn)) continue
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
    if (pumping) return
    pumping = true
    for (let waiting = next(); waiting !== undefined; waiting = next()) {
      try {
        freedMeanwhile = false
        waiting.trying = true
        const answer = await waiting.attempt()
        waiting.trying = false
        if (answer.kind === 'wait') {
          if (waiting.signal.aborted) throw waiting.signal.reason
          await lookUp()
          if (!freedMeanwhile) await pause(answer.ms + courtesyMs(waiting.turn.jobId))
          continue
        }
        remove(waiting)
        toTheEnd(waiting.turn.personKey)
        if (answer.kind === 'go') enter(waiting.turn)
        waiting.resolve(answer)
      } catch (error) {
        remove(waiting)
        waiting.reject(error)
      }
    }
    pumping = false
    // Nobody waits: what the line was says nothing about the next who come.
    everywhere = null
  }

  const enter = ({ personKey, jobId }: Turn) => {
    const jobs = running.get(personKey)
    if (jobs === undefined) running.set(personKey, new Set([jobId]))
    else jobs.add(jobId)
  }

  async function pause(ms: number): Promise<void> {
    pausing = new AbortController()
    // Cut short by `freed`, and when nobody waits any more.
    await clock.sleep(ms, pausing.signal).catch(() => undefined)
    pausing = null
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
    leave: ({ personKey, jobId }) => {
      const jobs = running.get(personKey)
      jobs?.delete(jobId)
      if (jobs?.size === 0) running.delete(personKey)
      void pump()
    },
    place: (jobId) => {
      places ??= placesOf([...lines.values()])
      const here = places.get(jobId)
      return here === undefined ? null : (everywhere?.places.get(jobId) ?? here)
    },
    freed: () => {
      freedMeanwhile = true
      pausing?.abort()
    },
  }
}

/** Each job's first place in a line. */
function firstPlaces(jobIds: readonly string[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>()
  for (const [at, jobId] of jobIds.entries()) if (!first.has(jobId)) first.set(jobId, at + 1)
  return first
}

/** Round by round, one of each person: the order in which the turns will come. */
function placesOf(lines: readonly (readonly Waiting[])[]): Map<string, number> {
  const places = new Map<string, number>()
  const longest = lines.reduce((most, line) => Math.max(most, line.length), 0)
  let place = 0
  for (let round = 0; round < longest; round += 1) {
    for (const line of lines) {
      const waiting = line[round]
      if (waiting === undefined) continue
      place += 1
      if (!places.has(waiting.turn.jobId)) places.set(waiting.turn.jobId, place)
    }
  }
  return places
}
