import { Socket } from 'node:net'
import pg from 'pg'
import { backoffMs } from '../core/backoff.ts'
import type { Clock, Random } from '../core/ports.ts'
import type { Session, Wire } from './engine.ts'

const channel = 'imagine_hints'
/** How soon a lost connection is made anew. */
const again = { firstMs: 100, mostMs: 5_000 }

export interface PostgresWireOptions {
  /** On any of the engine's connections. */
  readonly run: Session['run']
  readonly closing: AbortSignal
  readonly clock: Pick<Clock, 'sleep'>
  readonly random: Random
  /** How often the connection that listens is tried while it is quiet, in milliseconds. */
  readonly tryEveryMs: number
}

/** Notices of PostgreSQL. They are heard on a connection of their own, which must be direct or pooled by session. */
export function createPostgresWire(
  connection: pg.ClientConfig,
  { run, closing, clock, random, tryEveryMs }: PostgresWireOptions,
): Wire {
  async function keepListening(heard: (text: string) => void, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      if (await listenOnce(heard, signal)) attempt = 0
      // Cut short by the end of the listening, which the loop sees itself.
      await clock.sleep(backoffMs(again, attempt, random), signal).catch(() => undefined)
    }
  }

  /** Listens until the connection is lost or `signal` aborts; false when it could not even begin. */
  async function listenOnce(heard: (text: string) => void, signal: AbortSignal): Promise<boolean> {
    const socket = new Socket()
    const client = new pg.Client({ ...connection, stream: () => socket })
    const lost = new AbortController()
    const ended = AbortSignal.any([lost.signal, signal])
    // Before it connects: notices may come with the first bytes, and an error without a listener would end the process.
    client.on('notification', ({ payload = '' }) => heard(payload))
    client.on('error', () => lost.abort())
    client.on('end', () => lost.abort())
    let begun = false
    try {
      await client.connect()
      await client.query(`listen ${channel}`)
      begun = true
      while (!ended.aborted) {
        await clock.sleep(tryEveryMs, ended).catch(() => undefined)
        if (!ended.aborted) await client.query('select 1')
      }
    } catch {
      // Out of reach, refused or silent: tried again, for as long as anybody listens. Calls to the store say the same aloud.
    }
    // Without a farewell, for which a silent server would let us wait.
    socket.destroy()
    return begun
  }

  return {
    send: async (text) => {
      await run(`select pg_notify('${channel}', $1)`, [text])
    },
    listen: (heard, signal) => void keepListening(heard, AbortSignal.any([signal, closing])),
  }
}
