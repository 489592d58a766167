import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Fields, Json } from './blocks.ts'

/** What became of an envelope: its ack's payload, or none in time. */
export type Ack =
  | { readonly acked: true; readonly payload: Fields }
  | { readonly acked: false; readonly reason: string }

/** Socket Mode: greets, sends envelopes, waits for their acks. */
export interface Links {
  /** A URL to connect to, good once. */
  ticket(): string
  count(): number
  /** Connections made so far. */
  made(): number
  /** Sends an envelope by one of the sockets, in turn. */
  send(type: string, payload: Fields, extra?: Fields): Promise<Ack>
  /** Tells a socket to reconnect, as Slack does every few hours. */
  refresh(reason: string, at?: number): void
  /** Cuts connections without a word. */
  cut(): void
  /** From now on new connections are not greeted. */
  silence(on: boolean): void
  close(): void
}

export function createLinks(server: Server, origin: () => string, ackMs: number): Links {
  const sockets: WebSocket[] = []
  const tickets = new Set<string>()
  // Told to reconnect: nothing new comes by these while there are others.
  const leaving = new Set<WebSocket>()
  const waiting = new Map<string, { socket: WebSocket; done: (ack: Ack) => void }>()
  const wss = new WebSocketServer({ noServer: true })
  let turn = 0
  let made = 0
  let silent = false

  server.on('upgrade', (request, socket, head) => {
    const ticket = new URL(request.url ?? '', 'http://any').searchParams.get('ticket') ?? ''
    if (!tickets.delete(ticket)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      return
    }
    wss.handleUpgrade(request, socket, head, (opened) => attach(opened))
  })

  function attach(socket: WebSocket): void {
    made += 1
    socket.on('message', (data) => answered(JSON.parse(String(data)) as Fields))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      const at = sockets.indexOf(socket)
      if (at >= 0) sockets.splice(at, 1)
      for (const [id, entry] of waiting) if (entry.socket === socket) finish(id, { acked: false, reason: 'closed' })
    })
    if (silent) return
    sockets.push(socket)
    socket.send(
      JSON.stringify({ type: 'hello', num_connections: sockets.length, connection_info: { app_id: 'A0IMAGINE' } }),
    )
    socket.ping()
  }

  function answered(message: Fields): void {
    const payload = message.payload
    const given = typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? payload : {}
    finish(String(message.envelope_id), { acked: true, payload: given })
  }

  function finish(id: string, ack: Ack): void {
    waiting.get(id)?.done(ack)
    waiting.delete(id)
  }

  async function send(type: string, payload: Fields, extra: Fields = {}): Promise<Ack> {
    const staying = sockets.filter((socket) => !leaving.has(socket))
    const open = staying.length > 0 ? staying : sockets
    const socket = open[turn % Math.max(1, open.length)]
    turn += 1
    if (socket === undefined) return { acked: false, reason: 'no socket' }
    const id = randomUUID()
    const envelope: Record<string, Json> = {
      envelope_id: id,
      type,
      payload,
      accepts_response_payload: type !== 'events_api',
      ...extra,
    }
    return new Promise((resolve) => {
      const late = setTimeout(() => finish(id, { acked: false, reason: 'late' }), ackMs)
      waiting.set(id, {
        socket,
        done: (ack) => {
          clearTimeout(late)
          resolve(ack)
        },
      })
      socket.send(JSON.stringify(envelope))
    })
  }

  return {
    ticket: () => {
      const ticket = randomUUID()
      tickets.add(ticket)
      return `${origin().replace(/^http/, 'ws')}/link/?ticket=${ticket}&app_id=A0IMAGINE`
    },
    count: () => sockets.length,
    made: () => made,
    send,
    refresh: (reason, at = 0) => {
      const socket = sockets[at]
      if (socket === undefined) return
      leaving.add(socket)
      socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: {} }))
    },
    cut: () => {
      for (const socket of [...sockets]) socket.terminate()
    },
    silence: (on) => {
      silent = on
    },
    close: () => {
      for (const socket of wss.clients) socket.terminate()
      for (const [id] of waiting) finish(id, { acked: false, reason: 'over' })
      wss.close()
    },
  }
}
