import { describe, expect, it } from 'vitest'
import type { Failure } from '../../src/core/failure.ts'
import { isLive, isTerminal, type Job, mayMove, outcomeOf, type Task, type TaskState } from '../../src/core/job.ts'

const states: readonly TaskState[] = [
  'planned',
  'submitting',
  'polling',
  'completed',
  'failed',
  'ambiguous',
  'cancelled',
]

describe('a task', () => {
  const allowed = new Set([
    'planned submitting',
    'planned cancelled',
    'planned failed',
    'submitting planned',
    'submitting polling',
    'submitting failed',
    'submitting ambiguous',
    'polling completed',
    'polling failed',
    'ambiguous polling',
  ])

  it.each(states.flatMap((from) => states.map((to): [TaskState, TaskState] => [from, to])))(
    'from %s to %s',
    (from, to) => {
      expect(mayMove(from, to)).toBe(allowed.has(`${from} ${to}`))
    },
  )

  it('that was posted is never planned again but by a definite refusal', () => {
    expect(states.filter((from) => mayMove(from, 'planned'))).toEqual(['submitting'])
  })

  it('is over in four states', () => {
    const over = states.filter((state) => isTerminal({ n: 1, state } as Task))
    expect(over).toEqual(['completed', 'failed', 'ambiguous', 'cancelled'])
  })
})

describe('a job', () => {
  it.each([
    ['accepted', true],
    ['running', true],
    ['settled', true],
    ['delivered', false],
    ['abandoned', false],
  ])('that is %s', (state, live) => {
    expect(isLive({ state } as Job)).toBe(live)
  })
})

describe('an outcome', () => {
  const completed = (n: number): Task => ({
    n,
    state: 'completed',
    submittedAt: 1,
    taskId: `t${n}`,
    urls: [`u${n}`],
    endedAt: 9,
  })
  const failed = (n: number, failure: Failure): Task => ({ n, state: 'failed', failure, endedAt: 9 })
  const ambiguous = (n: number): Task => ({ n, state: 'ambiguous', submittedAt: 1, endedAt: 9 })
  const cancelled = (n: number): Task => ({ n, state: 'cancelled', endedAt: 9 })
  const refusal: Failure = { code: 'content_rejected' }

  it('is all pictures', () => {
    expect(outcomeOf({ cancelledAt: null, tasks: [completed(1), completed(2)] })).toEqual({
      kind: 'pictures',
      tasks: [completed(1), completed(2)],
      failures: [],
    })
  })

  it('is the pictures there are, with what became of the rest', () => {
    expect(outcomeOf({ cancelledAt: null, tasks: [failed(1, refusal), completed(2), ambiguous(3)] })).toEqual({
      kind: 'pictures',
      tasks: [completed(2)],
      failures: [refusal, { code: 'outcome_unknown' }],
    })
  })

  it('is the first failure where there is no picture', () => {
    expect(outcomeOf({ cancelledAt: null, tasks: [failed(1, refusal), failed(2, { code: 'timed_out' })] })).toEqual({
      kind: 'failed',
      failure: refusal,
    })
  })

  it('is unknown where nobody knows', () => {
    expect(outcomeOf({ cancelledAt: null, tasks: [ambiguous(1)] })).toEqual({
      kind: 'failed',
      failure: { code: 'outcome_unknown' },
    })
  })

  it('withholds the pictures of a cancelled job and counts them', () => {
    expect(outcomeOf({ cancelledAt: 5, tasks: [completed(1), cancelled(2), completed(3)] })).toEqual({
      kind: 'cancelled',
      made: 2,
    })
    expect(outcomeOf({ cancelledAt: 5, tasks: [failed(1, refusal)] })).toEqual({ kind: 'cancelled', made: 0 })
  })

  it('is cancelled where every task is', () => {
    expect(outcomeOf({ cancelledAt: null, tasks: [cancelled(1)] })).toEqual({ kind: 'cancelled', made: 0 })
  })
})
