import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Channel, userBody, type World } from './world.ts'

interface Session {
  readonly id: string
  seq: number
  /** Everything sent in it, for a resume. */
  readonly log: { readonly s: number; readonly t: string; readonly d: unknown }[]
  /** What it asked to be told. */
  readonly intents: number
  /** Its number, and how many there are. */
  readonly shard: readonly [number, number]
  socket: WebSocket | null
}

export interface GatewayStandIn {
  /** Sessions as they are divided: `0/2`. */
  shards(): string[]
  /** What each session asked to be told. */
  intents(): number[]
  /** Sends an event to every session; those that lost their connection get it when they resume. */
  dispatch(event: string, data: unknown): void
  /** Sends an event to sessions whose intents let it through, each with what it may see; null: not at all. */
  dispatchTo(event: string, dataFor: (intents: number) => object | null): void
  /** Sessions with a live connection. */
  live(): number
  /** What clients did, in order: `identify`, `resume`, `heartbeat`, `close 1000`. */
  readonly history: string[]
  /** Closes every connection with a code, or cuts it. */
  drop(code: number | 'cut'): void
  /** Op 7: asks the clients to reconnect. */
  askToReconnect(): void
  /** Op 9. */
  invalidate(resumable: boolean): void
  /** Closes with this code instead of answering an identify, so many times. */
  closeOnIdentify(code: number, times?: number): void
  /** New connections are refused while this is set. */
  refuse(refused: boolean): void
  /** New connections are left without an answer; gives how many there are. */
  stall(): () => number
  close(): Promise<void>
}

export interface GatewayOptions {
  readonly server: Server
  readonly world: World
  readonly botToken: string
  readonly url: () => string
  readonly changed: () => void
}

const heartbeatMs = 41_250
/** After these the session is over: D topics/opcodes-and-status-codes. */
const endingCodes: ReadonlySet<number> = new Set([
  1000, 1001, 4003, 4004, 4005, 4007, 4008, 4010, 4011, 4012, 4013, 4014,
])
const guildsIntent = 1
/** D resources/application, Application Flags. */
const contentFlags = (1 << 18) | (1 << 19)
const messageContentIntent = 1 << 15
const privilegedIntents = (1 << 1) | (1 << 8) | (1 << 15)

export function createGatewayStandIn({ server, world, botToken, url, changed }: GatewayOptions): GatewayStandIn {
  const sockets = new WebSocketServer({ noServer: true })
  const sessions = new Map<string, Session>()
  const history: string[] = []
  let refusals = { code: 0, left: 0 }
  let refused = false
  let stalling = false
  const stalled: Duplex[] = []

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const asked = new URL(request.url ?? '/', 'http://stand-in')
    const version = asked.searchParams.get('v')
    if (refused || !/^\/gw\/?$/.test(asked.pathname)) {
      socket.destroy()
      return
    }
    if (stalling) {
      stalled.push(socket)
      changed()
      return
    }
    sockets.handleUpgrade(request, socket, head, (connection) => {
      if (version !== '10') connection.close(4012)
      else greet(connection)
    })
  })

  function greet(socket: WebSocket): void {
    let session: Session | null = null
    const say = (payload: object) => socket.send(JSON.stringify(payload))
    const enter = (entered: Session) => {
      session = entered
      entered.socket = socket
      changed()
    }
    socket.on('message', (data) => {
      const { op, d } = JSON.parse(String(data)) as { op: number; d: Record<string, unknown> | number | null }
      if (op === 1) {
        history.push('heartbeat')
        say({ op: 11 })
      } else if (op === 2) {
        history.push('identify')
        if (session !== null) socket.close(4005)
        else identify(socket, asRecord(d), enter)
      } else if (op === 6) {
        history.push('resume')
        resume(socket, asRecord(d), enter)
      } else if (session === null) socket.close(4003)
    })
    socket.on('close', (code) => {
      history.push(`close ${code}`)
      if (session !== null && session.socket === socket) {
        session.socket = null
        // A client that says goodbye ends its session; one that is lost may come back.
        if (code === 1000 || code === 1001) sessions.delete(session.id)
      }
      changed()
    })
    say({ op: 10, d: { heartbeat_interval: heartbeatMs } })
  }

  function refusalOf(token: unknown, intents: number): number | null {
    if (token !== botToken) return 4004
    if (!Number.isInteger(intents) || intents < 0) return 4013
    const granted = (world.applicationFlags & contentFlags) === 0 ? 0 : messageContentIntent
    return (intents & privilegedIntents & ~granted) === 0 ? null : 4014
  }

  function identify(socket: WebSocket, d: Record<string, unknown>, enter: (session: Session) => void): void {
    const intents = Number(d.intents)
    refusals.left -= 1
    const refusal = refusals.left >= 0 ? refusals.code : refusalOf(d.token, intents)
    if (refusal !== null) {
      socket.close(refusal)
      return
    }
    const shard = (d.shard ?? [0, 1]) as readonly [number, number]
    const session: Session = { id: world.newId(), seq: 0, log: [], intents, shard, socket }
    const own = hears(session, { guild_id: world.guildId })
    sessions.set(session.id, session)
    enter(session)
    send(session, 'READY', {
      v: 10,
      user: { ...userBody(world.bot, true), email: null, mfa_enabled: true, verified: true },
      guilds: own ? [{ id: world.guildId, unavailable: true }] : [],
      session_id: session.id,
      resume_gateway_url: url(),
      shard,
      application: { id: world.applicationId, flags: 0 },
    })
    if (own && (intents & guildsIntent) !== 0) send(session, 'GUILD_CREATE', guildBody(world))
  }

  function resume(socket: WebSocket, d: Record<string, unknown>, enter: (session: Session) => void): void {
    const session = sessions.get(String(d.session_id))
    if (d.token !== botToken) {
      socket.close(4004)
      return
    }
    if (session === undefined) {
      socket.send(JSON.stringify({ op: 9, d: false }))
      return
    }
    enter(session)
    for (const event of session.log.filter(({ s }) => s > Number(d.seq)))
      socket.send(JSON.stringify({ op: 0, ...event }))
    send(session, 'RESUMED', {})
  }

  function send(session: Session, t: string, d: unknown): void {
    session.seq += 1
    const event = { s: session.seq, t, d }
    session.log.push(event)
    session.socket?.send(JSON.stringify({ op: 0, ...event }))
  }

  const connected = () => [...sessions.values()].filter(({ socket }) => socket !== null)

  return {
    dispatch: (event, data) => {
      for (const session of sessions.values()) if (hears(session, data)) send(session, event, data)
    },
    dispatchTo: (event, dataFor) => {
      for (const session of sessions.values()) {
        const data = dataFor(session.intents)
        if (data !== null && hears(session, data)) send(session, event, data)
      }
    },
    shards: () =>
      connected()
        .map(({ shard }) => shard.join('/'))
        .sort(),
    intents: () => connected().map(({ intents }) => intents),
    live: () => connected().length,
    history,
    drop: (code) => {
      for (const session of connected()) {
        if (code === 'cut') session.socket?.terminate()
        else {
          if (endingCodes.has(code)) sessions.delete(session.id)
          session.socket?.close(code)
        }
      }
    },
    askToReconnect: () => {
      for (const { socket } of connected()) socket?.send(JSON.stringify({ op: 7, d: null }))
    },
    invalidate: (resumable) => {
      for (const session of connected()) {
        if (!resumable) sessions.delete(session.id)
        session.socket?.send(JSON.stringify({ op: 9, d: resumable }))
      }
    },
    closeOnIdentify: (code, times = Number.POSITIVE_INFINITY) => {
      refusals = { code, left: times }
    },
    refuse: (value) => {
      refused = value
    },
    stall: () => {
      stalling = true
      return () => stalled.length
    },
    close: async () => {
      for (const socket of stalled) socket.destroy()
      for (const client of sockets.clients) client.terminate()
      await new Promise((resolve) => sockets.close(resolve))
    },
  }
}

/** Each server belongs to one shard, and direct messages to the first. D events/gateway, Sharding. */
function hears({ shard: [id, total] }: Session, data: unknown): boolean {
  const { guild_id: guildId } = asRecord(data)
  return id === (typeof guildId === 'string' ? Number((BigInt(guildId) >> 22n) % BigInt(total)) : 0)
}

/** Discord's permission bits that the bot's role gives, and what a channel withholds. */
const bits = { view: 1n << 10n, send: 1n << 11n, attach: 1n << 15n, history: 1n << 16n, threads: 1n << 38n }

function guildBody(world: World): object {
  const channels = [...world.channels.values()].filter(({ guildId }) => guildId === world.guildId)
  const permissions = String(Object.values(bits).reduce((all, bit) => all | bit, 0n))
  const bodyOf = (channel: Channel) => ({
    ...{ id: channel.id, type: channel.type, name: 'general', nsfw: channel.nsfw ?? false },
    parent_id: channel.parentId ?? null,
    permission_overwrites: [{ id: world.guildId, type: 0, allow: '0', deny: String(withheld(channel, channels)) }],
  })
  return {
    id: world.guildId,
    name: 'Guild',
    owner_id: world.newId(),
    roles: [{ id: world.guildId, name: '@everyone', permissions, position: 0, color: 0, flags: 0 }],
    members: [{ user: userBody(world.bot, true), roles: [], joined_at: new Date(world.now()).toISOString() }],
    channels: channels.filter(({ type }) => type !== 11).map(bodyOf),
    threads: channels.filter(({ type }) => type === 11).map(bodyOf),
  }
}

/** A thread has no permissions of its own: its channel withholds them. */
function withheld(channel: Channel, channels: readonly Channel[]): bigint {
  const threads = channels.filter(({ parentId }) => parentId === channel.id)
  return (
    (channel.maySend ? 0n : bits.send) |
    (channel.mayAttach ? 0n : bits.attach) |
    (channel.mayReadHistory ? 0n : bits.history) |
    (threads.every(({ maySend }) => maySend) ? 0n : bits.threads)
  )
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
