import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'

/** One request as it arrived, body and all. */
interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Which of the connections it came on, from 1. */
  readonly connection: number
}

export interface Exchange {
  readonly seen: Seen
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly socket: Socket
}

export type Reply = (exchange: Exchange) => void | Promise<void>

/** A scripted HTTP server on loopback, as unfriendly as the script says. */
export interface ApiServer {
  readonly origin: string
  readonly host: string
  readonly seen: readonly Seen[]
  /** Connections made so far, and those open now. */
  readonly connections: { readonly made: number; readonly open: number }
  /** The replies to the requests to come, in order; the last one stays. */
  script(...replies: readonly [Reply, ...Reply[]]): void
  /** Resolves when at least `count` requests have arrived. */
  arrived(count: number): Promise<void>
  /** Resolves when no connection is open. */
  idle(): Promise<void>
  posts(): number
  close(): Promise<void>
}

export interface ApiServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Called for each connection before anything was read from it. */
  onConnection?(socket: Socket): void
}

/** A port where TCP is there, but nobody ever says a word. */
export async function startSilentServer() {
  const first = Promise.withResolvers<Socket>()
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => {
    sockets.push(socket.on('error', ignore).resume())
    first.resolve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    /** With https: a connection is never made, for TLS is not answered. */
    origin: `https://127.0.0.1:${port}`,
    /** Resolves when the first connection has come. */
    connected: first.promise,
    /** Resolves when the client has closed every connection. */
    left: async () => {
      for (const socket of sockets) if (!socket.closed) await once(socket, 'close')
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export async function startApiServer({ tls, onConnection }: ApiServerOptions = {}): Promise<ApiServer> {
  const seen: Seen[] = []
  const open = new Map<Socket, number>()
  const news = new EventTarget()
  let made = 0
  let script: Reply[] = [json(500, {})]

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    response.on('error', ignore)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { socket, method = '', url = '', headers } = request
    const one: Seen = {
      method,
      path: url,
      headers,
      body: Buffer.concat(chunks).toString('utf8'),
      connection: open.get(socket) ?? 0,
    }
    seen.push(one)
    news.dispatchEvent(new Event('news'))
    const reply = script.length > 1 ? script.shift() : script[0]
    await reply?.({ seen: one, request, response, socket })
  }
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // A client that goes away in the middle of its request is nothing to report.
    handle(request, response).catch(() => request.socket.destroy())
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.on('clientError', ignore)
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    made += 1
    open.set(socket, made)
    socket.on('error', ignore)
    socket.on('close', () => {
      open.delete(socket)
      news.dispatchEvent(new Event('news'))
    })
    onConnection?.(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`

  const until = async (fulfilled: () => boolean) => {
    while (!fulfilled()) await once(news, 'news')
  }

  return {
    origin: `${tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    seen,
    connections: {
      get made() {
        return made
      },
      get open() {
        return open.size
      },
    },
    script: (...replies) => {
      script = [...replies]
    },
    arrived: (count) => until(() => seen.length >= count),
    idle: () => until(() => open.size === 0),
    posts: () => seen.filter(({ method }) => method === 'POST').length,
    close: async () => {
      for (const socket of open.keys()) socket.destroy()
      server.close()
      if (server.listening) await once(server, 'close')
    },
  }
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return bytes(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers })
}

export function html(status: number, body = '<!doctype html><title>Bad gateway</title>'): Reply {
  return bytes(status, body, { 'content-type': 'text/html' })
}

/** A whole answer with its content-length. */
export function bytes(
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return ({ response }) => {
    response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers }).end(body)
  }
}

/** An answer in chunks, without a content-length. */
export function chunked(chunks: Iterable<Uint8Array>, headers: Readonly<Record<string, string>> = {}): Reply {
  return async ({ response }) => {
    response.writeHead(200, headers)
    for (const chunk of chunks) {
      if (response.destroyed) return
      if (!response.write(chunk)) await drained(response)
    }
    response.end()
  }
}

export function redirect(location: string, status = 302): Reply {
  return bytes(status, 'elsewhere', { location })
}

/** Bytes as they are on the wire; the connection stays open unless `end` is true. */
export function raw(text: string, body: Uint8Array = new Uint8Array(), end = false): Reply {
  return ({ socket }) => {
    socket.write(text)
    socket.write(body)
    if (end) socket.end()
  }
}

/** Never answers. */
export const hang: Reply = () => undefined

/** A TCP reset once the request is there. */
export const reset: Reply = ({ socket }) => {
  socket.resetAndDestroy()
}

/** Closes politely without an answer. */
export const hangUp: Reply = ({ socket }) => {
  socket.end()
}

/** Announces more than it sends, then does nothing any more. */
export function stall(status: number, part: string | Uint8Array, announced: number): Reply {
  return ({ response }) => {
    response.writeHead(status, { 'content-length': String(announced) }).write(part)
  }
}

/** Announces more than it sends, then resets the connection. */
export function cut(status: number, part: string | Uint8Array, announced: number): Reply {
  return ({ response, socket }) => {
    response.writeHead(status, { 'content-length': String(announced) })
    response.write(part, () => socket.resetAndDestroy())
  }
}

/** Until more may be written, or the client is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
}

function ignore(): void {}
