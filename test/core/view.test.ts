import { describe, expect, it } from 'vitest'
import type { Job, Task } from '../../src/core/job.ts'
import type { Picture } from '../../src/core/ports.ts'
import { endView, headOf } from '../../src/core/view.ts'

const request = {
  prompt: 'a fox',
  aspectRatio: '3:2',
  quality: 'high',
  count: 3,
  private: false,
  spoiler: false,
} as const

function job(tasks: readonly Task[], cancelledAt: number | null = null): Job {
  return {
    ...{ id: 'job1', surface: 'fake', workspace: 'w', channel: 'c', person: { id: 'ann', name: 'Ann' }, locale: 'de' },
    ...{ action: 'edit', parentId: null, request, acceptedAt: 1_000, cancelledAt, tasks, state: 'settled' },
    ...{ receipt: null, ready: null, address: { at: null, secret: null } },
    inputs: [{ kind: 'remote', name: 'a.png', at: null }],
    omitted: [{ name: 'notes.txt', why: 'not_a_picture' }],
  }
}

const completed = (n: number, endedAt: number): Task => ({
  ...{ n, state: 'completed', submittedAt: 2_000, taskId: `t${n}`, urls: [`https://x.test/${n}`], endedAt },
})

const opened: [number, string][] = []
const picture: Picture = { open: () => Promise.reject(new Error('not opened here')) }
const open = (n: number, url: string) => {
  opened.push([n, url])
  return picture
}
const head = {
  ...{ jobId: 'job1', action: 'edit', request, inputCount: 1, inputNames: ['a.png'] },
  ...{ omitted: [{ name: 'notes.txt', why: 'not_a_picture' }], person: { id: 'ann', name: 'Ann' }, locale: 'de' },
}

describe('the view of an ended job', () => {
  it('says whose it is and what was asked', () => {
    expect(headOf(job([]))).toEqual(head)
  })

  it('shows the pictures by their numbers, what they cost, and how long it took to the last one', () => {
    const view = endView(
      job([
        completed(1, 9_000),
        { n: 2, state: 'failed', failure: { code: 'timed_out' }, endedAt: 99_000 },
        completed(3, 7_000),
      ]),
      open,
    )
    expect(view).toEqual({
      ...head,
      kind: 'result',
      pictures: [
        { n: 1, picture, link: 'https://x.test/1' },
        { n: 3, picture, link: 'https://x.test/3' },
      ],
      failures: [{ code: 'timed_out' }],
      credits: 56,
      tookMs: 8_000,
    })
    expect(opened).toEqual([
      [1, 'https://x.test/1'],
      [3, 'https://x.test/3'],
    ])
  })

  it('does not count time backwards when clocks differ', () => {
    expect(endView(job([completed(1, 500)]), open)).toMatchObject({ tookMs: 0 })
  })

  it('says why there is nothing', () => {
    expect(endView(job([{ n: 1, state: 'ambiguous', submittedAt: 1, endedAt: 2 }]), open)).toEqual({
      ...head,
      kind: 'failed',
      failure: { code: 'outcome_unknown' },
    })
  })

  it('withholds what was cancelled and says its price', () => {
    const view = endView(job([completed(1, 9_000), { n: 2, state: 'cancelled', endedAt: 2 }], 3_000), open)
    expect(view).toEqual({ ...head, kind: 'cancelled', credits: 28, pending: false })
    expect(view).not.toHaveProperty('pictures')
  })
})
