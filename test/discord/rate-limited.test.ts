import { afterEach, describe, expect, test } from 'vitest'
import { heldPicture } from '../../src/media/picture.ts'
import { type Rig, startRig } from './rig.ts'
import { routes } from './stand-in.ts'
import { delivered, noise, result, running, startJob, underWay } from './views.ts'

/** Every route that the bot uses, limited once: what was to happen happens, a little later. */

let rig: Rig
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const briefly = { status: 429, retryAfter: 0.1 } as const
const picture = async () => result([heldPicture({ type: 'image/png', bytes: await noise() })])
const late = 14 * 60_000 + 1

/** Each does what leads to one request of its route. */
const uses: Readonly<Record<string, { method: string; route: string; act: () => Promise<void> }>> = {
  'an ack': {
    ...{ method: 'POST', route: routes.callback },
    act: async () => {
      const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
      expect(await command.answered()).toBe(5)
      await rig.accepted()
    },
  },
  'a result by the token': {
    ...{ method: 'PATCH', route: routes.original },
    act: async () => {
      const { accepted, message } = await startJob(rig)
      await rig.show(accepted, await picture())
      expect(message.files).toHaveLength(1)
    },
  },
  'a result by the bot’s token': {
    ...{ method: 'PATCH', route: routes.message },
    act: async () => {
      const { accepted, message } = await startJob(rig)
      rig.clock.advance(late)
      await rig.show(accepted, await picture())
      expect(message.files).toHaveLength(1)
    },
  },
  'a new message': {
    ...{ method: 'POST', route: routes.messages },
    act: async () => {
      const { accepted, message } = await startJob(rig)
      message.deleted = true
      await rig.show(accepted, await picture())
      expect([...rig.standIn.world.messages.values()].filter(({ deleted }) => !deleted)).toHaveLength(1)
    },
  },
  'a direct message': {
    ...{ method: 'POST', route: routes.direct },
    act: async () => {
      const { accepted } = await startJob(rig, { private: true })
      rig.clock.advance(late)
      await rig.show(accepted, await picture())
      expect(rig.standIn.world.direct.size).toBe(1)
    },
  },
  'looking for a picture': {
    ...{ method: 'GET', route: routes.message },
    act: async () => {
      const { accepted } = await startJob(rig)
      const receipt = await rig.show(accepted, await picture())
      rig.clock.advance(25 * 3_600_000)
      const url = await rig.adapter.surface.picture(receipt, 1).publicUrl(new AbortController().signal)
      expect(url).not.toBeNull()
    },
  },
  'words after a press': {
    ...{ method: 'POST', route: routes.followUp },
    act: async () => {
      const { accepted, message } = await startJob(rig)
      await rig.show(accepted, running)
      rig.studio.followUpWith(async (_, reply) => {
        await reply.defer()
        await reply.refuse({ kind: 'under_way' })
      })
      const press = rig.standIn.press(message, `a1:share:${accepted.head.jobId}`, { unchecked: true })
      await rig.standIn.until(() =>
        [...rig.standIn.world.messages.values()].some(({ interactionId }) => interactionId === press.id),
      )
    },
  },
  'deleting by the token': {
    ...{ method: 'DELETE', route: routes.original },
    act: async () => {
      const { accepted, message } = await startJob(rig)
      const job = delivered(rig, accepted, await rig.show(accepted, await picture()))
      rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
      rig.standIn.press(message, 'Delete')
      await rig.standIn.until(() => message.deleted)
    },
  },
  'deleting by the bot’s token': {
    ...{ method: 'DELETE', route: routes.message },
    act: async () => {
      const { accepted, message } = await startJob(rig)
      const job = delivered(rig, accepted, await rig.show(accepted, await picture()))
      rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
      rig.standIn.fail({ method: 'DELETE', route: routes.original, status: 401, code: 50_027 })
      rig.standIn.press(message, 'Delete')
      await rig.standIn.until(() => message.deleted)
    },
  },
}

describe('a rate limit on', () => {
  test.each(Object.entries(uses))('%s is waited for', async (_, { method, route, act }) => {
    rig = await startRig({ userInstall: true })
    const fault = rig.standIn.fail({ method, route, ...briefly })
    await act()
    expect(fault.left).toBe(0)
    const statuses = rig.standIn.sent(method, route).map(({ status }) => status)
    expect(statuses[0]).toBe(429)
    expect(statuses.at(-1)).toBeLessThan(300)
    expect(rig.lines.filter((line) => line.includes('"level":"error"'))).toEqual([])
  })

  test.each([
    ['the application', 'GET', routes.application],
    ['the commands', 'GET', routes.commands],
    ['their registration', 'PUT', routes.commands],
    ['the gateway', 'GET', routes.gateway],
  ])('%s delays the start, no more', async (_, method, route) => {
    let left = () => 1
    rig = await startRig({
      before: (standIn) => {
        const fault = standIn.fail({ method, route, ...briefly })
        left = () => fault.left
      },
    })
    expect(left()).toBe(0)
  })
})

describe('the gateway', () => {
  test('lost while jobs are under way stops none of them, and presses arrive after the resume', async () => {
    rig = await startRig()
    const { accepted, message } = await startJob(rig)
    rig.standIn.gateway.drop('cut')
    await rig.show(accepted, running)
    expect(rig.standIn.screen(message).text).toContain('Drawing')
    rig.studio.know(underWay(rig, accepted))
    // Given while nobody listens: it is replayed.
    const press = rig.standIn.press(message, 'Cancel')
    await rig.show(accepted, await picture())
    expect(message.files).toHaveLength(1)
    await press.answered()
    expect(rig.studio.presses).toHaveLength(1)
  })
})
