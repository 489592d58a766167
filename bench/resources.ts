import { setTimeout as after } from 'node:timers/promises'
import { against, type Benchmark, shown, within } from './benchmark.ts'
import type { BareOptions } from './chat/bare.ts'
import { type Running, residentBytes, startRunning } from './chat/program.ts'
import type { ChatQuestion, ChatReady, ChatState } from './chat/server.ts'
import { type Server, serve } from './process.ts'
import { quantile } from './statistics.ts'
import type { UpstreamOptions, UpstreamReady } from './upstream.ts'

const jobs = 1_000
const open = {
  IMAGE_API_MAX_IN_FLIGHT: String(jobs),
  IMAGE_API_SUBMITS_PER_SECOND: '200',
}

/** Memory of the whole program, and how soon it is there. */
export const resources: Benchmark = {
  name: 'resources',
  title: 'Memory and start',
  run: async (scale) => {
    const settleMs = scale === 'full' ? 15_000 : 8_000
    await using chat: Server<ChatReady, ChatQuestion, ChatState> = await serve('chat/server.ts', {})
    const options: UpstreamOptions = { roundTripMs: 0 }
    await using upstream = await serve<UpstreamReady>('upstream.ts', options)
    const places = { ...chat.ready, ...upstream.ready }
    // The first fills the compile cache.
    await bareMemory(chat, 0)
    const bare = await bareMemory(chat, settleMs)

    const starts: number[] = []
    // Here, too.
    for (let n = 0; n <= (scale === 'full' ? 7 : 2); n += 1) {
      await using program = await startRunning(places)
      if (n > 0) starts.push(program.readyMs)
    }

    await using program = await startRunning({ ...places, env: open })
    await chat.ask({ ask: 'connected', discord: true, slack: true })
    const rest = await settled(program, settleMs)
    const count = scale === 'full' ? jobs : 50
    await chat.ask({ ask: 'give', commands: count, prompt: 'takes 600000 ms' })
    const busy = await settled(program, settleMs)
    return {
      goals: [
        against(
          ['', 'memory at rest, both chats, of both bare SDKs'],
          { ours: rest, peer: bare, atMost: 1.15 },
          shown.megabytes,
        ),
        within(['', 'start to ready, compile cache warm'], { ours: quantile(starts, 0.5), atMost: 1_500 }, shown.ms),
      ],
      measured: [
        {
          head: ['', 'resident MB'],
          rows: [
            ['discord.js and Bolt, signed in', megabytes(bare)],
            ['the program at rest, signed in', megabytes(rest)],
            [`the program with ${count} jobs under way`, megabytes(busy)],
          ],
        },
      ],
    }
  },
}

async function bareMemory(chat: Server<ChatReady, ChatQuestion, ChatState>, settleMs: number): Promise<number> {
  const options: BareOptions = chat.ready
  await using bare = await serve<{ pid: number }>('chat/bare.ts', options)
  await chat.ask({ ask: 'connected', discord: true, slack: true })
  return await settled(bare.ready, settleMs)
}

/** What is resident once nothing happens any more: the median of a few looks. */
async function settled({ pid }: Pick<Running, 'pid'>, settleMs: number): Promise<number> {
  await after(settleMs)
  const seen: number[] = []
  for (let n = 0; n < 5; n += 1) {
    seen.push(await residentBytes(pid))
    await after(200)
  }
  return quantile(seen, 0.5)
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}
