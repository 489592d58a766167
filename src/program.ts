import { randomBytes } from 'node:crypto'
import { announce } from './announcement.ts'
import type { Config } from './config.ts'
import { createBreaker } from './core/breaker.ts'
import { createCallbacks } from './core/callbacks.ts'
import { systemClock } from './core/clock.ts'
import { createExperience } from './core/experience.ts'
import type { AppError } from './core/failure.ts'
import { createLinks, type Links } from './core/link.ts'
import { createPoller } from './core/poller.ts'
import type { Adapter, AdapterTools, Log, Step } from './core/ports.ts'
import { createRelay } from './core/relay.ts'
import { createRunner } from './core/runner.ts'
import { createStudio } from './core/studio.ts'
import { createTurns } from './core/turns.ts'
import { mountCallbacks } from './http/callbacks.ts'
import { mountHealth, mountMetrics } from './http/health.ts'
import { mountInputs } from './http/inputs.ts'
import { createMetrics } from './http/metrics.ts'
import { createHttpServer } from './http/server.ts'
import { createImageApi, type ImageApiOptions } from './imageapi/client.ts'
import { poolSizeFor } from './imageapi/limits.ts'
import { linkKey, openStore, sweep } from './keeping.ts'
import { createConverter } from './media/convert.ts'
import { readinessOf } from './readiness.ts'

/** The program, running. */
export interface Program extends AsyncDisposable {
  /** Says what runs and where, in the log and to the person who started it. */
  announce(): void
}

export interface ProgramTools {
  readonly log: Log
  /** Reports what can't be cured by waiting; the caller ends the process. */
  readonly fatal: (error: AppError) => void
  /** Nothing, but for the torture test. */
  readonly step: Step
  /** Of calls to the image API. */
  readonly timeouts: ImageApiOptions['timeouts']
  /** Aborts when the process is asked to end: what is not started yet is given up. */
  readonly signal: AbortSignal
}

/** A late task is watched for a day: its picture is delivered after all. */
const longestMs = 24 * 3_600_000
const acceptPatienceMs = 20_000
/** So much of the line of all replicas is looked at: whoever is further back is told a place by the own order. */
const lineLength = 2_000

/** Builds everything in the order of its needs; what was built is released in the opposite order, also after half a start. */
export async function startProgram(config: Config, given: ProgramTools): Promise<Program> {
  const { log, fatal, step, timeouts, signal } = given
  await using building = new AsyncDisposableStack()
  const clock = systemClock
  const newId = () => randomBytes(16).toString('hex')
  const owner = newId()
  const metrics = createMetrics()
  const { meter } = metrics
  const store = building.adopt(await openStore(config, newId, log, signal), (opened) => opened.close())
  const http = building.adopt(createHttpServer({ host: config.http.host, port: config.http.port, log }), (server) =>
    server.close(),
  )
  const upstream = await openUpstream(config, log, building)
  const api = building.adopt(
    createImageApi(
      {
        baseUrl: upstream.url,
        key: upstream.key,
        model: config.imageApi.model,
        poolSize: poolSizeFor(config.imageApi.pollsPerSecond),
        timeouts,
      },
      { log },
    ),
    (client) => client.close(),
  )
  const converter = building.adopt(createConverter({ concurrency: 2 }), (opened) => opened.close())

  let origin = ''
  const reachable = config.http.publicUrl !== null || config.imageApi.upstream === 'simulator'
  const links: Links | null = reachable
    ? createLinks(() => config.http.publicUrl ?? origin, await linkKey(store.vault))
    : null
  if (links !== null) {
    mountInputs(http.routes, { shelf: store.shelf, links, clock })
    mountCallbacks(http.routes, { links, hints: store.hints })
  }

  const { drafts, vault, shelf } = store
  const adapters = await createAdapters(config, {
    ...{ log, meter, clock, random: Math.random, newId, step, fatal },
    ...{ drafts, vault, shelf, links, routes: http.routes },
  })
  const surfaces = new Map(adapters.map(({ surface }) => [surface.name, surface]))

  const experience = createExperience({ store: store.durations, clock, log })
  await experience.load()
  building.defer(() => experience.save())
  const { imageApi: limits, allowance } = config
  const poller = createPoller({
    ...{ api, clock, meter, log, random: Math.random },
    experience,
    looksPerTask: limits.looksPerTask,
    looksPerSecond: limits.pollsPerSecond,
  })
  const { maxRunningPerPerson } = allowance
  const line = store.replicas.exclusive ? null : () => store.jobs.line(lineLength, maxRunningPerPerson)
  const turns = createTurns({ clock, maxRunningPerPerson, line })
  const breaker = createBreaker({ clock, log })
  // A callback must reach us from outside; the embedded simulator is near enough to be looked at.
  const callbacks = createCallbacks({ links: limits.callbacks && config.http.publicUrl !== null ? links : null, log })
  const relay = createRelay({
    ...{ surfaces, jobs: store.jobs, converter, shelf, links, clock },
    keepMs: config.retention.inputsMs,
  })
  const runner = createRunner({
    ...{ owner, surfaces, api, relay, poller, turns, breaker, callbacks },
    ...{ clock, meter, log, random: Math.random, step },
    ...{ jobs: store.jobs, drive: store.drive, replicas: store.replicas, hints: store.hints },
    ttlMs: config.replicaTtlMs,
    looksPerSecond: limits.pollsPerSecond,
    settings: {
      limits: (taskClass) => ({
        // More would only make each other's looks late: they wait in line instead.
        maxInFlight: Math.min(limits.maxInFlight, poller.capacity(taskClass)),
        perSecond: limits.submitsPerSecond,
        maxRunningPerPerson,
        slotMs: limits.taskTimeoutMs,
      }),
      submitTimeoutMs: timeouts.submitMs,
      taskTimeoutMs: limits.taskTimeoutMs,
      longestMs,
      model: limits.model,
    },
  })
  const studio = createStudio({
    ...{ owner, jobs: store.jobs, runner, hints: store.hints, clock, newId, meter, log, step },
    caps: { day: allowance.creditsPerDay, personDay: allowance.creditsPerPersonPerDay },
    allowedWorkspaces: new Set(allowance.workspaces),
    // The embedded store fails at once and for good (a full disk); a shared one may have taken it all the same.
    acceptPatienceMs: store.replicas.exclusive ? 0 : acceptPatienceMs,
  })

  const readiness = () => readinessOf(store, adapters, breaker)
  mountHealth(http.routes, { readiness })
  if (config.http.loopback) mountMetrics(http.routes, metrics)
  else if (config.http.metricsPort !== null) await openMetricsPort(config, metrics, log, building)

  origin = localOrigin(config, (await http.listen()).port)
  building.defer(() => runner.stop(config.shutdownGraceMs))
  // The first heartbeat comes before the first request, or another replica would take it for a dead one’s.
  await runner.start()
  const sweeping = new AbortController()
  building.defer(() => sweeping.abort())
  void sweep(store, sweeping.signal, log)
  void experience.keep(sweeping.signal)
  for (const { intake } of adapters) {
    building.defer(() => intake.stop())
    await intake.start(studio)
  }
  const release = building.move()
  return {
    announce: () => announce(config, origin, log),
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  }
}

/** Each chat's library is loaded only where that chat is configured: half the memory and start-up time is theirs. */
async function createAdapters(config: Config, tools: AdapterTools): Promise<Adapter[]> {
  const adapters: Adapter[] = []
  if (config.discord !== null) {
    const { createDiscord } = await import('./discord/index.ts')
    adapters.push(createDiscord(config.discord, tools))
  }
  if (config.slack !== null) {
    const { createSlack } = await import('./slack/index.ts')
    adapters.push(createSlack(config.slack, tools))
  }
  if (config.playground) {
    const { createPlayground } = await import('./playground/index.ts')
    const simulated = config.imageApi.upstream === 'simulator'
    adapters.push(createPlayground({ keepMs: config.retention.historyMs, simulated }, tools))
  }
  return adapters
}

async function openUpstream(
  config: Config,
  log: Log,
  building: AsyncDisposableStack,
): Promise<{ url: string; key: string }> {
  if (config.imageApi.upstream !== 'simulator') return config.imageApi.upstream
  const { createSimulator } = await import('./simulator/server.ts')
  const simulator = building.adopt(
    createSimulator({
      host: '127.0.0.1',
      port: 0,
      dir: `${config.dataDir}/simulator`,
      clock: systemClock,
      random: Math.random,
      log,
    }),
    (opened) => opened.close(),
  )
  return { url: await simulator.listen(), key: 'aio_simulator' }
}

async function openMetricsPort(
  config: Config,
  metrics: ReturnType<typeof createMetrics>,
  log: Log,
  building: AsyncDisposableStack,
): Promise<void> {
  if (config.http.metricsPort === null) return
  const server = building.adopt(
    createHttpServer({ host: config.http.host, port: config.http.metricsPort, log }),
    (opened) => opened.close(),
  )
  mountMetrics(server.routes, metrics)
  await server.listen()
}

/** Where this machine itself reaches the port, whatever address it listens on. */
function localOrigin(config: Config, port: number): string {
  const { host } = config.http
  const name =
    host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return `http://${name}:${port}`
}
