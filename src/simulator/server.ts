import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import type { Clock, Log, Random } from '../core/ports.ts'
import { type ApiTools, answerErrors, mountApi, type Report, refuseOtherNames } from './api.ts'
import { type Behaviour, createBehaviours } from './behaviour.ts'
import { createCallbacks } from './callbacks.ts'
import { mountControl } from './control.ts'
import { directivesIn } from './directive.ts'
import { createInputs, isLoopback } from './inputs.ts'
import { createFileKeep, createMemoryKeep } from './keep.ts'
import { mountPictures } from './pictures.ts'
import { createRate } from './rate.ts'
import { createRecords, type Post } from './records.ts'
import { createResults } from './results.ts'
import { lookBody } from './shapes.ts'
import { standingOf, type Task } from './task.ts'
import { createTasks, type DurationMs } from './tasks.ts'

export interface SimulatorOptions {
  readonly host: string
  /** 0: any; with a `dir`, the one used last if it is free, so that links given out before a restart still work. */
  readonly port: number
  /** Where tasks and inputs survive the process; null: nowhere. */
  readonly dir: string | null
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** How long tasks take, in milliseconds: a range (the page says 3–10 s), or for each order its own. */
  readonly durationMs?: DurationMs
  /** The only key taken; null: any bearer that is not empty. */
  readonly key?: string | null
  /** Origins that inputs may be on besides https at public addresses; `'loopback'`: this machine, any port. */
  readonly allowedInputOrigins?: readonly string[] | 'loopback'
  readonly callbackTargets?: 'loopback' | 'any'
  /** `plain`: one colour instead of a drawing, for loads of thousands. */
  readonly pictures?: 'drawn' | 'plain'
  /** Whether behaviours and records can be reached at `/simulator/…`. */
  readonly control?: boolean
  /** Mounts further routes and hooks: the benchmarks' peers speak other dialects. */
  readonly mount?: (server: FastifyInstance, tools: ApiTools) => void
}

/** The image API in one process: the default upstream of `npm start`, and the upstream of the tests. */
export interface Simulator {
  /** Starts it; gives the base URL, `http://…/api/v1`. */
  listen(): Promise<string>
  /** Ends every connection and all work; what a `dir` keeps goes on after a restart. */
  close(): Promise<void>
  /** Switches behaviours on; those switched on first come first. */
  behave(...behaviours: readonly Behaviour[]): void
  /** Forgets behaviours, posts and looks; tasks stay. */
  reset(): void
  /** Every submit that came, in the order in which they were decided; the last 10,000 at least. */
  posts(): readonly Post[]
  /** How often each task was looked at. */
  looks(): Readonly<Record<string, number>>
}

const bodyBytes = 1024 * 1024

export function createSimulator(options: SimulatorOptions): Simulator {
  const { clock, random, log } = options
  const keep = options.dir === null ? createMemoryKeep() : createFileKeep(options.dir, log)
  const behaviours = createBehaviours(directivesIn)
  const records = createRecords()
  const rate = createRate(clock)
  const results = createResults(keep, options.pictures ?? 'drawn')
  const closing = new AbortController()
  let origin = ''
  const url = (task: Task) => results.url(origin, task)
  const tasks = createTasks({
    ...{ keep, behaviours, clock, random, log },
    inputs: createInputs(options.allowedInputOrigins ?? 'loopback'),
    callbacks: createCallbacks(options.callbackTargets ?? 'loopback', clock, log),
    durationMs: options.durationMs ?? { min: 3000, max: 10_000 },
    tell: (task) => lookBody(task, standingOf(task, clock.now()), url(task), {}),
  })
  let server: FastifyInstance | null = null

  const report: Report = (error) => {
    if (!closing.signal.aborted) log.error({ err: error }, 'simulator: request failed')
  }

  const build = (): FastifyInstance => {
    const built = fastify({ bodyLimit: bodyBytes, forceCloseConnections: true, routerOptions: { maxParamLength: 200 } })
    // The service takes JSON alone.
    built.removeContentTypeParser('text/plain')
    answerErrors(built, report)
    if (isLoopback(options.host)) refuseOtherNames(built)
    const shared = { tasks, behaviours, clock, closing: closing.signal }
    const api: ApiTools = { ...shared, records, rate, url, report, key: options.key ?? null }
    // Before the API's own routes: hooks reach only what is mounted after them.
    options.mount?.(built, api)
    mountApi(built, api)
    mountPictures(built, { ...shared, results })
    if (options.control === true) mountControl(built, behaviours, records)
    return built
  }

  const open = async (port: number): Promise<FastifyInstance> => {
    const built = build()
    try {
      await built.listen({ host: options.host, port })
      return built
    } catch (error) {
      await built.close()
      throw error
    }
  }

  const openFree = async (): Promise<FastifyInstance> => {
    const last = options.port === 0 ? await keep.port() : options.port
    try {
      return await open(last)
    } catch (error) {
      if (options.port !== 0 || last === 0) throw error
      log.info({ port: last }, 'simulator: its last port is taken, it takes another')
      return open(0)
    }
  }

  return {
    listen: async () => {
      await tasks.resume()
      server = await openFree()
      const { port } = server.server.address() as AddressInfo
      await keep.savePort(port)
      const host = options.host.includes(':') ? `[${options.host}]` : options.host
      origin = `http://${host}:${port}`
      return `${origin}/api/v1`
    },
    close: async () => {
      closing.abort(new Error('the simulator stops'))
      await tasks.close()
      await server?.close()
    },
    behave: (...added) => {
      for (const behaviour of added) behaviours.add(behaviour)
    },
    reset: () => {
      behaviours.clear()
      records.clear()
    },
    posts: () => records.posts(),
    looks: () => records.looks(),
  }
}
