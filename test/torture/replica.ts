import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { loadConfig } from '../../src/config.ts'
// Loaded before it is needed: a spare then starts as soon as another was killed.
import '../../src/discord/index.ts'
import { createLog } from '../../src/log.ts'
import { startProgram } from '../../src/program.ts'
import { type Halt, nameHeader, type Order, type Point, type Word } from './halt.ts'

/**
 * One process of the program, as `main.ts` runs it, that can be told to kill or to pause itself at a point. It loads
 * everything, says so, and starts when it is told to. `TORTURE_NAME` is sent along with every request.
 */
const { TORTURE_NAME: name = 'nameless', ...environment } = process.env
/**
 * A submit without an answer is given up sooner than in the field, for the sake of those who wait for it. A simulator
 * that stands still for a moment, or a busy machine, is within them.
 */
const timeouts = { submitMs: 5_000, lookMs: 5_000, resultMs: 15_000 }
let halt: Halt | null = null
/** The job of the last named point: what the transport shows is not said of which. */
let latest: string | null = null

/** Written before anything else happens, also before dying. */
function say(word: Word): void {
  writeSync(1, `${JSON.stringify(word)}\n`)
}

function reach(point: Point, job: string | null): void {
  latest = job
  if (point === 'accepted' && job !== null) say({ replica: 'accepted', job })
  if (halt?.at !== point) return
  const { at, how } = halt
  halt = null
  say({ replica: 'halted', at, how, job })
  process.kill(process.pid, how)
}

/** What undici publishes about a request. */
interface Published {
  readonly request: { readonly method: string; readonly path: string; addHeader(name: string, value: string): void }
}

function watchRequests(): void {
  const forms = new WeakSet<object>()
  subscribe('undici:request:create', (message) => {
    ;(message as Published).request.addHeader(nameHeader, name)
  })
  subscribe('undici:client:sendHeaders', (message) => {
    const { request, headers } = message as Published & { readonly headers: string }
    if (headers.includes('multipart/form-data')) forms.add(request)
  })
  subscribe('undici:request:bodyChunkSent', (message) => {
    if (forms.has((message as Published).request)) reach('sending', latest)
  })
  subscribe('undici:request:bodySent', (message) => {
    const { request } = message as Published
    if (request.method === 'POST' && request.path.endsWith('/images/generations')) reach('posted', latest)
    if (request.method === 'PATCH' && forms.has(request)) reach('uploaded', latest)
  })
}

async function run(): Promise<void> {
  const loaded = loadConfig(environment)
  if (!loaded.ok) throw new Error(loaded.problems.join('; '))
  const ended = Promise.withResolvers<number>()
  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) process.exit(1)
    stopping.abort()
    ended.resolve(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('unhandledRejection', (error) => {
    broken(error)
    ended.resolve(1)
  })
  try {
    await using _program = await startProgram(loaded.config, {
      log: createLog(loaded.config.logLevel),
      fatal: (error) => {
        broken(error)
        ended.resolve(1)
      },
      step: reach,
      timeouts,
      signal: stopping.signal,
    })
    process.exitCode = await ended.promise
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0)
    throw error
  }
  process.exit()
}

function broken(error: unknown): void {
  say({ replica: 'broken', why: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}

process.on('disconnect', () => process.exit(1))
process.on('message', (order: Order) => {
  if (order.do === 'halt') halt = { at: order.at, how: order.how }
  if (order.do === 'go_on') halt = null
  if (order.do === 'start')
    run().catch((error: unknown) => {
      broken(error)
      process.exit(1)
    })
})
// What is killed would not write it at its end.
flushCompileCache()
watchRequests()
say({ replica: 'loaded' })
