import { describe, expect, it } from 'vitest'
import type { Shelf } from '../../src/core/ports.ts'
import { collect, discard } from '../../src/media/collect.ts'
import { heldPicture, shelfPicture } from '../../src/media/picture.ts'
import { source } from './pictures.ts'

const never = new AbortController().signal
const chunks = [Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of(5, 6)]

describe('collect', () => {
  it.each([6, null])('joins the chunks (size %s)', async (size) => {
    const { picture } = source('image/png', chunks, size)
    const bytes = await collect(await picture.open(never), 6)
    expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6])
    expect(bytes.buffer.byteLength).toBe(6)
  })

  it('refuses a size over the limit without reading, and closes', async () => {
    const { picture, counts } = source('image/png', chunks, 6)
    await expect(collect(await picture.open(never), 5)).rejects.toMatchObject({ code: 'input_too_large' })
    expect(counts.closed).toBe(1)
  })

  it('stops reading at the limit, and closes', async () => {
    const { picture, counts } = source('image/png', chunks, null)
    await expect(collect(await picture.open(never), 3, 'result_too_large')).rejects.toMatchObject({
      code: 'result_too_large',
    })
    expect(counts.closed).toBe(1)
  })

  it.each([5, 7])('never gives other than the announced size (%s)', async (size) => {
    const { picture } = source('image/png', chunks, size)
    await expect(collect(await picture.open(never), 100)).rejects.toMatchObject({ code: 'internal' })
  })

  it('closes what is discarded', async () => {
    const { picture, counts } = source('image/png', chunks, 6)
    await discard(await picture.open(never))
    expect(counts.closed).toBe(1)
  })
})

describe('heldPicture', () => {
  it('can be opened again and again', async () => {
    const picture = heldPicture({ type: 'image/webp', bytes: Uint8Array.of(1, 2) })
    for (let i = 0; i < 2; i += 1) {
      const open = await picture.open(never)
      expect(open).toMatchObject({ type: 'image/webp', size: 2 })
      expect([...(await collect(open, 2))]).toEqual([1, 2])
    }
  })
})

describe('shelfPicture', () => {
  const shelf = (size: number): Shelf => ({
    put: () => Promise.reject(new Error('not asked for')),
    find: async (id) => (id === 'there' ? { type: 'image/jpeg', size } : null),
    read: async function* () {
      yield Uint8Array.of(1, 2)
      yield Uint8Array.of(3)
    },
    sweep: async () => 0,
  })

  it('streams what is on the shelf', async () => {
    const open = await shelfPicture(shelf(3), 'there').open(never)
    expect(open).toMatchObject({ type: 'image/jpeg', size: 3 })
    expect([...(await collect(open, 3))]).toEqual([1, 2, 3])
  })

  it('says that a picture is gone', async () => {
    await expect(shelfPicture(shelf(3), 'swept').open(never)).rejects.toMatchObject({ code: 'input_gone' })
  })

  it('fails rather than give fewer bytes than announced: swept in between', async () => {
    const open = await shelfPicture(shelf(4), 'there').open(never)
    await expect(collect(open, 10)).rejects.toMatchObject({ code: 'input_gone' })
  })

  it('stops with the signal', async () => {
    const stop = new AbortController()
    const open = await shelfPicture(shelf(3), 'there').open(stop.signal)
    stop.abort(new Error('enough'))
    await expect(collect(open, 3)).rejects.toThrow('enough')
  })
})
