import { beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Hint } from '../../src/core/ports.ts'
import { type Wire, wireBytes } from '../../src/store/engine.ts'
import { createHints } from '../../src/store/hints.ts'
import { createManualClock, type ManualClock } from '../fakes/clock.ts'

const due = (n: number): Hint => ({ kind: 'due', jobId: `${n}`.padStart(32, '0'), n: 1 })
const freed: Hint = { kind: 'freed' }

describe('hints on a wire', () => {
  let clock: ManualClock
  let sent: string[]
  let tell: (text: string) => void
  let wire: Wire
  beforeEach(() => {
    clock = createManualClock()
    sent = []
    tell = () => undefined
    wire = {
      send: async (text) => void sent.push(text),
      listen: (heard) => {
        tell = heard
      },
    }
  })

  const hints = () => createHints(wire, { sender: 'me', clock })
  const hintsIn = (text: string): readonly Hint[] => JSON.parse(text).hints

  test('what is sent within 20 ms goes in one notice, the same hint once', async () => {
    const { send } = hints()
    send(freed)
    send(due(1))
    send(freed)
    await clock.advance(15)
    send(due(1))
    expect(sent).toEqual([])
    await clock.advance(5)
    expect(sent.map(hintsIn)).toEqual([[freed, due(1)]])
    send(freed)
    await clock.advance(20)
    expect(sent.map(hintsIn)).toEqual([[freed, due(1)], [freed]])
    await clock.advance(1_000)
    expect(sent).toHaveLength(2)
  })

  test('a burst fills few notices, none too long for PostgreSQL', async () => {
    const { send } = hints()
    const burst = Array.from({ length: 1_000 }, (_, n) => due(n))
    for (const hint of burst) send(hint)
    await clock.advance(20)
    expect(sent.flatMap(hintsIn)).toEqual(burst)
    expect(sent.length).toBeLessThan(12)
    for (const text of sent) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(wireBytes)
    expect(Math.max(...sent.map((text) => text.length))).toBeGreaterThan(wireBytes - 100)
  })

  test('one that fits into no notice is left out, the others go', async () => {
    const { send } = hints()
    send({ kind: 'cancelled', jobId: 'x'.repeat(wireBytes) })
    send(freed)
    await clock.advance(20)
    expect(sent.map(hintsIn)).toEqual([[freed]])
  })

  test('while the database is away they are lost, few are kept, and later ones go again', async () => {
    const arrived = wire.send
    const answers: ((error: AppError) => void)[] = []
    wire = { ...wire, send: () => new Promise((_resolve, reject) => answers.push(reject)) }
    const { send } = createHints({ ...wire, send: (text) => wire.send(text) }, { sender: 'me', clock })
    send(due(1))
    await clock.advance(20)
    expect(answers).toHaveLength(1)
    for (let n = 0; n < 20_000; n += 1) send(due(n))
    wire = { ...wire, send: arrived }
    answers[0]?.(new AppError('store_unavailable'))
    await clock.settle()
    await clock.advance(1_000)
    expect(sent).toEqual([])
    send(freed)
    await clock.advance(20)
    expect(sent.map(hintsIn)).toEqual([[freed]])
  })

  test('hears others, not itself, and nothing that makes no sense', () => {
    const { listen } = hints()
    const heard: Hint[] = []
    listen((hint) => heard.push(hint), new AbortController().signal)
    tell(JSON.stringify({ from: 'you', hints: [freed, due(1)] }))
    tell(JSON.stringify({ from: 'me', hints: [due(2)] }))
    for (const nonsense of [
      '',
      '{',
      'null',
      '[]',
      '{"from":"you"}',
      '{"from":"you","hints":{"a":1}}',
      '"\ud83e\udd8a"',
    ])
      tell(nonsense)
    const unknown = [
      { kind: 'later' },
      { kind: 'due', jobId: 1, n: 1 },
      { kind: 'due', jobId: 'a' },
      { kind: 'cancelled' },
    ]
    tell(JSON.stringify({ from: 'you', hints: [...unknown, null, 'freed', { ...freed, more: true }] }))
    expect(heard).toEqual([freed, due(1), freed])
  })

  test('closed, it sends and hears nothing more', async () => {
    const opened = hints()
    const heard: Hint[] = []
    opened.listen((hint) => heard.push(hint), new AbortController().signal)
    opened.send(freed)
    opened.close()
    await clock.settle()
    opened.send(due(1))
    await clock.advance(1_000)
    tell(JSON.stringify({ from: 'you', hints: [freed] }))
    expect(sent).toEqual([])
    expect(heard).toEqual([])
  })
})
