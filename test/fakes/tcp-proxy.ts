import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A way to another port of this machine that can fail as networks and servers do. */
export interface TcpProxy {
  /** Where it listens, always the same. */
  readonly port: number
  /** How many connections go through it now. */
  readonly connections: number
  /** Bytes stop, connections stay: a silent network. `answers`: only what comes back stops. New connections too. */
  pause(what?: 'both' | 'answers'): void
  /** Ends every connection at once, as a server that is killed. */
  cut(): void
  /** Nobody listens any more; what is connected stays. */
  refuse(): Promise<void>
  /** All is well again: new connections are taken, and what was held back goes on. */
  resume(): Promise<void>
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** A proxy to a port on loopback. */
export async function createTcpProxy(target: { readonly port: number; readonly host?: string }): Promise<TcpProxy> {
  const pairs = new Set<Pair>()
  let paused: 'both' | 'answers' | null = null
  let listener = await listen(0)
  const { port } = listener.address() as AddressInfo

  async function listen(on: number): Promise<Server> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, join)
    server.listen(on, '127.0.0.1')
    await once(server, 'listening')
    return server
  }

  function join(client: Socket): void {
    const server = connect({ port: target.port, host: target.host ?? '127.0.0.1', allowHalfOpen: true })
    const pair = { client, server }
    pairs.add(pair)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      // By hand and not by pipe, whose own pausing would undo ours.
      from.on('data', (bytes) => {
        if (!to.write(bytes)) from.pause()
      })
      to.on('drain', () => flow(pair))
      from.on('end', () => to.end())
      // The other side learns of it by the close.
      from.on('error', () => undefined)
      from.on('close', () => {
        to.destroy()
        pairs.delete(pair)
      })
    }
    flow(pair)
  }

  function flow({ client, server }: Pair): void {
    for (const [socket, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const held = paused === 'both' || (paused === 'answers' && socket === server)
      if (held || to.writableNeedDrain) socket.pause()
      else socket.resume()
    }
  }

  function cut(): void {
    for (const { client, server } of [...pairs]) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
  }

  async function refuse(): Promise<void> {
    if (!listener.listening) return
    // Closed for new connections at once; its callback would wait for those there are.
    listener.close()
  }

  return {
    port,
    get connections() {
      return pairs.size
    },
    pause: (what = 'both') => {
      paused = what
      for (const pair of pairs) flow(pair)
    },
    cut,
    refuse,
    resume: async () => {
      paused = null
      for (const pair of pairs) flow(pair)
      if (!listener.listening) listener = await listen(port)
    },
    close: async () => {
      await refuse()
      cut()
    },
  }
}
