import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { eventually, type Rig, startRig } from './rig.ts'
import type { Invocation } from './stand-in.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig({ userInstall: true })
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const said = (command: Invocation) => rig.standIn.screen(command.message())

describe('a press of Cancel', () => {
  async function running() {
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    const job = await rig.accepted()
    await rig.show(job, { kind: 'queued', place: 2 })
    const message = command.message()
    if (message === null) throw new Error('no message')
    return { job, message }
  }

  test('is answered by the message itself', async () => {
    const { job, message } = await running()
    const press = rig.standIn.press(message, 'Cancel', { name: 'ann' })
    expect(await press.answered()).toBe(6)
    expect(rig.studio.presses).toEqual([{ jobId: job.head.jobId, personId: job.ask.person.id, mayManage: false }])
  })

  test.each([
    ['finished', 'This one is already finished.'],
    ['not_yours', 'Only the person who asked can cancel this.'],
    ['unknown', 'This request is too old to be cancelled.'],
  ] as const)('that does not work out (%s) is answered with words for the presser alone', async (answer, words) => {
    rig.studio.cancelWith(async () => answer)
    const { message } = await running()
    const press = rig.standIn.press(message, 'Cancel', { name: 'bob', permissions: 8192n })
    expect(await press.answered()).toBe(4)
    expect(said(press)).toMatchObject({ text: words, ephemeral: true })
    expect(rig.studio.presses[0]?.mayManage).toBe(true)
    expect(rig.standIn.screen(message).text).toBe('a fox\nIn line, number 2…')
  })

  test('that takes long is deferred, and answered when it is known', async () => {
    const answer = Promise.withResolvers<'finished'>()
    rig.studio.cancelWith(() => answer.promise)
    const { message } = await running()
    const press = rig.standIn.press(message, 'Cancel')
    await eventually(() => rig.clock.sleeping().includes(1_000), 'it waits')
    rig.clock.advance(1_000)
    expect(await press.answered()).toBe(5)
    expect(said(press)).toMatchObject({ thinking: true, ephemeral: true })
    answer.resolve('finished')
    await rig.standIn.until(() => press.message()?.loading === false)
    expect(said(press).text).toBe('This one is already finished.')
  })

  test('that fails says so', async () => {
    rig.studio.cancelWith(() => Promise.reject(new AppError('store_unavailable')))
    const { message } = await running()
    const press = rig.standIn.press(message, 'Cancel')
    expect(await press.answered()).toBe(4)
    expect(said(press).text).toContain('can’t write down requests right now')
  })

  test('of a button of another version is answered politely', async () => {
    const { message } = await running()
    const press = rig.standIn.press(message, 'a9:unheard-of:1', { unchecked: true })
    expect(await press.answered()).toBe(4)
    expect(said(press)).toMatchObject({
      text: 'This button is from an older version of the bot. Ask again instead.',
      ephemeral: true,
    })
    expect(rig.studio.presses).toEqual([])
  })
})
