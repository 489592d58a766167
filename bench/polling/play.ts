import { measure, serve } from '../process.ts'
import { mean, quantile } from '../statistics.ts'
import type { Table } from '../table.ts'
import type { UpstreamOptions, UpstreamReady } from '../upstream.ts'
import type { ClientOptions, Round, RoundFound } from './client.ts'
import type { OurSettings } from './ours.ts'
import type { PeerName, PollerChoice } from './pollers.ts'

export interface Game {
  readonly roundTripMs: number
  /** Looks a second that the upstream answers; beyond it 429. */
  readonly limit?: number
  readonly rounds: readonly Round[]
}

/** A poller's rounds, each against the same tasks as those of the others. */
export async function play(poller: PollerChoice, { roundTripMs, limit, rounds }: Game): Promise<readonly RoundFound[]> {
  const options: UpstreamOptions = { roundTripMs }
  await using upstream = await serve<UpstreamReady>('upstream.ts', options)
  const { origin } = upstream.ready
  if (limit !== undefined)
    await fetch(`${origin}/simulator/behaviours`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ on: 'look', do: 'limit', perSecond: limit }),
    })
  const client: ClientOptions = { origin, poller, rounds }
  return await measure<readonly RoundFound[]>('polling/client.ts', client)
}

export function peer(name: PeerName): PollerChoice {
  return { kind: 'peer', name }
}

export function ours(looksPerTask: number, more: Partial<OurSettings> = {}): PollerChoice {
  return { kind: 'ours', looksPerTask, looksPerSecond: 10_000, connections: 64, ...more }
}

/** A round in figures; several together where the poller played several that count. */
export interface Figures {
  readonly lagMs: number
  readonly lagP50Ms: number
  readonly lagP95Ms: number
  readonly resolveMs: number
  readonly resolveP95Ms: number
  /** A task. */
  readonly requests: number
  readonly lost: number
  /** The share of requests answered 429. */
  readonly refused: number
  readonly connections: number
  readonly cpuMs: number
  readonly wallMs: number
  readonly peakBytes: number
  readonly extraBytes: number
}

export function figuresOf(rounds: readonly RoundFound[]): Figures {
  const lags = rounds.flatMap(({ lagsMs }) => lagsMs)
  const resolves = rounds.flatMap(({ resolvesMs }) => resolvesMs)
  const sum = (of: (round: RoundFound) => number) => rounds.reduce((total, round) => total + of(round), 0)
  const most = (of: (round: RoundFound) => number) => Math.max(...rounds.map(of))
  const requests = sum((round) => round.requests)
  return {
    ...{ lagMs: mean(lags), lagP50Ms: quantile(lags, 0.5), lagP95Ms: quantile(lags, 0.95) },
    ...{ resolveMs: mean(resolves), resolveP95Ms: quantile(resolves, 0.95) },
    requests: requests / (resolves.length + sum(({ lost }) => lost)),
    lost: sum(({ lost }) => lost),
    refused: sum(({ refused }) => refused) / requests,
    connections: most(({ connections }) => connections),
    cpuMs: sum(({ usage }) => usage.cpuMs),
    wallMs: sum(({ usage }) => usage.wallMs),
    peakBytes: most(({ usage }) => usage.peakBytes),
    extraBytes: most(({ usage }) => usage.extraBytes),
  }
}

export interface Played {
  readonly name: string
  readonly figures: Figures
}

export function pollerTable(played: readonly Played[]): Table {
  return {
    head: [
      'poller',
      'lag mean / p50 / p95, ms',
      'told mean / p95, ms',
      'requests a task',
      'lost',
      '429',
      'CPU s',
      'RSS MB',
      'sockets',
    ],
    rows: played.map(({ name, figures: f }) => [
      name,
      [f.lagMs, f.lagP50Ms, f.lagP95Ms].map(Math.round).join(' / '),
      [f.resolveMs, f.resolveP95Ms].map(Math.round).join(' / '),
      f.requests.toFixed(2),
      String(f.lost),
      `${(f.refused * 100).toFixed(0)} %`,
      (f.cpuMs / 1000).toFixed(2),
      String(Math.round(f.peakBytes / 1e6)),
      String(f.connections),
    ]),
  }
}
