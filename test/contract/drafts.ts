import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenFixture, StoreFixture } from './store-fixture.ts'

export function draftsContract(open: OpenFixture): void {
  describe('Drafts', () => {
    let fixture: StoreFixture
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(() => fixture.close())

    test('keeps any JSON, each under its own id', async () => {
      const { drafts } = fixture.store
      const values = [null, 'x', [1, { url: 'https://cdn.example/\u0000\ud83e\udd8a' }], { images: [], more: false }]
      await Promise.all(values.map((value, at) => drafts.put(`d${at}`, value, 60_000)))
      for (const [at, value] of values.entries()) expect(await fixture.peer.drafts.get(`d${at}`)).toEqual(value)
    })

    test('replaces what is written again, with a new expiry', async () => {
      const { drafts } = fixture.store
      await drafts.put('d', 1, 1_000)
      await drafts.put('d', 2, 600_000)
      await fixture.advance(10_000)
      expect(await drafts.get('d')).toBe(2)
    })

    test('is null when unknown or expired, and swept then', async () => {
      const { drafts } = fixture.store
      const id = 'd'
      await drafts.put(id, { a: 1 }, 600_000)
      expect(await drafts.get('nobody')).toBeNull()
      await fixture.advance(400_000)
      expect(await drafts.get(id)).toEqual({ a: 1 })
      await fixture.store.sweep()
      await fixture.advance(250_000)
      expect(await drafts.get(id)).toBeNull()
      await fixture.store.sweep()
      expect(await fixture.query('select id from drafts')).toEqual([])
    })
  })
}
