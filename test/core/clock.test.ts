import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { createManualClock } from '../fakes/clock.ts'

describe.each([
  ['of this machine', () => systemClock],
  ['of tests', () => createManualClock()],
])('the clock %s', (_name, make) => {
  it('rejects with the reason that was given, before and during a sleep, and leaves no listener', async () => {
    const clock = make()
    const reason = new Error('enough')
    const stopping = new AbortController()
    const sleeping = clock.sleep(1_000_000, stopping.signal)
    stopping.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
    await expect(clock.sleep(1, stopping.signal)).rejects.toBe(reason)
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
  })

  it('does not wake at once for a time longer than a timer can hold', async () => {
    const clock = make()
    const stopping = new AbortController()
    let woke = false
    const sleeping = clock.sleep(2 ** 33, stopping.signal).then(() => {
      woke = true
    })
    await systemClock.sleep(5, new AbortController().signal)
    expect(woke).toBe(false)
    stopping.abort()
    await expect(sleeping).rejects.toThrow()
  })
})

describe('the manual clock', () => {
  it('wakes sleepers in order, each at its own time', async () => {
    const clock = createManualClock(1_000)
    const woken: [string, number][] = []
    const { signal } = new AbortController()
    const sleep = async (name: string, ms: number) => {
      await clock.sleep(ms, signal)
      woken.push([name, clock.now()])
      if (name === 'b') await sleep('b2', 5)
    }
    void sleep('c', 30)
    void sleep('b', 10)
    void sleep('a', 10)
    await clock.advance(20)
    expect(woken).toEqual([
      ['b', 1_010],
      ['a', 1_010],
      ['b2', 1_015],
    ])
    expect(clock.monotonic()).toBe(20)
    expect(clock.sleepers).toBe(1)
    clock.setWall(0)
    await clock.advance(10)
    expect(woken.at(-1)).toEqual(['c', 10])
    expect(clock.sleepers).toBe(0)
  })
})
