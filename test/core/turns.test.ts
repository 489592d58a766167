import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import type { BeginAnswer } from '../../src/core/ports.ts'
import type { Turn } from '../../src/core/running.ts'
import { createTurns } from '../../src/core/turns.ts'
import { createManualClock } from '../fakes/clock.ts'

const go: BeginAnswer = { kind: 'go', submittedAt: 1 }
const wait = (ms: number): BeginAnswer => ({ kind: 'wait', ms })
const busy = (ms: number): BeginAnswer => ({ kind: 'person_busy', ms })
const turn = (personKey: string, jobId = personKey): Turn => ({ personKey, jobId })

describe('turns', () => {
  let clock = createManualClock()
  afterEach(() => {
    expect(clock.sleepers).toBe(0)
  })

  function setUp(maxRunningPerPerson = 1_000) {
    clock = createManualClock()
    const turns = createTurns({ clock, maxRunningPerPerson, line: null })
    const order: string[] = []
    const stopping = new AbortController()
    const take = (who: Turn, attempt: () => Promise<BeginAnswer> = async () => go, { signal } = stopping) =>
      turns.take(
        who,
        async () => {
          const answer = await attempt()
          if (answer.kind === 'go') order.push(who.jobId)
          return answer
        },
        signal,
      )
    return { turns, order, stopping, take }
  }

  /** A door that stays shut until the test opens it: everybody behind it has come by then. */
  function door() {
    const { promise, resolve } = Promise.withResolvers<void>()
    return {
      open: resolve,
      attempt: async () => {
        await promise
        return go
      },
    }
  }

  it('go round: one of each person, in the order in which they came', async () => {
    const { order, take } = setUp()
    const first = door()
    const all = [take(turn('door'), first.attempt)]
    for (let i = 1; i <= 20; i += 1) all.push(take(turn('ann', `ann${i}`)))
    all.push(take(turn('bob', 'bob1')), take(turn('cat', 'cat1')), take(turn('bob', 'bob2')))
    first.open()
    await Promise.all(all)
    expect(order.slice(0, 7)).toEqual(['door', 'ann1', 'bob1', 'cat1', 'ann2', 'bob2', 'ann3'])
    expect(order).toHaveLength(24)
  })

  it('know each job’s place, by its first task', async () => {
    const { turns, take } = setUp()
    const first = door()
    const all = [take(turn('door'), first.attempt)]
    all.push(take(turn('ann', 'ann1')), take(turn('ann', 'ann1')), take(turn('ann', 'ann2')), take(turn('bob', 'bob1')))
    expect(['door', 'ann1', 'bob1', 'ann2', 'nobody'].map((job) => turns.place(job))).toEqual([1, 2, 3, 5, null])
    first.open()
    await Promise.all(all)
    expect(['door', 'ann1', 'bob1', 'ann2'].map((job) => turns.place(job))).toEqual([null, null, null, null])
  })

  it('hold back whoever has enough running, and nobody else', async () => {
    const { turns, order, take } = setUp(2)
    const all = ['ann1', 'ann2', 'ann3', 'ann4'].map((job) => take(turn('ann', job)))
    all.push(take(turn('bob', 'bob1')))
    await clock.settle()
    expect(order).toEqual(['ann1', 'bob1', 'ann2'])
    // Another task of a job that runs is no further job.
    all.push(take(turn('ann', 'ann2')))
    await clock.settle()
    expect(order).toEqual(['ann1', 'bob1', 'ann2', 'ann2'])
    turns.leave(turn('ann', 'ann1'))
    await clock.settle()
    expect(order.at(-1)).toBe('ann3')
    turns.leave(turn('ann', 'ann2'))
    await Promise.all(all)
    expect(order.at(-1)).toBe('ann4')
  })

  describe('when the store says that enough of a person runs elsewhere', () => {
    it('let the next person try at once, and come back to the first', async () => {
      const { order, take } = setUp()
      const answers = [busy(500), busy(500)]
      const all = [take(turn('ann', 'ann1'), async () => answers.shift() ?? go), take(turn('ann', 'ann2'))]
      all.push(take(turn('bob', 'bob1')), take(turn('bob', 'bob2')))
      await clock.settle()
      expect(order).toEqual(['bob1', 'bob2'])
      // Nobody who comes waits for the end of it.
      await clock.advance(300)
      all.push(take(turn('cat')))
      await clock.settle()
      expect(order.at(-1)).toBe('cat')
      await clock.advance(699)
      expect(order).toHaveLength(3)
      await clock.advance(1)
      await Promise.all(all)
      expect(order.slice(3)).toEqual(['ann1', 'ann2'])
    })

    it('let a job that runs here go on with its further tasks', async () => {
      const { turns, order, take } = setUp()
      const answers = [busy(500)]
      const held = take(turn('ann', 'ann2'), async () => answers.shift() ?? go)
      turns.enter(turn('ann', 'ann1'))
      await take(turn('ann', 'ann1'))
      expect(order).toEqual(['ann1'])
      await clock.advance(500)
      await held
    })

    it('try again at once when a job of the person ends here, also while the store is being asked', async () => {
      const { turns, take } = setUp()
      const asked = Promise.withResolvers<BeginAnswer>()
      const answers = [Promise.resolve(busy(60_000)), asked.promise, Promise.resolve(go)]
      const taking = take(turn('ann', 'ann2'), () => answers.shift() ?? Promise.resolve(go))
      await clock.settle()
      expect(answers).toHaveLength(2)
      turns.leave(turn('ann', 'ann1'))
      await clock.settle()
      expect(answers).toHaveLength(1)
      turns.leave(turn('ann', 'ann0'))
      asked.resolve(busy(60_000))
      await expect(taking).resolves.toEqual(go)
    })

    it('believe the store, and ask no more often than it said', async () => {
      const { turns, order, take } = setUp()
      let asked = 0
      turns.enter(turn('ann', 'ann1'))
      const taking = take(turn('ann', 'ann1'), async () => {
        asked += 1
        return asked < 5 ? busy(500) : go
      })
      await clock.advance(1_900)
      expect(asked).toBe(4)
      await clock.advance(100)
      await taking
      expect(order).toEqual(['ann1'])
    })

    it('keep nobody’s place before those who may go', async () => {
      const { turns, take } = setUp(2)
      const full = async () => wait(60_000)
      turns.enter(turn('ann', 'ann1'))
      const answers = [busy(500)]
      const stopping = new AbortController()
      const all = ['ann2', 'ann3'].map((job) => take(turn('ann', job), async () => answers.shift() ?? go, stopping))
      all.push(take(turn('ann', 'ann1'), full, stopping))
      all.push(...['bob1', 'bob2', 'bob3'].map((job) => take(turn('bob', job), full, stopping)))
      await clock.settle()
      const place = (job: string) => turns.place(job)
      expect(['ann1', 'bob1', 'bob2', 'ann2', 'bob3', 'ann3'].map(place)).toEqual([1, 2, 3, 4, 5, 6])
      stopping.abort(new Error('enough'))
      await Promise.allSettled(all)
      await clock.settle()
    })

    it('leave when aborted', async () => {
      const { stopping, take } = setUp()
      const taking = take(turn('ann'), async () => busy(60_000))
      await clock.settle()
      expect(clock.sleepers).toBe(1)
      stopping.abort(new Error('stopping'))
      await expect(taking).rejects.toThrow('stopping')
      await clock.settle()
    })
  })

  it('forget who left without ever running', async () => {
    const { turns, order, take } = setUp(1)
    turns.leave(turn('ann', 'ann0'))
    await take(turn('ann', 'ann1'))
    turns.leave(turn('ann', 'ann9'))
    const second = take(turn('ann', 'ann2'))
    await clock.settle()
    expect(order).toEqual(['ann1'])
    turns.leave(turn('ann', 'ann1'))
    await second
  })

  it('try again after the wait that was asked for, and keep the order', async () => {
    const { order, take } = setUp()
    const answers = [wait(250), wait(250), go]
    const first = take(turn('ann'), async () => answers.shift() ?? go)
    const second = take(turn('bob'))
    await clock.advance(499)
    expect(order).toEqual([])
    await clock.advance(1)
    await Promise.all([first, second])
    expect(order).toEqual(['ann', 'bob'])
  })

  it('try again at once when something was freed', async () => {
    const { turns, order, take } = setUp()
    let full = true
    const taking = take(turn('ann'), async () => (full ? wait(60_000) : go))
    await clock.settle()
    full = false
    turns.freed()
    await taking
    expect(order).toEqual(['ann'])
  })

  it('do not miss what is freed while a try is under way', async () => {
    const { turns, take } = setUp()
    const asked = Promise.withResolvers<BeginAnswer>()
    const answers = [asked.promise, Promise.resolve(go)]
    const taking = take(turn('ann'), () => answers.shift() ?? Promise.resolve(go))
    await clock.settle()
    // The store has counted the slots; now one is freed; then its answer arrives.
    turns.freed()
    asked.resolve(wait(60_000))
    await clock.settle()
    await expect(taking).resolves.toEqual(go)
  })

  it('give a skipped turn to the next', async () => {
    const { order, take } = setUp()
    await expect(take(turn('ann'), async () => ({ kind: 'skip' }))).resolves.toEqual({ kind: 'skip' })
    await take(turn('bob'))
    expect(order).toEqual(['bob'])
  })

  it('go on after a try that failed', async () => {
    const { order, take } = setUp()
    const failed = take(turn('ann'), () => Promise.reject(new Error('store')))
    const next = take(turn('bob'))
    await expect(failed).rejects.toThrow('store')
    await next
    expect(order).toEqual(['bob'])
  })

  it('leave the line when aborted, with the reason, and leave nothing behind', async () => {
    const { turns, order, stopping, take } = setUp()
    const waiting = take(turn('ann'), async () => wait(60_000))
    const behind = take(turn('bob'), async () => wait(60_000))
    await clock.settle()
    expect(clock.sleepers).toBe(1)
    const reason = new Error('stopping')
    stopping.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(behind).rejects.toBe(reason)
    await expect(take(turn('cat'))).rejects.toBe(reason)
    await clock.settle()
    expect(order).toEqual([])
    expect(turns.place('ann')).toBeNull()
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
  })

  it('wait for a try that is under way when aborted: its mark is in the store', async () => {
    const { order, stopping, take } = setUp()
    const asked = Promise.withResolvers<BeginAnswer>()
    const taking = take(turn('ann'), () => asked.promise)
    await clock.settle()
    stopping.abort(new Error('stopping'))
    asked.resolve(go)
    await expect(taking).resolves.toEqual(go)
    expect(order).toEqual(['ann'])
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
  })

  it('end a try that must wait after the abort', async () => {
    const { stopping, take } = setUp()
    const asked = Promise.withResolvers<BeginAnswer>()
    const taking = take(turn('ann'), () => asked.promise)
    await clock.settle()
    const reason = new Error('stopping')
    stopping.abort(reason)
    asked.resolve(wait(60_000))
    await expect(taking).rejects.toBe(reason)
    await clock.settle()
  })

  it('leave no listener on a signal that outlives them', async () => {
    const { stopping, take } = setUp()
    for (let i = 0; i < 100; i += 1) await take(turn('ann', `job${i}`))
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
  })

  it('come by the line of all replicas where there are several', async () => {
    clock = createManualClock()
    let full = true
    const order: string[] = []
    const line = async () => ['elsewhere', 'bob1', 'ann1', 'ann2']
    const turns = createTurns({ clock, maxRunningPerPerson: 10, line })
    const stopping = new AbortController()
    const take = (who: Turn) =>
      turns.take(
        who,
        async () => {
          if (full) return wait(100)
          order.push(who.jobId)
          return go
        },
        stopping.signal,
      )
    const all = [take(turn('ann', 'ann1')), take(turn('ann', 'ann2')), take(turn('bob', 'bob1'))]
    await clock.advance(500)
    expect([turns.place('bob1'), turns.place('ann1'), turns.place('ann2')]).toEqual([2, 3, 4])
    full = false
    await clock.advance(2_000)
    await Promise.all(all)
    expect(order).toEqual(['bob1', 'ann1', 'ann2'])
  })

  it('go by their own order while the line of all can’t be had', async () => {
    clock = createManualClock()
    let full = true
    const line = async () => {
      throw new Error('away')
    }
    const turns = createTurns({ clock, maxRunningPerPerson: 10, line })
    const taken = turns.take(turn('ann'), async () => (full ? wait(100) : go), new AbortController().signal)
    await clock.advance(300)
    expect(turns.place('ann')).toBe(1)
    full = false
    await clock.advance(300)
    await expect(taken).resolves.toEqual(go)
  })
})
