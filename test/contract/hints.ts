import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Hint, Hints } from '../../src/core/ports.ts'

/** Two processes' hints. */
export interface HintsFixture {
  readonly one: Hints
  /** Of another process; the same where one process alone has the store. */
  readonly other: Hints
}

/** What was heard, apart from the marks by which a test knows how far the hints have come. */
interface Ear {
  readonly heard: Hint[]
  readonly marks: Set<string>
}

export function hintsContract(open: () => Promise<HintsFixture>): void {
  describe('Hints', () => {
    let one: Hints
    let other: Hints
    let ending: AbortController
    let marks = 0
    let tests = 0
    beforeEach(async () => {
      tests += 1
      ;({ one, other } = await open())
      ending = new AbortController()
    })
    afterEach(() => ending.abort())

    // What another test sent may still be on its way.
    const jobId = (n: number) => `test${tests}job${n}`
    const due = (n: number): Hint => ({ kind: 'due', jobId: jobId(n), n: (n % 4) + 1 })

    const mark = (from: Hints): string => {
      marks += 1
      from.send({ kind: 'cancelled', jobId: `mark${marks}` })
      return `mark${marks}`
    }

    /** Listens; back when hints of `from` arrive, for the connection behind it is made in its own time. */
    async function listen(hints: Hints, from: Hints, signal = ending.signal): Promise<Ear> {
      const ear: Ear = { heard: [], marks: new Set() }
      hints.listen((hint) => {
        if (hint.kind === 'freed' || hint.jobId.startsWith(`test${tests}job`)) ear.heard.push(hint)
        else ear.marks.add(hint.jobId)
      }, signal)
      await expect
        .poll(() => {
          mark(from)
          return ear.marks.size
        })
        .toBeGreaterThan(0)
      return ear
    }

    /** Until all that `from` has sent is heard: hints of one process come in order. */
    async function passed(from: Hints, ear: Ear): Promise<void> {
      const last = mark(from)
      await expect.poll(() => ear.marks.has(last), { timeout: 10_000 }).toBe(true)
    }

    test('each kind arrives whole, from this process and from another', async () => {
      const ear = await listen(one, other)
      const each: readonly Hint[] = [due(3), { kind: 'cancelled', jobId: jobId(4) }, { kind: 'freed' }]
      for (const from of [one, other]) {
        for (const hint of each) from.send(hint)
        await passed(from, ear)
        expect(ear.heard.splice(0)).toEqual(each)
      }
    })

    test('one’s own are heard once, not within the call and not again when they come back', async () => {
      const ear = await listen(one, other)
      one.send(due(1))
      expect(ear.heard).toEqual([])
      await turn()
      expect(ear.heard).toEqual([due(1)])
      if (one !== other) {
        const far = await listen(other, one)
        // There and back: our own notice has been here before this mark.
        await passed(one, far)
        await passed(other, ear)
      }
      expect(ear.heard).toEqual([due(1)])
    })

    test('a burst arrives, all of it, in order', async () => {
      const ear = await listen(one, other)
      const hints = Array.from({ length: 1_000 }, (_, n) => due(n))
      for (const hint of hints) other.send(hint)
      await passed(other, ear)
      expect(ear.heard).toEqual(hints)
    })

    test('nothing is heard after the end, and somebody else may listen then', async () => {
      const first = new AbortController()
      const ear = await listen(one, other, first.signal)
      expect(() => one.listen(() => undefined, ending.signal)).toThrow()
      one.send(due(1))
      first.abort()
      other.send(due(2))
      const next = await listen(one, other)
      other.send(due(3))
      await passed(other, next)
      expect(ear.heard).toEqual([])
      expect(next.heard.at(-1)).toEqual(due(3))
    })

    test('whoever does not listen may send', async () => {
      const ear = await listen(other, one)
      one.send(due(1))
      await passed(one, ear)
      expect(ear.heard).toEqual([due(1)])
    })
  })
}
