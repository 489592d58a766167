import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../core/random.ts'
import { type StandIn, startStandIn } from '../discord/stand-in.ts'
import type { TcpProxy } from '../fakes/tcp-proxy.ts'
import type { BookReader } from './books.ts'
import { createDatabase, type EngineName } from './database.ts'
import { createHerd, type Herd } from './herd.ts'
import { createTraffic, type Traffic } from './traffic.ts'
import { startUpstream, type Upstream } from './upstream.ts'

/** Everything around the replicas: the chat in this process, the image API and the database outside. */
export interface Stage extends AsyncDisposable {
  readonly dir: string
  readonly standIn: StandIn
  readonly upstream: Upstream
  readonly traffic: Traffic
  readonly herd: Herd
  /** What the replicas are configured with. */
  readonly env: Readonly<Record<string, string>>
  /** The way from the replicas to PostgreSQL. */
  readonly network: TcpProxy | null
  readonly limits: { readonly maxInFlight: number; readonly submitsPerSecond: number }
  /** Leaves the logs of the replicas where they are, and says where that is. */
  keepLogs(): string
  /** Opened by the first call, when a replica has made the tables. */
  books(): BookReader
}

export interface StageOptions {
  readonly engine: EngineName
  readonly seed: number
  /** Instead of the usual ones. */
  readonly env?: Readonly<Record<string, string>>
  readonly maxInFlight?: number
  /** Whether a replica is kept loaded for the next start: for those who start many. */
  readonly spare?: boolean
  /** Instead of the PostgreSQL of `TEST_DATABASE_URL`. */
  readonly server?: string
  readonly seconds?: { readonly min: number; readonly max: number }
}

/** After this long without a heartbeat a replica counts as dead. */
export const ttlMs = 3_000
/** What deliveries in progress get when a replica is asked to end. */
export const graceMs = 10_000
const submitsPerSecond = 6

export async function setStage(options: StageOptions): Promise<Stage> {
  const { engine, seed, maxInFlight = 8, seconds = { min: 0.3, max: 1.2 } } = options
  await using building = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), `torture-${engine}-`))
  let kept = false
  building.defer(async () => {
    if (!kept) await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  })
  const logs = join(dir, 'logs')
  await mkdir(logs)
  const database = building.use(await createDatabase(engine, dir, options.server))
  const upstream = building.use(await startUpstream({ dir: join(dir, 'upstream'), seconds }))
  const standIn = await startStandIn({ patienceMs: 60_000 })
  building.defer(async () => {
    // What broke Discord's rules is told by the run; here the port is to be closed.
    await standIn.stop().catch(() => undefined)
  })
  const env = {
    ...{ DISCORD_TOKEN: standIn.botToken, DISCORD_API_URL: standIn.apiUrl },
    ...{ IMAGE_API_URL: upstream.base, IMAGE_API_KEY: 'aio_torture', LOOKS_PER_TASK: '30' },
    IMAGE_API_MAX_IN_FLIGHT: String(maxInFlight),
    IMAGE_API_SUBMITS_PER_SECOND: String(submitsPerSecond),
    REPLICA_TTL_SECONDS: String(ttlMs / 1_000),
    // Longer than an unanswered submit is waited for, and than any task takes; so long a task in doubt keeps its slot.
    TASK_TIMEOUT_SECONDS: '30',
    ...{
      CREDITS_PER_DAY: '0',
      MAX_RUNNING_PER_PERSON: '3',
      SHUTDOWN_GRACE_SECONDS: String(graceMs / 1_000),
      PORT: '0',
    },
    NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
    ...database.env,
    ...options.env,
  }
  const herd = building.use(createHerd({ logs, env, spare: options.spare ?? false }))
  const traffic = building.use(await createTraffic(standIn, seededRandom(seed)))
  let reader: BookReader | null = null
  const built = building.move()
  return {
    ...{ dir, standIn, upstream, traffic, herd, env, network: database.network },
    limits: { maxInFlight, submitsPerSecond },
    keepLogs: () => {
      kept = true
      return logs
    },
    books: () => {
      reader ??= built.use(database.books())
      return reader
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  }
}
