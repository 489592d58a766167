import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { fastify } from 'fastify'
import { AppError } from '../core/failure.ts'
import type { Log, Route, Routes } from '../core/ports.ts'
import { createAnswers } from './answer.ts'

export interface HttpServerOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** The variable that sets the port, for the words of a start that fails. */
  readonly portVariable?: string
  readonly log: Log
  /** Largest request head in bytes. */
  readonly maxHeaderSize?: number
}

/** The one HTTP port: routes are mounted first, then it listens. */
export interface HttpServer {
  readonly routes: Routes
  /** Throws an AppError `configuration` where the port can't be had. `origin` reaches the server from this machine. */
  listen(): Promise<{ readonly origin: string; readonly port: number }>
  /** Ends open streams, lets answers under way finish for a moment, then closes every connection. */
  close(): Promise<void>
}

/** A request must have arrived whole within this long; answers, such as event streams, may take for ever. */
const requestTimeoutMs = 120_000
const headersTimeoutMs = 15_000
/** Longer than the minute for which proxies keep their idle connections, so that they close first. */
const keepAliveTimeoutMs = 72_000
/** How long answers under way get at a stop. */
const closeGraceMs = 2_000
const defaultMaxHeaderSize = 16 * 1024
/** Ids in paths are short; a longer one is nobody's. */
const maxParamLength = 200

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { log } = options
  const answers = createAnswers(log)
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: true,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    routerOptions: { maxParamLength },
    http: { maxHeaderSize: options.maxHeaderSize ?? defaultMaxHeaderSize, headersTimeout: headersTimeoutMs },
    // A path that does not decode reaches no route and no error handler.
    frameworkErrors: (error, _request, reply) => void answers.plain(reply, error.statusCode ?? 400),
  })
  // Bodies are the routes' own business: they get the stream as it arrives.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.setNotFoundHandler((_request, reply) => answers.plain(reply, 404))
  app.setErrorHandler((error: { readonly statusCode?: number }, _request, reply) =>
    answers.plain(reply, error.statusCode ?? 500),
  )

  function mount(route: Route): void {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) =>
        answers.give(route, reply, {
          method: request.method,
          path: pathOf(request.url),
          params: request.params as Readonly<Record<string, string>>,
          query: new URLSearchParams(request.url.slice(pathOf(request.url).length)),
          headers: request.headers as Readonly<Record<string, string | undefined>>,
          body: limited(request.raw, route.maxBytes),
        }),
    })
  }

  async function listen(): Promise<{ origin: string; port: number }> {
    try {
      await app.listen({ host: options.host, port: options.port })
    } catch (error) {
      throw asConfiguration(error, options)
    }
    const address = app.server.address()
    const port = address !== null && typeof address === 'object' ? address.port : options.port
    return { origin: `http://${reachable(options.host)}:${port}`, port }
  }

  async function close(): Promise<void> {
    await Promise.all([app.close(), drained().then(() => app.server.closeAllConnections())])
  }

  /** Resolves when nothing is under way, or was for too long. Connections that never asked anything are not waited for. */
  async function drained(): Promise<void> {
    const grace = Promise.withResolvers<void>()
    const timer = setTimeout(grace.resolve, closeGraceMs)
    await Promise.race([answers.stop(), grace.promise])
    clearTimeout(timer)
  }

  return { routes: { mount }, listen, close }
}

function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

/** An address for ourselves: where we listen on every interface, the loopback one. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return isIPv6(host) ? `[${host}]` : host
}

async function* limited(raw: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  if (Number(raw.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  let total = 0
  try {
    // Leaving early must not destroy the request: the client is still to send the rest, and to hear the answer.
    for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
      const bytes: Uint8Array = chunk
      total += bytes.length
      if (total > maxBytes) throw tooLarge(maxBytes)
      yield bytes
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('invalid_request', { detail: 'the request body ended early', cause: error })
  } finally {
    // What the route did not want is thrown away; else it would stand in the way of the connection's next request.
    raw.resume()
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('input_too_large', { detail: `a request body of more than ${maxBytes} bytes` })
}

function asConfiguration(error: unknown, { host, port, portVariable = 'PORT' }: HttpServerOptions): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const words = listenFailures[String(code)]
  if (words === undefined) return error
  return new AppError('configuration', { detail: words(host, port, portVariable), cause: error })
}

const listenFailures: Readonly<Record<string, (host: string, port: number, variable: string) => string>> = {
  EADDRINUSE: (_host, port, variable) =>
    `port ${port} is already in use by another program: stop that one, or set ${variable} to a free port`,
  EACCES: (_host, port, variable) =>
    `port ${port} may not be opened by this user: set ${variable} to a port above 1023`,
  EADDRNOTAVAIL: (host) => `this machine has no address ${host} to listen on: set HOST to one that it has`,
  ENOTFOUND: (host) => `HOST ${host} is not a known name or address`,
}
