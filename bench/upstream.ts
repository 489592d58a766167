import { randomBytes } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../src/core/clock.ts'
import type { Quality } from '../src/core/request.ts'
import type { ApiTools } from '../src/simulator/api.ts'
import { createSimulator } from '../src/simulator/server.ts'
import { mountDialects } from './polling/dialects.ts'
import { say, told } from './process.ts'
import { quietLog } from './quiet.ts'

// The image API's simulator in a process of its own, with a round trip as over a real network, the dialects of the
// peers, and tasks made many at a time without a client's work.

export interface UpstreamOptions {
  /** Added to each look, half before and half after; loopback itself has none. */
  readonly roundTripMs: number
}

export interface UpstreamReady {
  /** `http://127.0.0.1:…` */
  readonly origin: string
}

export interface TaskOrder {
  readonly ms: number
  readonly quality: Quality
}

/** What the upstream saw of its client since that was last asked for. */
export interface Seen {
  /** Used for looks and open at once, at most. */
  readonly connections: number
  /** Answers of 429. */
  readonly refused: number
}

/** Begins as a PNG does and is 10 MB of noise. */
const large = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(10_000_000)])

const { roundTripMs } = told<UpstreamOptions>()
const simulator = createSimulator({
  ...{ host: '127.0.0.1', port: 0, dir: null, clock: systemClock, random: Math.random, log: quietLog },
  ...{ control: true, pictures: 'plain', mount },
  // `takes 4237 ms`, in the words of the prompt.
  durationMs: ({ prompt }) => Number(/takes (\d+) ms/.exec(prompt)?.[1] ?? 0),
})
const base = await simulator.listen()
say({ origin: new URL(base).origin } satisfies UpstreamReady)

function mount(server: FastifyInstance, tools: ApiTools): void {
  const sockets = new Set<object>()
  let most = 0
  const far = ({ method, url }: { method: string; url: string }) =>
    method === 'GET' && !/^\/(bench|simulator)\//.test(url)
  server.addHook('onRequest', async (request) => {
    const { socket } = request.raw
    if (!far(request) || sockets.has(socket)) return
    sockets.add(socket)
    most = Math.max(most, sockets.size)
    socket.on('close', () => sockets.delete(socket))
  })
  let refused = 0
  server.addHook('onResponse', async (_request, { statusCode }) => {
    if (statusCode === 429) refused += 1
  })
  server.get('/bench/picture', (_request, reply) => reply.type('image/png').send(large))
  server.get('/bench/seen', () => {
    const seen: Seen = { connections: most, refused }
    most = sockets.size
    refused = 0
    return seen
  })
  server.post<{ Body: readonly TaskOrder[] }>('/bench/tasks', async ({ body }) => {
    const tasks = await Promise.all(
      body.map(({ ms, quality }) =>
        tools.tasks.take({
          ...{ model: 'gpt-image-1-5', prompt: `takes ${Math.round(ms)} ms`, ratio: '1:1', quality },
          ...{ inputUrls: [], callbackUrl: null },
        }),
      ),
    )
    return tasks.map(({ id, createdAt }) => ({ id, at: createdAt }))
  })
  if (roundTripMs > 0) {
    server.addHook('onRequest', async (request) => {
      if (far(request)) await after(roundTripMs / 2)
    })
    server.addHook('onSend', async (request) => {
      if (far(request)) await after(roundTripMs / 2)
    })
  }
  mountDialects(server, tools)
}
