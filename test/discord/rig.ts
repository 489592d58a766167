import { randomBytes } from 'node:crypto'
import type { AppError } from '../../src/core/failure.ts'
import type { Address, Job, Json, Receipt } from '../../src/core/job.ts'
import type { Adapter, Call, Log, Reply } from '../../src/core/ports.ts'
import { requestSchema } from '../../src/core/request.ts'
import type { Ask, Press, Studio } from '../../src/core/studio.ts'
import type { CancelAnswer, JobView, ViewHead } from '../../src/core/view.ts'
import { createDiscord } from '../../src/discord/index.ts'
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
  /** Shows a view of a job in its message and remembers the new address. */
  show(job: RigJob, view: PartialView, call?: Partial<Call>): Promise<Receipt>
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
  readonly presses: readonly Press[]
  readonly jobs: readonly RigJob[]
  /** Instead of accepting. */
  answerWith(task: ((ask: Ask, reply: Reply) => Promise<void>) | null): void
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
  /** Do not wait until it is signed in. */
  readonly eager?: boolean
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const clock = createHandClock()
  const standIn = await startStandIn({ now: clock.now })
  await options.before?.(standIn)
  const lines: string[] = []
  const fatals: AppError[] = []
  const steps: string[] = []
  const platformErrors: string[] = []
  const newId = () => randomBytes(16).toString('hex')
  const { clockError = 0 } = options
  const machineClock = { ...clock, now: () => clock.now() + clockError }
  const adapter = createDiscord(
    { token: options.token ?? standIn.botToken, apiUrl: standIn.apiUrl, userInstall: options.userInstall ?? false },
    {
      ...{ clock: machineClock, newId, log: recordingLog(lines) },
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
    await standIn.ready()
    await eventually(() => adapter.intake.ready(), 'the adapter is ready')
  }

  return {
    ...{ standIn, adapter, studio, clock, lines, fatals, steps, platformErrors },
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
      await standIn.stop()
    },
  }
}

function freeCall(): Call {
  return { signal: new AbortController().signal, gate: () => undefined }
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
  const presses: Press[] = []
  const jobs: RigJob[] = []
  let task: ((ask: Ask, reply: Reply) => Promise<void>) | null = null
  let find: (messageKey: string) => Promise<Job | null> = async () => null
  let cancel: () => Promise<CancelAnswer> = async () => 'cancelled'

  async function accept(ask: Ask, reply: Reply): Promise<void> {
    const head: ViewHead = {
      jobId: newId(),
      request: requestSchema.parse(ask.input),
      inputCount: ask.inputs.length,
      person: ask.person,
      locale: ask.locale,
    }
    const ack = await reply.accept({ ...head, kind: 'queued', place: null })
    // What is stored has been JSON.
    const stored: Json = JSON.parse(JSON.stringify(ack?.address ?? ask.address))
    jobs.push({ ask, head, ack, address: stored as unknown as Address })
  }

  return {
    ...{ asks, presses, jobs },
    answerWith: (given) => {
      task = given
    },
    cancelWith: (answer) => {
      cancel = answer
    },
    findWith: (given) => {
      find = given
    },
    imagine: async (ask, reply) => {
      asks.push(ask)
      await (task ?? accept)(ask, reply)
    },
    cancel: async (press) => {
      presses.push(press)
      return cancel()
    },
    get: async () => null,
    findByMessage: async (_, messageKey) => find(messageKey),
    list: async () => [],
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
