import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBreaker } from '../../src/core/breaker.ts'
import { createCallbacks } from '../../src/core/callbacks.ts'
import { createExperience } from '../../src/core/experience.ts'
import { AppError } from '../../src/core/failure.ts'
import type { InputRef, Job, Receipt } from '../../src/core/job.ts'
import { createLinks, type Links } from '../../src/core/link.ts'
import { createPoller, type Poller } from '../../src/core/poller.ts'
import type { Caps, Converter, HeldPicture, Hints, Picture, Random, Reply, Step } from '../../src/core/ports.ts'
import { createRelay } from '../../src/core/relay.ts'
import type { ImageRequestInput } from '../../src/core/request.ts'
import { createRunner, type Runner } from '../../src/core/runner.ts'
import { type Ask, createStudio, type Studio } from '../../src/core/studio.ts'
import { createTurns } from '../../src/core/turns.ts'
import type { JobView, Notice } from '../../src/core/view.ts'
import type { Engine, Session } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createManualClock, type ManualClock } from '../fakes/clock.ts'
import { createFakeHints } from '../fakes/hints.ts'
import { createFakeImageApi, type FakeImageApi, type FakeImageApiOptions } from '../fakes/image-api.ts'
import { createFakeSurface, type FakeSurface, type FakeSurfaceOptions } from '../fakes/surface.ts'
import { createRecordedLog } from '../http/recorded-log.ts'
import { createRecordedMeter, type RecordedMeter } from './meter.ts'

/** Where time stands still, the store's answers take none: no turn of the event loop either. */
const noTurn = () => Promise.resolve()

export interface WorldOptions {
  readonly api?: Omit<FakeImageApiOptions, 'clock'>
  readonly surface?: Omit<FakeSurfaceOptions, 'clock'>
  readonly links?: Links | null
  readonly caps?: Caps
  readonly allowedWorkspaces?: readonly string[]
  readonly maxInFlight?: number
  /** Default: enough for every look. */
  readonly looksPerSecond?: number
  readonly maxRunningPerPerson?: number
  /** How long a late task is watched; default: not at all. */
  readonly longestMs?: number
  /** Whether submits carry a callback. */
  readonly callbacks?: boolean
  readonly random?: Random
  /** False: other processes may have the store too, and heartbeats count. */
  readonly exclusive?: boolean
}

export interface ProcessOptions {
  readonly step?: Step
  /**
   * What becomes of a call to the store: `before`, it fails and did nothing; `after`, it worked and its answer is lost.
   * A promise is waited for before the call, or between the call and its answer.
   */
  readonly onStore?: (
    method: string,
  ) => 'before' | 'after' | Promise<void> | { readonly answer: Promise<void> } | undefined
  /** Whether the runner begins to beat and claim at once. */
  readonly started?: boolean
  /** How long a store that is away is waited for before a request is refused; default: not at all. */
  readonly acceptPatienceMs?: number
  /** Otherwise the world's. */
  readonly links?: Links | null
}

/** One running process of the program, without its chat platforms. */
export interface Process {
  readonly owner: string
  readonly runner: Runner
  readonly studio: Studio
  readonly poller: Poller
  /** SIGKILL: nothing that it does from now on has any effect, and nothing that it waits for ever comes. */
  kill(): void
  /** SIGSTOP; gives the SIGCONT. What is on its way to others arrives all the same. */
  pause(): () => void
}

export interface World {
  readonly clock: ManualClock
  readonly api: FakeImageApi
  readonly surface: FakeSurface
  readonly log: ReturnType<typeof createRecordedLog>
  readonly meter: RecordedMeter
  /** Between all processes. */
  readonly hints: Hints
  store(): Store
  start(options?: ProcessOptions): Process
  /** Opens the store anew, as the next process on this machine does. */
  reopen(): Promise<void>
  job(id: string): Promise<Job>
  /** Credits in the books, by kind. */
  books(): Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}

export const links = createLinks(() => 'https://bot.test', 'k'.repeat(64))
export const taskTimeoutMs = 900_000
export const submitTimeoutMs = 30_000
export const ttlMs = 12_000

/** The whole core over the real embedded store, with a chat and an image API of its own, and time that the test moves. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const clock = createManualClock()
  const dataDir = await mkdtemp(join(tmpdir(), 'imagine-core-'))
  const api = createFakeImageApi({ ...options.api, clock })
  const surface = createFakeSurface({ ...options.surface, clock })
  const log = createRecordedLog()
  const meter = createRecordedMeter()
  const processes: Process[] = []
  let ids = 0
  const newId = () => {
    ids += 1
    return `id${ids}`
  }
  const exclusive = options.exclusive ?? true
  let engine = timed(openSqlite(dataDir, noTurn), clock)
  let store = await openStore(engine, { newId, exclusive, ttlMs, historyMs: 365 * 86_400_000 })

  const hints = createFakeHints()
  const worldLinks = options.links === undefined ? links : options.links

  function start(wanted: ProcessOptions = {}): Process {
    const { step = () => undefined, onStore, started = true } = wanted
    const life: Life = { over: false, paused: null }
    const owner = newId()
    const own = <T extends object>(port: T): T => mortal(port, life)
    const ownClock = own(clock)
    const kept = own(failing(store, onStore))
    const { jobs, drive, replicas, shelf } = {
      jobs: own(kept.jobs),
      drive: own(kept.drive),
      replicas: own(kept.replicas),
      shelf: own(kept.shelf),
    }
    const ownApi = own<FakeImageApi>(api)
    const surfaces = new Map([[surface.name, own<FakeSurface>(surface)]])
    const random = options.random ?? (() => 0)
    const looksPerSecond = options.looksPerSecond ?? 1_000
    const experience = createExperience({ store: own(kept.durations), clock: ownClock, log })
    const poller = createPoller({
      ...{ api: ownApi, clock: ownClock, random, meter, log, experience },
      ...{ looksPerTask: 6, looksPerSecond },
    })
    const maxRunningPerPerson = options.maxRunningPerPerson ?? 1_000
    const line = exclusive ? null : () => jobs.line(2_000, maxRunningPerPerson)
    const turns = createTurns({ clock: ownClock, maxRunningPerPerson, line })
    const relay = createRelay({
      ...{ surfaces, jobs, converter, shelf, clock: ownClock, keepMs: 86_400_000 },
      links: wanted.links === undefined ? worldLinks : wanted.links,
    })
    const runner = createRunner({
      ...{ owner, surfaces, api: ownApi, relay, poller, turns, clock: ownClock, meter, log, random, step },
      ...{ jobs, drive, replicas, ttlMs, hints, looksPerSecond },
      breaker: createBreaker({ clock: ownClock, log }),
      callbacks: createCallbacks({ links: options.callbacks === true ? links : null, log }),
      settings: {
        limits: (taskClass) => ({
          maxInFlight: Math.min(options.maxInFlight ?? 1_000, poller.capacity(taskClass)),
          perSecond: 1_000_000,
          maxRunningPerPerson,
          slotMs: taskTimeoutMs,
        }),
        submitTimeoutMs,
        taskTimeoutMs,
        longestMs: options.longestMs ?? taskTimeoutMs,
        model: 'gpt-image-1-5',
      },
    })
    const studio = createStudio({
      ...{ owner, jobs, runner, hints, clock: ownClock, newId, meter, log, step },
      acceptPatienceMs: wanted.acceptPatienceMs ?? 0,
      caps: options.caps ?? { day: 0, personDay: 0 },
      allowedWorkspaces: new Set(options.allowedWorkspaces ?? []),
    })
    if (started) runner.start()
    const process: Process = {
      ...{ owner, runner, studio, poller },
      kill: () => {
        life.over = true
      },
      pause: () => {
        const { promise, resolve } = Promise.withResolvers<void>()
        life.paused = promise
        return () => {
          life.paused = null
          resolve()
        }
      },
    }
    processes.push(process)
    return process
  }

  return {
    ...{ clock, api, surface, log, meter, start, hints },
    store: () => store,
    reopen: async () => {
      await store.close()
      engine = timed(openSqlite(dataDir, noTurn), clock)
      store = await openStore(engine, { newId, exclusive, ttlMs, historyMs: 365 * 86_400_000 })
    },
    job: async (id) => {
      const job = await store.jobs.get(id)
      if (job === null) throw new Error(`no job ${id}`)
      return job
    },
    books: async () => {
      const rows = await engine.run('select kind, cast(sum(credits) as bigint) as credits from ledger group by kind')
      return Object.fromEntries(rows.map((row) => [String(row.kind), Number(row.credits)]))
    },
    close: async () => {
      for (const process of processes) process.kill()
      await clock.settle()
      await store.close()
      await rm(dataDir, { recursive: true })
    },
  }
}

/** The engine with the test's clock for its own. */
function timed(engine: Engine, clock: ManualClock): Engine {
  const over = (session: Session): Session => ({
    run: (sql, values) => session.run(sql.replaceAll('@now', String(Math.round(clock.now()))), values),
  })
  return { ...engine, ...over(engine), transaction: (work) => engine.transaction((session) => work(over(session))) }
}

const immediate: ReadonlySet<PropertyKey> = new Set(['now', 'monotonic', 'pace', 'input', 'picture', 'result'])
const never = new Promise<never>(() => undefined)

interface Life {
  over: boolean
  paused: Promise<void> | null
}

/** A port as a process has it that may die or be paused: no call of a dead one does anything or comes back. */
function mortal<T extends object>(port: T, life: Life): T {
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const value = Reflect.get(target, name, receiver)
      if (typeof value !== 'function' || immediate.has(name)) return value
      return (...args: unknown[]) => {
        if (life.over) return never
        const answer: unknown = Reflect.apply(value, target, args)
        if (!(answer instanceof Promise)) return answer
        return answer.finally(async () => {
          while (life.paused !== null) await life.paused
          if (life.over) await never
        })
      }
    },
  })
}

/** The store's ports, which fail as the test wants it. */
function failing(store: Store, onStore: ProcessOptions['onStore']): Store {
  if (onStore === undefined) return store
  const unavailable = (unheard = false) =>
    new AppError('store_unavailable', { detail: 'as the test wants it', unheard })
  const port = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (_target, name, receiver) => {
        const value = Reflect.get(target, name, receiver)
        // To disown is to remember: no database is asked.
        if (typeof value !== 'function' || name === 'disown') return value
        return async (...args: unknown[]) => {
          const fate = onStore(String(name))
          if (fate === 'before') throw unavailable()
          if (fate instanceof Promise) await fate
          const answer = await Reflect.apply(value, target, args)
          if (fate === 'after') throw unavailable(true)
          if (typeof fate === 'object' && 'answer' in fate) await fate.answer
          return answer
        }
      },
    })
  return { ...store, jobs: port(store.jobs), drive: port(store.drive), replicas: port(store.replicas) }
}

/** Takes every picture as it is but those that say that they are none. */
const converter: Converter = {
  fit: async (picture, signal): Promise<HeldPicture & { readonly converted: boolean }> => {
    const bytes = await bytesOf(picture, signal)
    const text = new TextDecoder().decode(bytes)
    if (text.startsWith('no picture')) throw new AppError('input_not_picture')
    return { type: 'image/png', bytes, converted: text.startsWith('convert me') }
  },
}

async function bytesOf(picture: Picture, signal = new AbortController().signal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await picture.open(signal)).body) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

// ---------------------------------------------------------------- what people do

export interface AskChange {
  readonly eventKey?: string
  readonly person?: string
  readonly workspace?: string
  readonly input?: Partial<ImageRequestInput>
  readonly inputs?: readonly InputRef[]
  readonly problems?: Ask['problems']
}

let events = 0

export function askFor(world: World, change: AskChange = {}): Ask {
  events += 1
  const person = change.person ?? 'ann'
  return {
    eventKey: change.eventKey ?? `fake:${events}`,
    surface: world.surface.name,
    workspace: change.workspace ?? 'team',
    channel: 'general',
    person: { id: person, name: person },
    locale: 'en-GB',
    action: (change.inputs ?? []).length > 0 ? 'edit' : 'imagine',
    parentId: null,
    source: null,
    input: { prompt: 'a fox in the snow', ...change.input },
    inputs: change.inputs ?? [],
    omitted: [],
    problems: change.problems ?? [],
    address: world.surface.place(),
    receivedAt: world.clock.monotonic(),
  }
}

/** What the platform's event was answered with. */
export interface RecordedReply extends Reply {
  readonly accepted: readonly JobView[]
  readonly refused: readonly Notice[]
  readonly deferred: number
}

export interface ReplyOptions {
  /** What the ack gives, or throws. Default: no receipt, the message is posted the long way. */
  readonly accept?: (view: JobView) => Promise<Receipt | null> | Receipt | null
  readonly defer?: () => Promise<void>
}

export function recordReply(options: ReplyOptions = {}): RecordedReply {
  const accepted: JobView[] = []
  const refused: Notice[] = []
  let deferred = 0
  return {
    accepted,
    refused,
    get deferred() {
      return deferred
    },
    accept: async (view) => {
      accepted.push(view)
      return (await options.accept?.(view)) ?? null
    },
    refuse: async (notice) => {
      refused.push(notice)
    },
    defer: async () => {
      deferred += 1
      await options.defer?.()
    },
  }
}

/** Asks and gives the id of the accepted job. */
export async function imagine(
  world: World,
  process: Process,
  change?: AskChange,
  reply?: ReplyOptions,
): Promise<string> {
  const recorded = recordReply(reply)
  await process.studio.imagine(askFor(world, change), recorded)
  const [view] = recorded.accepted
  if (view === undefined) throw new Error(`not accepted: ${JSON.stringify(recorded.refused)}`)
  return view.jobId
}

/** Every view that a job's messages ever showed, in order, by kind. */
export function kindsOf(world: World, jobId: string): JobView['kind'][] {
  return world.surface.messages
    .flatMap(({ views }) => views.filter((view) => view.jobId === jobId))
    .map(({ kind }) => kind)
}

const finalKinds: ReadonlySet<JobView['kind']> = new Set(['result', 'failed', 'cancelled'])

/** The messages of a job that show an end: a law says that there is one. */
export function finalsOf(world: World, jobId: string): JobView[] {
  return world.surface.messages.flatMap(({ views }) => {
    const last = views.at(-1)
    return last?.jobId === jobId && finalKinds.has(last.kind) ? [last] : []
  })
}
