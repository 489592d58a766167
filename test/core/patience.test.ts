import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Job, TaskState } from '../../src/core/job.ts'
import { patientStore } from '../../src/core/patience.ts'
import type { BeginAnswer, DriveStore } from '../../src/core/ports.ts'
import { createManualClock } from '../fakes/clock.ts'
import { createRecordedLog } from '../http/recorded-log.ts'

const fence = { jobId: 'job1', owner: 'alpha' }
const limits = { maxInFlight: 1, perSecond: 1, maxRunningPerPerson: 1, slotMs: 1 }
const go: BeginAnswer = { kind: 'go', submittedAt: 1 }
const skip: BeginAnswer = { kind: 'skip' }
const away = () => new AppError('store_unavailable')

/** A store whose answers are the given ones, in order; an error is thrown. */
function setUp(begins: readonly (BeginAnswer | Error)[], state: TaskState = 'submitting', sureForMs = 6_000) {
  const clock = createManualClock()
  const ending = new AbortController()
  const answers = [...begins]
  const calls: string[] = []
  const done = async () => undefined
  const drive: DriveStore = {
    ...{ opened: done, prepared: done, close: done, taken: async () => true },
    end: () => Promise.reject(new Error('not here')),
    begin: async () => {
      calls.push('begin')
      const answer = answers.shift()
      if (answer === undefined) throw new Error('asked too often')
      if (answer instanceof Error) throw answer
      return answer
    },
    notTaken: async () => {
      calls.push('notTaken')
    },
  }
  const get = async () => ({ id: 'job1', state: 'running', tasks: [{ n: 1, state }] }) as unknown as Job
  const patient = patientStore(
    { jobs: { get, cancel: async () => null }, drive },
    { clock, random: () => 0, log: createRecordedLog(), sureForMs, signal: ending.signal },
  )
  return { clock, ending, calls, patient }
}

describe('a patient begin', () => {
  it('takes back a mark of its own that it had not heard of, and sets it anew', async () => {
    const { clock, calls, patient } = setUp([away(), skip, go])
    const begun = patient.drive.begin(fence, 1, limits)
    await clock.advance(1_000)
    await expect(begun).resolves.toEqual(go)
    expect(calls).toEqual(['begin', 'begin', 'notTaken', 'begin'])
  })

  it('leaves a mark that it did not set', async () => {
    const { calls, patient } = setUp([skip])
    await expect(patient.drive.begin(fence, 1, limits)).resolves.toEqual(skip)
    expect(calls).toEqual(['begin'])
  })

  it('leaves a mark after so long that another may have set it and posted', async () => {
    const { clock, calls, patient } = setUp([away(), away(), away(), away(), away(), away(), skip])
    const begun = patient.drive.begin(fence, 1, limits)
    await clock.advance(60_000)
    await expect(begun).resolves.toEqual(skip)
    expect(calls).not.toContain('notTaken')
  })

  it('leaves a task that is not submitting', async () => {
    const { clock, calls, patient } = setUp([away(), skip], 'cancelled')
    const begun = patient.drive.begin(fence, 1, limits)
    await clock.advance(1_000)
    await expect(begun).resolves.toEqual(skip)
    expect(calls).not.toContain('notTaken')
  })

  it('is no more patient than the process', async () => {
    const { clock, ending, patient } = setUp([away()])
    const begun = patient.drive.begin(fence, 1, limits)
    await clock.settle()
    const reason = new AppError('not_ours')
    ending.abort(reason)
    await expect(begun).rejects.toBe(reason)
    expect(clock.sleepers).toBe(0)
  })

  it('passes on what waiting does not cure', async () => {
    const { patient } = setUp([new AppError('not_ours')])
    await expect(patient.drive.begin(fence, 1, limits)).rejects.toMatchObject({ code: 'not_ours' })
  })
})
