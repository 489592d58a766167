import { randomBytes, randomInt } from 'node:crypto'
import type { Clock, Log, Random } from '../core/ports.ts'
import type { Quality } from '../core/request.ts'
import type { Behaviours } from './behaviour.ts'
import type { Callbacks } from './callbacks.ts'
import { InputRefused, type Inputs } from './inputs.ts'
import type { Keep } from './keep.ts'
import type { Order } from './order.ts'
import { keptMs, standingOf, type Task, type TaskInputs } from './task.ts'

/** The tasks taken, and the work on them. */
export interface Tasks {
  /** Takes up where an earlier process was killed. */
  resume(): Promise<void>
  /** Takes an order: the task is kept before this resolves. Throws when it can't be. */
  take(order: Order): Promise<Task>
  get(id: string): Task | null
  /** Tasks being worked on. */
  inFlight(): number
  /** Stops all work; what was kept can be resumed. */
  close(): Promise<void>
}

export type DurationMs = Range | ((order: Order) => number)

interface Range {
  readonly min: number
  readonly max: number
}

export interface TasksOptions {
  readonly keep: Keep
  readonly inputs: Inputs
  readonly callbacks: Callbacks
  readonly behaviours: Behaviours
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly durationMs: DurationMs
  /** What a callback tells about an ended task. */
  readonly tell: (task: Task) => object
}

const sweepMs = 10 * 60 * 1000

export function createTasks(options: TasksOptions): Tasks {
  const { keep, inputs, callbacks, behaviours, clock, random, log } = options
  const tasks = new Map<string, Task>()
  const closing = new AbortController()
  const running = new Set<Promise<void>>()

  const change = async (task: Task, changed: Partial<Pick<Task, 'inputs' | 'told'>>): Promise<Task> => {
    const next = { ...task, ...changed }
    await keep.save(next)
    tasks.set(next.id, next)
    return next
  }

  const background = (what: string, work: () => Promise<void>) => {
    const run: Promise<void> = work()
      .catch((error: unknown) => {
        if (!closing.signal.aborted) log.error({ err: error }, what)
      })
      .finally(() => running.delete(run))
    running.add(run)
  }

  const fetchInputs = async (task: Task): Promise<TaskInputs> => {
    try {
      await keep.saveInputs(task, await inputs.fetch(task.order.inputUrls, closing.signal))
      return { state: 'ready' }
    } catch (error) {
      if (!(error instanceof InputRefused)) throw error
      log.info({ task: task.id, reason: error.failure.code }, 'input refused')
      return { state: 'failed', failure: error.failure }
    }
  }

  /** The part of a task's life that the clock alone does not bring about. */
  const work = async (taken: Task): Promise<void> => {
    let task = taken
    if (task.inputs.state === 'waiting') task = await change(task, { inputs: await fetchInputs(task) })
    if (task.told || task.order.callbackUrl === null) return
    const left = task.readyAt - clock.now()
    if (task.inputs.state !== 'failed' && left > 0) await clock.sleep(left, closing.signal)
    await callbacks.send(task.order.callbackUrl, options.tell(task), closing.signal)
    await change(task, { told: true })
  }

  const start = (task: Task) => {
    if (task.inputs.state === 'waiting' || !task.told) background('work on a task failed', () => work(task))
  }

  const sweep = async () => {
    for (const task of tasks.values()) {
      if (clock.now() - task.createdAt < keptMs) continue
      tasks.delete(task.id)
      await keep.remove(task)
    }
  }

  const keepSweeping = async () => {
    for (;;) {
      await clock.sleep(sweepMs, closing.signal)
      await sweep()
    }
  }

  const planned = (order: Order): Task => {
    const createdAt = clock.now()
    const last = behaviours.take('task', ['last'], order.prompt)
    const fail = behaviours.take('task', ['fail'], order.prompt)
    return {
      id: newTaskId(),
      secret: randomBytes(24).toString('base64url'),
      order,
      createdAt,
      readyAt: createdAt + (last?.ms ?? duration(options.durationMs, order, random())),
      fate:
        fail === null
          ? null
          : { code: fail.code ?? 'generation_failed', message: fail.message ?? 'Image generation failed' },
      inputs: { state: order.inputUrls.length > 0 ? 'waiting' : 'ready' },
      told: order.callbackUrl === null,
    }
  }

  return {
    resume: async () => {
      for (const task of await keep.load()) tasks.set(task.id, task)
      await sweep()
      for (const task of tasks.values()) start(task)
      background('sweeping failed', keepSweeping)
    },
    take: async (order) => {
      const task = planned(order)
      await keep.save(task)
      tasks.set(task.id, task)
      start(task)
      return task
    },
    get: (id) => {
      const task = tasks.get(id)
      return task !== undefined && clock.now() - task.createdAt < keptMs ? task : null
    },
    inFlight: () => {
      const now = clock.now()
      return [...tasks.values()].filter((task) => standingOf(task, now).state === 'working').length
    },
    close: async () => {
      closing.abort()
      await Promise.allSettled(running)
    },
  }
}

function duration(durationMs: DurationMs, order: Order, chance: number): number {
  return typeof durationMs === 'function' ? durationMs(order) : within(durationMs, order.quality, chance)
}

/** High quality takes the upper part of the range, medium the lower; `chance` 0–1 is where in it. */
function within({ min, max }: Range, quality: Quality, chance: number): number {
  const span = (max - min) * 0.65
  const from = quality === 'high' ? max - span : min
  return Math.round(from + span * chance)
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** As the product page shows them: `n42xxxx_gptimg`. */
function newTaskId(): string {
  const middle = Array.from({ length: 20 }, () => letters[randomInt(letters.length)]).join('')
  return `n42${middle}_gptimg`
}
