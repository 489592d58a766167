import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Shelf } from '../../src/core/ports.ts'
import type { OpenFixture, StoreFixture } from './store-fixture.ts'

const hour = 3_600_000
const chunk = 256 * 1024

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // One buffer for all pieces: whoever keeps a piece instead of its bytes is found out.
  const shared = new Uint8Array(size)
  for (let at = 0; at < bytes.byteLength; at += size) {
    const piece = bytes.subarray(at, at + size)
    shared.set(piece)
    yield shared.subarray(0, piece.byteLength)
    shared.fill(0)
  }
}

async function collect(shelf: Shelf, id: string, from: number, to: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of shelf.read(id, from, to)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

/** How often the event loop went round while tasks ran. */
async function turnsOf(tasks: readonly (() => Promise<unknown>)[]): Promise<number> {
  let turns = 0
  let going = true
  const count = () => {
    turns += 1
    if (going) setImmediate(count)
  }
  setImmediate(count)
  await Promise.all(tasks.map((task) => task()))
  going = false
  return turns
}

export function shelfContract(open: OpenFixture): void {
  describe('Shelf', () => {
    let fixture: StoreFixture
    let shelf: Shelf
    beforeEach(async () => {
      fixture = await open()
      shelf = fixture.store.shelf
    })
    afterEach(() => fixture.close())

    test('gives back the very bytes, whatever the pieces they came in', async () => {
      for (const [at, size] of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk + 12_345].entries()) {
        const bytes = randomBytes(size)
        expect(await shelf.put(`p${at}`, 'image/png', pieces(bytes, 65_537), hour)).toEqual({ size })
        expect(await shelf.find(`p${at}`)).toEqual({ type: 'image/png', size })
        expect((await collect(shelf, `p${at}`, 0, size)).equals(bytes)).toBe(true)
      }
    })

    test('leaves the event loop to others after each chunk, however many write and read at once', async () => {
      const bytes = randomBytes(4 * chunk)
      const ids = ['p', 'q', 'r', 's', 't', 'u']
      const puts = ids.map((id) => async () => shelf.put(id, 'image/png', pieces(bytes, bytes.length), hour))
      const reads = ids.map((id) => async () => collect(shelf, id, 0, bytes.length))
      for (const all of [puts, reads]) expect(await turnsOf(all)).toBeGreaterThanOrEqual(ids.length * 4)
    })

    test('reads any part of it, and never beyond', async () => {
      const bytes = randomBytes(3 * chunk + 99)
      await shelf.put('p', 'image/webp', pieces(bytes, 2 * chunk), hour)
      const ranges = [
        [0, 1],
        [chunk - 1, chunk + 1],
        [chunk, 2 * chunk],
        [10, 3 * chunk + 50],
        [3 * chunk + 98, 3 * chunk + 99],
        [3 * chunk, 9 * chunk],
        [5, 5],
        [9 * chunk, 10 * chunk],
      ] as const
      for (const [from, to] of ranges)
        expect((await collect(shelf, 'p', from, to)).equals(bytes.subarray(from, to))).toBe(true)
    })

    test('moves no more than a chunk at a time', async () => {
      await shelf.put('p', 'image/png', pieces(randomBytes(3 * chunk), 3 * chunk), hour)
      for await (const part of shelf.read('p', 100, 3 * chunk)) expect(part.byteLength).toBeLessThanOrEqual(chunk)
    })

    test('an unknown picture is null, and can’t be read', async () => {
      expect(await shelf.find('nobody')).toBeNull()
      await expect(collect(shelf, 'nobody', 0, 1)).rejects.toMatchObject({ code: 'input_gone' })
    })

    test('a second put takes the place of the first, with all of it', async () => {
      await shelf.put('p', 'image/png', pieces(randomBytes(3 * chunk), chunk), hour)
      const bytes = randomBytes(10)
      await shelf.put('p', 'image/jpeg', pieces(bytes, 10), hour)
      expect(await shelf.find('p')).toEqual({ type: 'image/jpeg', size: 10 })
      expect((await collect(shelf, 'p', 0, 10)).equals(bytes)).toBe(true)
      expect(await fixture.query('select count(*) as n from chunks')).toEqual([{ n: 1 }])
    })

    test('a put that fails half way leaves nothing, and what was there stays', async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield randomBytes(2 * chunk)
        throw new Error('the source died')
      }
      await expect(shelf.put('new', 'image/png', broken(), hour)).rejects.toThrow('the source died')
      expect(await shelf.find('new')).toBeNull()
      const bytes = randomBytes(10)
      await shelf.put('old', 'image/png', pieces(bytes, 10), hour)
      await expect(shelf.put('old', 'image/jpeg', broken(), hour)).rejects.toThrow('the source died')
      expect(await shelf.find('old')).toEqual({ type: 'image/png', size: 10 })
      expect(await fixture.query('select count(*) as n from chunks')).toEqual([{ n: 1 }])
    })

    test('nobody sees a picture that is still being written', async () => {
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield randomBytes(chunk)
        expect(await shelf.find('p')).toBeNull()
        yield randomBytes(chunk)
      }
      await shelf.put('p', 'image/png', slowly(), hour)
      expect(await shelf.find('p')).not.toBeNull()
    })

    test('what a process that died left half written is swept when it would have expired', async () => {
      await fixture.query(`insert into inputs (blob, id, type, expires_at) values ('half', 'p', 'image/png', $1)`, [
        Date.now() + hour,
      ])
      await fixture.query(`insert into chunks (blob, n, bytes) values ('half', 0, $1)`, [randomBytes(9)])
      expect(await shelf.find('p')).toBeNull()
      await fixture.advance(hour + 1_000)
      expect(await shelf.sweep()).toBe(0)
      expect(await fixture.query('select count(*) as n from chunks')).toEqual([{ n: 0 }])
    })

    test('expires by the store’s clock; sweeping deletes exactly that', async () => {
      await shelf.put('short', 'image/png', pieces(randomBytes(chunk + 5), chunk), hour)
      await shelf.put('long', 'image/png', pieces(randomBytes(7), 7), 3 * hour)
      expect(await shelf.sweep()).toBe(0)
      await fixture.advance(hour + 1_000)
      expect(await shelf.find('short')).toBeNull()
      await expect(collect(shelf, 'short', 0, 5)).rejects.toMatchObject({ code: 'input_gone' })
      expect(await shelf.find('long')).toMatchObject({ size: 7 })
      expect(await shelf.sweep()).toBe(1)
      expect(await shelf.sweep()).toBe(0)
      expect(await fixture.query('select count(*) as n from chunks')).toEqual([{ n: 1 }])
    })

    test('a picture that is deleted while it is read ends the reading, it does not shorten it', async () => {
      await shelf.put('p', 'image/png', pieces(randomBytes(2 * chunk), chunk), hour)
      const reading = async () => {
        for await (const _part of shelf.read('p', 0, 2 * chunk)) {
          await fixture.advance(2 * hour)
          await shelf.sweep()
        }
      }
      await expect(reading()).rejects.toMatchObject({ code: 'input_gone' })
    })
  })
}
