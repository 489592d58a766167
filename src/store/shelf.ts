import { setImmediate as turn } from 'node:timers/promises'
import { AppError } from '../core/failure.ts'
import type { PictureType } from '../core/job.ts'
import type { NewId, Shelf } from '../core/ports.ts'
import type { Engine, Row, Value } from './engine.ts'
import { createMutex } from './mutex.ts'
import { numberOf, textOf } from './rows.ts'

/** Bytes in a chunk: what one statement moves, and what one reader holds in memory. */
const chunkBytes = 256 * 1024

/**
 * Pictures in chunks. Each put writes under a name of its own and becomes the picture of its id with its last
 * statement, so a put that fails or dies half way is never seen; it expires like any other.
 */
export function createShelf(engine: Engine, newId: NewId): Shelf {
  const inTurn = createMutex()

  /** One chunk of all pictures at a time, then everybody else's turn: SQLite works on this thread, a millisecond for each. */
  const move = (sql: string, values: readonly Value[]): Promise<readonly Row[]> =>
    inTurn(async () => {
      const rows = await engine.run(sql, values)
      await turn()
      return rows
    })

  async function write(blob: string, body: AsyncIterable<Uint8Array>): Promise<number> {
    let size = 0
    let count = 0
    for await (const bytes of chunked(body)) {
      await move('insert into chunks (blob, n, bytes) values ($1, $2, $3)', [blob, count, bytes])
      size += bytes.byteLength
      count += 1
    }
    return size
  }

  async function publish(id: string, blob: string, size: number): Promise<void> {
    await engine.transaction(async (session) => {
      const [row] = await session.run(
        'update inputs set size = $2, written_at = @now where blob = $1 and expires_at > @now returning blob',
        [blob, size],
      )
      if (row === undefined) throw new AppError('input_gone', { detail: 'expired while it was written' })
      await session.run('delete from inputs where id = $1 and blob <> $2 and size is not null', [id, blob])
    })
  }

  async function newest(id: string) {
    const [row] = await engine.run(
      `select blob, type, size from inputs where id = $1 and size is not null and expires_at > @now
        order by written_at desc, blob limit 1`,
      [id],
    )
    if (row === undefined) return null
    return { blob: textOf(row, 'blob'), type: textOf(row, 'type') as PictureType, size: numberOf(row, 'size') }
  }

  async function chunk(blob: string, n: number): Promise<Uint8Array> {
    const [row] = await move('select bytes from chunks where blob = $1 and n = $2', [blob, n])
    // Replaced or swept while it was read: what is left must not pass for the whole.
    if (!(row?.bytes instanceof Uint8Array)) throw new AppError('input_gone')
    return row.bytes
  }

  return {
    put: async (id, type, body, keepMs) => {
      const blob = newId()
      await engine.run(
        'insert into inputs (blob, id, type, expires_at) values ($1, $2, $3, @now + cast($4 as bigint))',
        [blob, id, type, keepMs],
      )
      try {
        const size = await write(blob, body)
        await publish(id, blob, size)
        return { size }
      } catch (error) {
        // Where this fails too, the row expires by itself; the first error is the one to tell.
        await engine.run('delete from inputs where blob = $1', [blob]).catch(() => undefined)
        throw error
      }
    },
    find: async (id) => {
      const found = await newest(id)
      return found === null ? null : { type: found.type, size: found.size }
    },
    read: async function* (id, from, to) {
      const found = await newest(id)
      if (found === null) throw new AppError('input_gone')
      const end = Math.min(to, found.size)
      for (let at = Math.max(0, from); at < end; ) {
        const n = Math.floor(at / chunkBytes)
        const start = n * chunkBytes
        const bytes = (await chunk(found.blob, n)).subarray(at - start, end - start)
        if (bytes.byteLength === 0) throw new AppError('internal', { detail: `shelf: chunk ${n} is too short` })
        yield bytes
        at += bytes.byteLength
      }
    },
    sweep: async () => {
      for (let swept = 0; ; ) {
        // One at a time, each with a turn for everybody else: SQLite works on this thread.
        const rows = await engine.run(
          `delete from inputs where blob in (select blob from inputs where expires_at <= @now order by expires_at limit 1)
            returning size`,
        )
        const [row] = rows
        if (row === undefined) return swept
        if (row.size !== null) swept += 1
        await turn()
      }
    },
  }
}

/** The same bytes in pieces of `chunkBytes`, the last one shorter. A piece is valid until the next one is asked for. */
async function* chunked(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(chunkBytes)
  let filled = 0
  for await (const piece of body) {
    for (let at = 0; at < piece.byteLength; ) {
      const part = piece.subarray(at, at + chunkBytes - filled)
      buffer.set(part, filled)
      filled += part.byteLength
      at += part.byteLength
      if (filled === chunkBytes) {
        yield buffer
        filled = 0
      }
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled)
}
