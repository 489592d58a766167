import { describe, expect, it } from 'vitest'
import { buttonActions, buttonValue, readButton } from '../../src/slack/action-id.ts'

describe('a button', () => {
  it.each(buttonActions)('%s comes back as it was', (action) => {
    for (const from of [null, { channel: 'C1', thread: null }, { channel: 'G9', thread: '1763800000.000123' }])
      expect(readButton(action, buttonValue({ jobId: 'job1', from }))).toEqual({ action, jobId: 'job1', from })
  })

  it('of the first release is still known', () => {
    expect(readButton('cancel', 'a1:job1')).toEqual({ action: 'cancel', jobId: 'job1', from: null })
  })

  it.each([
    ['cancel', 'a1:'],
    ['cancel', 'a2:job1'],
    ['cancel', 'a1:JOB/../1'],
    ['cancel', 'a1:job1:<!channel>:'],
    ['cancel', 'a1:job1:C1:now'],
    ['cancel', 'a1:job1:C1'],
    ['cancel', undefined],
    ['enlarge', 'a1:job1'],
    ['constructor', 'a1:job1'],
  ])('%s %s is none that this version knows', (actionId, value) => {
    expect(readButton(actionId, value)).toBeNull()
  })
})
