import type { Clock } from './ports.ts'

/** One task of a job of a person. */
export interface Turn {
  readonly personKey: string
  readonly jobId: string
}

/** Whose jobs are known to run, here by what happens here, elsewhere by what the store said. */
export interface Running {
  enter(turn: Turn): void
  leave(turn: Turn): void
  /** The store said that enough of the person's jobs are running: passed over for `ms`, but for what runs here. */
  hold(personKey: string, ms: number): void
  /** For how much longer the person is passed over, in milliseconds. */
  heldMs(personKey: string): number
  /** Nobody asks for this person any more. */
  unhold(personKey: string): void
  mayRun(turn: Turn): boolean
  /** Parts those who wait in one person's line: who may run, and who waits for another job of theirs to end. */
  part<T extends { readonly turn: Turn }>(
    line: readonly T[],
  ): { readonly free: readonly T[]; readonly held: readonly T[] }
}

export function createRunning(clock: Pick<Clock, 'monotonic'>, maxPerPerson: number): Running {
  const running = new Map<string, Set<string>>()
  const heldUntil = new Map<string, number>()
  const none: ReadonlySet<string> = new Set()

  const heldMs = (personKey: string) => Math.max(0, (heldUntil.get(personKey) ?? 0) - clock.monotonic())

  const fits = (jobs: ReadonlySet<string>, { personKey, jobId }: Turn) =>
    jobs.has(jobId) || (jobs.size < maxPerPerson && heldMs(personKey) === 0)

  return {
    enter: ({ personKey, jobId }) => {
      const jobs = running.get(personKey)
      if (jobs === undefined) running.set(personKey, new Set([jobId]))
      else jobs.add(jobId)
    },
    leave: ({ personKey, jobId }) => {
      const jobs = running.get(personKey)
      jobs?.delete(jobId)
      if (jobs?.size === 0) running.delete(personKey)
    },
    hold: (personKey, ms) => void heldUntil.set(personKey, clock.monotonic() + ms),
    heldMs,
    unhold: (personKey) => void heldUntil.delete(personKey),
    mayRun: (turn) => fits(running.get(turn.personKey) ?? none, turn),
    part: (line) => {
      const jobs = new Set(running.get(line[0]?.turn.personKey ?? ''))
      const { free = [], held = [] } = Object.groupBy(line, ({ turn }) => {
        if (!fits(jobs, turn)) return 'held'
        jobs.add(turn.jobId)
        return 'free'
      })
      return { free, held }
    },
  }
}
