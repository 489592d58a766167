import { randomBytes } from 'node:crypto'
import type { AppError } from '../../src/core/failure.ts'
import type { FollowUpAsk } from '../../src/core/follow-up.ts'
import type { Address, Job, Json, Receipt } from '../../src/core/job.ts'
import type { Adapter, Log, Reply, ShowCall } from '../../src/core/ports.ts'
import { type ImageRequest, requestSchema } from '../../src/core/request.ts'
import type { Ask, Press, Studio } from '../../src/core/studio.ts'
import type { CancelAnswer, EraseAnswer, JobView, Usage, ViewHead } from '../../src/core/view.ts'
import { createDiscord } from '../../src/discord/index.ts'
import { createFakeDrafts, fakeTools } from '../fakes/tools.ts'
import { createMemoryShelf } from '../playground/memory-shelf.ts'
import { createHandClock, type HandClock } from './hand-clock.ts'
import { type StandIn, startStandIn } from './stand-in.ts'

/** The real adapter, signed in to the stand-in, with a studio behind it that does what the test says. */
export interface Rig extends AsyncDisposable {
  readonly standIn: StandIn
  readonly adapter: Adapter
  readonly studio: RigStudio
  readonly clock: HandClock
  /** What was logged, a line each, as JSON. */
  readonly lines: readonly string[]
  readonly fatals: readonly AppError[]
  readonly steps: readonly string[]
  readonly platformErrors: readonly string[]
  readonly drafts: ReturnType<typeof createFakeDrafts>
  /** Shows a view of a job in its message and remembers the new address. */
  show(job: RigJob, view: PartialView, call?: Partial<ShowCall>): Promise<Receipt>
  /** Waits for the next job to be accepted and acked. */
  accepted(count?: number): Promise<RigJob>
}

export interface RigJob {
  readonly ask: Ask
  readonly head: ViewHead
  /** What the ack gave. */
  readonly ack: Receipt | null
  address: Address
}

type WithoutHead<T> = T extends unknown ? Omit<T, keyof ViewHead> : never
export type PartialView = WithoutHead<JobView>

interface RigStudio extends Studio {
  readonly asks: readonly Ask[]
  readonly followUps: readonly FollowUpAsk[]
  readonly presses: readonly Press[]
  readonly jobs: readonly RigJob[]
  /** Instead of accepting. */
  answerWith(task: ((ask: Ask, reply: Reply) => Promise<void>) | null): void
  followUpWith(task: ((ask: FollowUpAsk, reply: Reply) => Promise<void>) | null): void
  eraseWith(answer: (press: Press) => Promise<EraseAnswer>): void
  usageWith(usage: () => Promise<Usage>): void
  /** A job of the past: found by its id, in lists, newest first, and as what a follow-up starts from. */
  know(job: Job): void
  /** Runs before every look at earlier jobs. */
  lookWith(task: () => Promise<void>): void
  cancelWith(answer: () => Promise<CancelAnswer>): void
  /** Which job a message key finds. */
  findWith(find: (messageKey: string) => Promise<Job | null>): void
}

export interface RigOptions {
  readonly token?: string
  readonly userInstall?: boolean
  /** Runs before the adapter starts. */
  readonly before?: (standIn: StandIn) => void | Promise<void>
  /** How wrong the machine's clock is, in milliseconds: ahead of Discord's. */
  readonly clockError?: number
  /** Another replica's, to sign in to as well; it stops it. */
  readonly beside?: Pick<Rig, 'standIn' | 'clock' | 'drafts'>
  /** Do not wait until it is signed in. */
  readonly eager?: boolean
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const { beside } = options
  const clock = beside?.clock ?? createHandClock()
  const standIn = beside?.standIn ?? (await startStandIn({ now: clock.now }))
  await options.before?.(standIn)
  const lines: string[] = []
  const fatals: AppError[] = []
  const steps: string[] = []
  const platformErrors: string[] = []
  const drafts = beside?.drafts ?? createFakeDrafts()
  const newId = () => randomBytes(16).toString('hex')
  const { clockError = 0 } = options
  const machineClock = { ...clock, now: () => clock.now() + clockError }
  const adapter = createDiscord(
    { token: options.token ?? standIn.botToken, apiUrl: standIn.apiUrl, userInstall: options.userInstall ?? false },
    {
      ...{ ...fakeTools(), drafts, clock: machineClock, newId, log: recordingLog(lines) },
      ...{ shelf: createMemoryShelf(clock), routes: { mount: () => undefined }, links: null },
      meter: {
        count: (name, labels) => {
          if (name === 'platform_errors') platformErrors.push(labels?.kind ?? '')
        },
        time: () => undefined,
      },
      step: (point) => {
        steps.push(point)
      },
      fatal: (error) => {
        fatals.push(error)
      },
    },
  )
  const studio = createRigStudio(newId)
  await adapter.intake.start(studio)
  if (options.eager !== true) {
    await standIn.ready(beside === undefined ? 1 : 2)
    await eventually(() => adapter.intake.ready(), 'the adapter is ready')
  }

  return {
    ...{ standIn, adapter, studio, drafts, clock, lines, fatals, steps, platformErrors },
    show: async (job, view, call = {}) => {
      const whole = { ...job.head, ...view } as JobView
      const receipt = await adapter.surface.show(job.address, whole, { ...freeCall(), ...call })
      job.address = receipt.address
      return receipt
    },
    accepted: async (count = 1) => {
      await eventually(() => studio.jobs.length >= count, `job ${count} accepted`)
      const job = studio.jobs[count - 1]
      if (job === undefined) throw new Error(`no job ${count}`)
      return job
    },
    [Symbol.asyncDispose]: async () => {
      // What stopping waits for would need the clock to be moved.
      let stopped = false
      const stopping = adapter.intake.stop().finally(() => {
        stopped = true
      })
      await eventually(() => {
        clock.advance(1_000)
        return stopped
      }, 'stopped')
      await stopping
      if (beside === undefined) await standIn.stop()
    },
  }
}

export function freeCall(): ShowCall {
  return { signal: new AbortController().signal, gate: () => undefined, keep: async () => undefined }
}

/** For what no request to the stand-in announces. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const until = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > until) throw new Error(`never came true: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function createRigStudio(newId: () => string): RigStudio {
  const asks: Ask[] = []
  const followUps: FollowUpAsk[] = []
  const presses: Press[] = []
  const jobs: RigJob[] = []
  const known: Job[] = []
  let task: ((ask: Ask, reply: Reply) => Promise<void>) | null = null
  let followUpTask: ((ask: FollowUpAsk, reply: Reply) => Promise<void>) | null = null
  let find: (messageKey: string) => Promise<Job | null> = async () => null
  let cancel: () => Promise<CancelAnswer> = async () => 'cancelled'
  let erase: (press: Press) => Promise<EraseAnswer> = async () => ({ kind: 'unknown' })
  let usage: () => Promise<Usage> = async () => ({ today: 0, month: 0, pictures: 0, personDayCap: 0, dayOver: false })
  let look: () => Promise<void> = async () => undefined

  async function accept(ask: Ask, reply: Reply, request: ImageRequest): Promise<void> {
    const { action, inputs, omitted, person, locale } = ask
    const inputNames = inputs.map(({ name }) => name)
    const head: ViewHead = {
      ...{ jobId: newId(), action, request, inputCount: inputs.length, inputNames, omitted, person, locale },
    }
    const ack = await reply.accept({ ...head, kind: 'queued', place: null })
    // What is stored has been JSON.
    const stored: Json = JSON.parse(JSON.stringify(ack?.address ?? ask.address))
    jobs.push({ ask, head, ack, address: stored as unknown as Address })
  }

  async function follow(ask: FollowUpAsk, reply: Reply): Promise<void> {
    const job = known.find(({ id }) => id === ask.jobId)
    if (job === undefined) return reply.refuse({ kind: 'no_job', why: 'unknown' })
    const { inputs, omitted, request } = job
    const whole = { ...ask, inputs, omitted, parentId: job.id, source: null, input: request }
    await accept(whole, reply, { ...request, private: ask.private })
  }

  return {
    ...{ asks, followUps, presses, jobs },
    answerWith: (given) => {
      task = given
    },
    followUpWith: (given) => {
      followUpTask = given
    },
    cancelWith: (answer) => {
      cancel = answer
    },
    eraseWith: (answer) => {
      erase = answer
    },
    usageWith: (given) => {
      usage = given
    },
    findWith: (given) => {
      find = given
    },
    know: (job) => {
      known.unshift(job)
    },
    lookWith: (given) => {
      look = given
    },
    imagine: async (ask, reply) => {
      asks.push(ask)
      await (task?.(ask, reply) ?? accept(ask, reply, requestSchema.parse(ask.input)))
    },
    followUp: async (ask, reply) => {
      followUps.push(ask)
      await (followUpTask ?? follow)(ask, reply)
    },
    cancel: async (press) => {
      presses.push(press)
      return cancel()
    },
    erase: async (press) => {
      presses.push(press)
      return erase(press)
    },
    get: async (jobId) => {
      await look()
      return known.find(({ id }) => id === jobId) ?? null
    },
    details: async ({ jobId }) => {
      await look()
      const job = known.find(({ id }) => id === jobId)
      return job === undefined ? null : { job, lineage: [], more: false }
    },
    usage: async () => {
      await look()
      return usage()
    },
    findByMessage: async (_, messageKey) => {
      await look()
      return find(messageKey)
    },
    list: async ({ personId, limit, before }) => {
      await look()
      const own = known.filter(({ person }) => personId === null || person.id === personId)
      const from = before === null ? 0 : own.findIndex(({ id }) => id === before) + 1
      return own.slice(from, from + limit)
    },
  }
}

function recordingLog(lines: string[], bound: object = {}): Log {
  const write = (level: string) => (fields: object, message: string) => {
    lines.push(JSON.stringify({ level, ...bound, ...fields, message }))
  }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => recordingLog(lines, { ...bound, ...fields }),
  }
}
