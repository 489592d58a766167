import { setTimeout as after } from 'node:timers/promises'
import { against, type Benchmark, shown, within } from './benchmark.ts'
import type { BareOptions } from './chat/bare.ts'
import { startRunning } from './chat/program.ts'
import type { Burst, ChatQuestion, ChatReady, ChatState } from './chat/server.ts'
import { type Server, serve } from './process.ts'
import { quantile } from './statistics.ts'
import type { UpstreamOptions, UpstreamReady } from './upstream.ts'

type Chat = Server<ChatReady, ChatQuestion, Burst & ChatState>

const deliveries = 50
/** A burst may be late because of what went before it; each begins in silence. */
const restMs = 3_000

/** From a command to its ack, two hundred at once. */
export const acks: Benchmark = {
  name: 'acks',
  title: 'Acks of 200 commands at once',
  run: async (scale) => {
    const plan: Plan = scale === 'full' ? { bursts: 6, commands: 200 } : { bursts: 3, commands: 40 }
    const bare = await bareBursts(plan)
    const own = await ownBursts(plan)
    const delivering = await burstAmidDeliveries(plan)
    const p95 = (times: readonly number[]) => quantile(times, 0.95)
    const later = (all: readonly (readonly number[])[]) => all.slice(1).flat()
    const row = (name: string, times: readonly number[]) => [
      name,
      String(times.length),
      ...[0.5, 0.95, 0.99, 1].map((share) => quantile(times, share).toFixed(0)),
    ]
    const given = plan.commands * (plan.bursts + 1)
    return {
      goals: [
        within(
          ['G10', `commands without an ack, of ${given}`],
          { ours: given - own.flat().length - delivering.length, atMost: 0 },
          shown.count,
        ),
        against(
          ['G10', 'p95 of later bursts of a bare handler'],
          { ours: p95(later(own)), peer: p95(later(bare)), atMost: 1.15 },
          shown.ms,
        ),
        against(
          ['G10', 'p95 of the first burst of a bare handler'],
          { ours: p95(own[0] ?? []), peer: p95(bare[0] ?? []), atMost: 1.15 },
          shown.ms,
        ),
        within(
          ['G10', `p95 with ${deliveries} × 10 MB on their way`],
          { ours: p95(delivering), atMost: 100 },
          shown.ms,
        ),
      ],
      measured: [
        {
          head: ['handler', 'acked', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
          rows: [
            row('discord.js deferReply, first burst', bare[0] ?? []),
            row('discord.js deferReply, later bursts', later(bare)),
            row('the program, first burst', own[0] ?? []),
            row('the program, later bursts', later(own)),
            row('the program, delivering', delivering),
          ],
        },
      ],
    }
  },
}

interface Plan {
  readonly bursts: number
  readonly commands: number
}

async function bareBursts(plan: Plan): Promise<number[][]> {
  await using chat: Chat = await serve('chat/server.ts', {})
  const options: BareOptions = { discord: chat.ready.discord, slack: null }
  await using _bare = await serve('chat/bare.ts', options)
  return await burstsOf(chat, plan)
}

async function ownBursts(plan: Plan): Promise<number[][]> {
  await using chat: Chat = await serve('chat/server.ts', {})
  await using upstream = await openUpstream()
  await using _program = await startRunning({ discord: chat.ready.discord, slack: null, ...upstream.ready, env })
  return await burstsOf(chat, plan)
}

/** So that a burst's jobs are over when the next one comes. */
const env = { IMAGE_API_SUBMITS_PER_SECOND: '100', IMAGE_API_MAX_IN_FLIGHT: '1000' }

async function burstsOf(chat: Chat, { bursts, commands }: Plan): Promise<number[][]> {
  await chat.ask({ ask: 'connected', discord: true, slack: false })
  const times: number[][] = []
  for (let n = 0; n < bursts; n += 1) {
    await after(restMs)
    const { acksMs } = await chat.ask({ ask: 'burst', commands, prompt: 'takes 1000 ms' })
    times.push([...acksMs])
  }
  return times
}

async function burstAmidDeliveries({ commands }: Plan): Promise<readonly number[]> {
  await using chat: Chat = await serve('chat/server.ts', {})
  await using upstream = await openUpstream()
  await fetch(`${upstream.ready.origin}/simulator/behaviours`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      on: 'result',
      do: 'redirect',
      to: `${upstream.ready.origin}/bench/picture`,
      prompt: 'large',
    }),
  })
  await using _program = await startRunning({ discord: chat.ready.discord, slack: null, ...upstream.ready, env })
  await chat.ask({ ask: 'connected', discord: true, slack: false })
  // Warm, as after any first minute.
  await chat.ask({ ask: 'burst', commands, prompt: 'takes 500 ms' })
  await after(restMs * 2)
  const before = await chat.ask({ ask: 'state' })
  await chat.ask({ ask: 'give', commands: deliveries, prompt: 'large, takes 3000 ms' })
  for (;;) {
    const { pictures } = await chat.ask({ ask: 'state' })
    if (pictures > before.pictures) break
    await after(5)
  }
  const { acksMs } = await chat.ask({ ask: 'burst', commands, prompt: 'takes 500 ms' })
  const { pictures } = await chat.ask({ ask: 'state' })
  if (pictures - before.pictures >= deliveries) throw new Error('the deliveries were over before the burst was')
  return acksMs
}

function openUpstream(): Promise<Server<UpstreamReady, never, never>> {
  const options: UpstreamOptions = { roundTripMs: 0 }
  return serve<UpstreamReady>('upstream.ts', options)
}
