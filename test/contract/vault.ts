import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenFixture, StoreFixture } from './store-fixture.ts'

export function vaultContract(open: OpenFixture): void {
  describe('Vault', () => {
    let fixture: StoreFixture
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(() => fixture.close())

    test('keeps a value by name, the last one put', async () => {
      const { vault } = fixture.store
      expect(await vault.get('slack/T1')).toBeNull()
      await vault.put('slack/T1', 'one')
      await vault.put('slack/T2', 'other')
      await vault.put('slack/T1', 'two')
      expect(await fixture.peer.vault.get('slack/T1')).toBe('two')
      await vault.remove('slack/T1')
      await vault.remove('slack/T1')
      expect(await fixture.peer.vault.get('slack/T1')).toBeNull()
      expect(await vault.get('slack/T2')).toBe('other')
    })

    test('a lock keeps others of its name out, in every process', async () => {
      const { store, peer } = fixture
      await store.vault.put('counter', '0')
      await Promise.all(
        Array.from({ length: 24 }, (_, at) =>
          (at % 2 === 0 ? store : peer).vault.withLock('counter', async () => {
            const value = Number(await store.vault.get('counter'))
            await turn()
            await peer.vault.put('counter', String(value + 1))
          }),
        ),
      )
      expect(await store.vault.get('counter')).toBe('24')
    })

    test('another name is another lock', async () => {
      const { vault } = fixture.store
      const inner = await vault.withLock('a', () => fixture.peer.vault.withLock('b', async () => 'both'))
      expect(inner).toBe('both')
    })

    test('gives what the task gives, and is free again after one that fails', async () => {
      const { store, peer } = fixture
      const boom = new Error('boom')
      await expect(store.vault.withLock('a', () => Promise.reject(boom))).rejects.toBe(boom)
      expect(await peer.vault.withLock('a', async () => 42)).toBe(42)
    })
  })
}
