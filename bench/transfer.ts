import { against, type Benchmark, type Goal, shown } from './benchmark.ts'
import { measure, serve } from './process.ts'
import { quantile } from './statistics.ts'
import type { TransferOptions } from './transfer/client.ts'
import type { Arrived, TransferReady, TransferServerOptions } from './transfer/server.ts'
import type { Mode } from './transfer/ways.ts'
import type { Usage } from './usage.ts'

/** Within Discord's 10 MiB. */
const bytes = 10_000_000
const modes: readonly Mode[] = ['raw pipe', 'ours, Discord', 'discord.js', 'ours, Slack', 'Slack SDK']
const duels: readonly (readonly [Mode, Mode])[] = [
  ['ours, Discord', 'discord.js'],
  ['ours, Slack', 'Slack SDK'],
]
/** Bytes a second of the paced ways. */
const pace = 10_000_000

/** From the result's link into the chat: many at once, and one over slow links. */
export const transfer: Benchmark = {
  name: 'transfer',
  title: 'Result to chat upload',
  run: async (scale) => {
    const [deliveries, times] = scale === 'full' ? [50, 3] : [8, 1]
    const crowd = await perMode((mode) => median(mode, { bytes, deliveries, pace: null }, times))
    const single = await perMode((mode) => median(mode, { bytes, deliveries: 1, pace }, times))
    const goals: Goal[] = []
    for (const [own, other] of duels) {
      const [mine, theirs] = [crowd[own], crowd[other]]
      const goal = (what: string, of: (usage: Usage) => number, atMost: number, show: (value: number) => string) =>
        goals.push(
          against(
            ['G8', `${deliveries} × 10 MB: ${what} of ${other}`],
            { ours: of(mine), peer: of(theirs), atMost },
            show,
          ),
        )
      goal('memory', ({ extraBytes }) => extraBytes, 0.1, shown.megabytes)
      goal('CPU', ({ cpuMs }) => cpuMs, 0.5, shown.ms)
      goal('event loop delay p99', ({ delayP99Ms }) => delayP99Ms, 0.2, shown.ms)
    }
    for (const [own, other] of duels) {
      const ours = single[own].wallMs
      goals.push(
        against(
          ['G9', `one 10 MB file over 10 MB/s: time of ${other}`],
          { ours, peer: single[other].wallMs, atMost: 0.55 },
          shown.ms,
        ),
        against(
          ['G9', `${own}: time of a raw pipe`],
          { ours, peer: single['raw pipe'].wallMs, atMost: 1.05 },
          shown.ms,
        ),
      )
    }
    return {
      goals,
      measured: [
        {
          head: ['way', 'wall ms', 'CPU ms', 'extra MB', 'loop delay p99 / max ms', 'one file, paced, ms'],
          rows: modes.map((mode) => {
            const usage = crowd[mode]
            return [
              mode,
              usage.wallMs.toFixed(0),
              usage.cpuMs.toFixed(0),
              (usage.extraBytes / 1e6).toFixed(0),
              `${usage.delayP99Ms.toFixed(0)} / ${usage.delayMaxMs.toFixed(0)}`,
              single[mode].wallMs.toFixed(0),
            ]
          }),
        },
      ],
    }
  },
}

async function perMode(run: (mode: Mode) => Promise<Usage>): Promise<Readonly<Record<Mode, Usage>>> {
  const entries: [string, Usage][] = []
  for (const mode of modes) entries.push([mode, await run(mode)])
  return Object.fromEntries(entries) as Record<Mode, Usage>
}

/**
 * Several runs: the medians, and the worst of memory. A run of discord.js may fail once: its upload now and then ends its
 * process (an uncaught EPIPE of its undici 6, on a connection that the other side has just given up).
 */
async function median(mode: Mode, options: TransferServerOptions, times: number): Promise<Usage> {
  const runs: Usage[] = []
  for (let n = 0; n < times; n += 1)
    runs.push(
      await once(mode, options).catch((error: unknown) => {
        if (mode !== 'discord.js') throw error
        return once(mode, options)
      }),
    )
  const middle = (of: (usage: Usage) => number) => quantile(runs.map(of), 0.5)
  const most = (of: (usage: Usage) => number) => Math.max(...runs.map(of))
  return {
    wallMs: middle(({ wallMs }) => wallMs),
    cpuMs: middle(({ cpuMs }) => cpuMs),
    peakBytes: most(({ peakBytes }) => peakBytes),
    extraBytes: most(({ extraBytes }) => extraBytes),
    delayP99Ms: middle(({ delayP99Ms }) => delayP99Ms),
    delayMaxMs: middle(({ delayMaxMs }) => delayMaxMs),
  }
}

async function once(mode: Mode, { deliveries, ...options }: TransferServerOptions): Promise<Usage> {
  const wanted: TransferServerOptions = { ...options, deliveries: deliveries + 1 }
  await using server = await serve<TransferReady, 'arrived', Arrived>('transfer/server.ts', wanted)
  const asked: TransferOptions = { mode, deliveries, places: server.ready }
  const usage = await measure<Usage>('transfer/client.ts', asked)
  const { discord, slack, sink } = await server.ask('arrived')
  const arrived = discord + slack + sink
  if (arrived !== deliveries + 1) throw new Error(`${mode}: ${arrived} of ${deliveries + 1} pictures arrived whole`)
  return usage
}
