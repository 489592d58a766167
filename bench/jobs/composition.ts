import { createBreaker } from '../../src/core/breaker.ts'
import { createCallbacks } from '../../src/core/callbacks.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createExperience } from '../../src/core/experience.ts'
import { createPoller } from '../../src/core/poller.ts'
import type { ImageApi, Reply, Surface } from '../../src/core/ports.ts'
import { createRelay } from '../../src/core/relay.ts'
import { createRunner } from '../../src/core/runner.ts'
import { type Ask, createStudio, type Studio } from '../../src/core/studio.ts'
import { createTurns } from '../../src/core/turns.ts'
import type { Store } from '../../src/store/store.ts'
import { noMeter, quietLog } from '../quiet.ts'

export interface CompositionOptions {
  readonly store: Store
  readonly api: ImageApi
  readonly newId: () => string
  readonly looksPerSecond: number
}

/** The core on a real store, with a surface on which nobody looks. */
export interface Composition {
  readonly studio: Studio
  stop(): Promise<void>
}

const many = 100_000
const submitTimeoutMs = 30_000
const dayMs = 86_400_000

export async function compose({ store, api, newId, looksPerSecond }: CompositionOptions): Promise<Composition> {
  const shared = {
    ...{ clock: systemClock, log: quietLog, meter: noMeter, random: Math.random, step: () => undefined },
    ...{ jobs: store.jobs, hints: store.hints, owner: newId(), newId, api },
  }
  const source = { picture: api.result(''), publicUrl: async () => null }
  const surface: Surface = {
    name: 'bench',
    show: async (address) => ({ address, messageKey: null, files: [] }),
    pace: () => 60_000,
    stale: () => false,
    input: () => source,
    picture: () => source,
  }
  const surfaces = new Map([[surface.name, surface]])
  const experience = createExperience({ ...shared, store: store.durations })
  const poller = createPoller({ ...shared, experience, looksPerTask: 6, looksPerSecond })
  const turns = createTurns({ ...shared, maxRunningPerPerson: many, line: null })
  const converter = { fit: () => Promise.reject(new Error('no picture is handed in here')) }
  const relay = createRelay({ ...shared, surfaces, converter, shelf: store.shelf, links: null, keepMs: 0 })
  const runner = createRunner({
    ...{ ...shared, surfaces, relay, poller, turns, looksPerSecond, ttlMs: 12_000 },
    ...{ drive: store.drive, replicas: store.replicas },
    ...{ breaker: createBreaker(shared), callbacks: createCallbacks({ ...shared, links: null }) },
    settings: {
      limits: () => ({ maxInFlight: many, perSecond: many, maxRunningPerPerson: many, slotMs: dayMs }),
      ...{ submitTimeoutMs, taskTimeoutMs: dayMs, longestMs: dayMs, model: 'gpt-image-1-5' },
    },
  })
  await runner.start()
  const studio = createStudio({
    ...{ ...shared, runner, caps: { day: 0, personDay: 0 } },
    ...{ allowedWorkspaces: new Set<string>(), acceptPatienceMs: 0 },
  })
  return { studio, stop: () => runner.stop(0) }
}

/** A command by one of fifty people. */
export function askOf(n: number, prompt: string, eventKey: string): Ask {
  return {
    ...{ eventKey, surface: 'bench', workspace: 'w', channel: 'c', locale: 'en', action: 'imagine' },
    ...{ person: { id: `p${n % 50}`, name: 'p' }, parentId: null, source: null, input: { prompt } },
    ...{ inputs: [], omitted: [], problems: [], address: { at: null, secret: null }, receivedAt: performance.now() },
  }
}

export const silentReply: Reply = {
  accept: async () => null,
  refuse: async (notice) => {
    throw new Error(`refused: ${JSON.stringify(notice)}`)
  },
  defer: async () => undefined,
}
