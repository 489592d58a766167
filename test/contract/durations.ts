import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenFixture, StoreFixture } from './store-fixture.ts'

export function durationsContract(open: OpenFixture): void {
  describe('DurationStore', () => {
    let fixture: StoreFixture
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(() => fixture.close())

    test('keeps a text by class, the last one made', async () => {
      const { durations } = fixture.store
      expect(await durations.all()).toEqual(new Map())
      expect(await durations.update('m/high/new', (kept) => `${kept} 1`)).toBe('null 1')
      expect(await fixture.peer.durations.update('m/high/new', (kept) => `${kept} 2`)).toBe('null 1 2')
      await durations.update('m/medium/edit', () => 'other')
      expect(await fixture.peer.durations.all()).toEqual(
        new Map([
          ['m/high/new', 'null 1 2'],
          ['m/medium/edit', 'other'],
        ]),
      )
    })

    test('loses no change of many at once, the first included', async () => {
      const { store, peer } = fixture
      await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          (at % 2 === 0 ? store : peer).durations.update('a', (kept) => String(Number(kept ?? '0') + 1)),
        ),
      )
      expect((await store.durations.all()).get('a')).toBe('20')
    })

    test('stays as it was where the change fails', async () => {
      const { durations } = fixture.store
      const boom = new Error('boom')
      const fail = () => {
        throw boom
      }
      await expect(durations.update('a', fail)).rejects.toBe(boom)
      expect(await durations.all()).toEqual(new Map())
      await durations.update('a', () => 'one')
      await expect(durations.update('a', fail)).rejects.toBe(boom)
      expect(await durations.all()).toEqual(new Map([['a', 'one']]))
    })
  })
}
