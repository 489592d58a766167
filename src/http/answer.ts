import { STATUS_CODES } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { AppError, type FailureCode, failureOf } from '../core/failure.ts'
import type { Log, Route, RouteAnswer, RouteRequest } from '../core/ports.ts'

/** Runs routes and sends what they answer. */
export interface Answers {
  give(route: Route, reply: FastifyReply, request: Omit<RouteRequest, 'signal'>): Promise<FastifyReply>
  /** A bare status with its usual words. */
  plain(reply: FastifyReply, status: number): FastifyReply
  /** Aborts the requests under way; resolves when each was answered or its client has left. */
  stop(): Promise<void>
}

/** Sent with every answer; a route's own headers win. */
const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const statusOf: Partial<Readonly<Record<FailureCode, number>>> = {
  invalid_request: 400,
  input_too_large: 413,
  store_unavailable: 503,
}

export function createAnswers(log: Log): Answers {
  const live = new Set<AbortController>()
  const idle = Promise.withResolvers<void>()
  let stopping = false

  async function give(route: Route, reply: FastifyReply, request: Omit<RouteRequest, 'signal'>): Promise<FastifyReply> {
    const gone = track(reply)
    try {
      const answer = await route.handle({ ...request, signal: gone.signal })
      return send(route, reply, answer)
    } catch (error) {
      const { code, detail } = failureOf(error)
      const status = gone.signal.aborted ? 503 : (statusOf[code] ?? 500)
      // The route, never the URL: that may hold a signature.
      if (status === 500) log.error({ route: route.path, code, detail }, 'request failed')
      else log.debug({ route: route.path, code, detail, status }, 'request refused')
      return plain(reply, status)
    }
  }

  function track(reply: FastifyReply): AbortController {
    const gone = new AbortController()
    live.add(gone)
    reply.raw.once('close', () => {
      live.delete(gone)
      if (stopping && live.size === 0) idle.resolve()
      if (!reply.raw.writableFinished) gone.abort(new AppError('surface_unavailable', { detail: 'the client left' }))
    })
    return gone
  }

  function send(route: Route, reply: FastifyReply, answer: RouteAnswer): FastifyReply {
    reply.code(answer.status).headers({ ...securityHeaders, ...answer.headers })
    const { body } = answer
    if (body === undefined || typeof body === 'string') return reply.send(body)
    if (body instanceof Uint8Array) return reply.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
    return reply.send(Readable.from(watched(route, body)))
  }

  /** A stream that fails after its head was sent can only be cut off: the log is where it is told. */
  async function* watched(route: Route, body: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array | string> {
    try {
      yield* body
    } catch (error) {
      const { code, detail } = failureOf(error)
      log.warn({ route: route.path, code, detail }, 'answer broken off')
      throw error
    }
  }

  function plain(reply: FastifyReply, status: number): FastifyReply {
    return reply
      .code(status)
      .headers({ ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' })
      .send(`${STATUS_CODES[status] ?? 'Error'}\n`)
  }

  return {
    give,
    plain,
    stop: () => {
      stopping = true
      if (live.size === 0) idle.resolve()
      for (const gone of live) gone.abort(new AppError('surface_unavailable', { detail: 'the server stops' }))
      return idle.promise
    },
  }
}
