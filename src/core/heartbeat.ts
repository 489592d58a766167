import { failureOf } from './failure.ts'
import type { SurfaceName } from './job.ts'
import type { Poller } from './poller.ts'
import type { Clock, Log, ReplicaStore } from './ports.ts'

/** This replica's sign of life, and what it may believe because of it. */
export interface Heartbeat {
  /** Writes it, and takes this replica's share of the status queries from the answer. Never throws. */
  beat(): Promise<void>
  /** Whether a job held since `heldSince` (monotonic) is surely still ours: no gap since in which others could claim it. */
  holds(heldSince: number): boolean
  /** Whether it was unbroken for long enough that the silence of others means their death, not the database’s. */
  unbroken(): boolean
}

export interface HeartbeatOptions {
  readonly owner: string
  readonly surfaces: readonly SurfaceName[]
  readonly replicas: ReplicaStore
  readonly poller: Pick<Poller, 'size' | 'budget'>
  /** Status queries a second, of all replicas together. */
  readonly looksPerSecond: number
  readonly clock: Clock
  readonly ttlMs: number
  readonly log: Log
}

export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { owner, surfaces, replicas, poller, looksPerSecond, clock, ttlMs, log } = options
  let beatAt = clock.monotonic()
  let beatingSince = clock.monotonic()

  const fresh = () => clock.monotonic() - beatAt < ttlMs / 2

  return {
    beat: async () => {
      try {
        const askedAt = clock.monotonic()
        const own = poller.size
        const { polling } = await replicas.beat(owner, own, surfaces)
        // Whoever watches nothing yet may look at the first it gets at once.
        poller.budget((looksPerSecond * Math.max(1, own)) / Math.max(1, own, polling))
        if (clock.monotonic() - beatAt > ttlMs) beatingSince = clock.monotonic()
        beatAt = askedAt
      } catch (error) {
        log.warn({ failure: failureOf(error).code }, 'heartbeat not written')
      }
    },
    // Alone with the store, nobody else can claim anything.
    holds: (heldSince) => replicas.exclusive || (fresh() && heldSince >= beatingSince),
    unbroken: () => replicas.exclusive || (fresh() && clock.monotonic() - beatingSince >= ttlMs),
  }
}
