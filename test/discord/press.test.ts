import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Job, Receipt } from '../../src/core/job.ts'
import { placeOf } from '../../src/discord/address.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { eventually, type Rig, type RigJob, startRig } from './rig.ts'
import { type CommandOptions, type Invocation, routes, type StoredMessage } from './stand-in.ts'
import { delivered, noise, result, startJob } from './views.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig({ userInstall: true })
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const said = (command: Invocation) => rig.standIn.screen(command.message())
const screen = (message: StoredMessage) => rig.standIn.screen(message)

/** What was said to the presser after the press was answered. */
function saidMore(press: Invocation): StoredMessage | undefined {
  return [...rig.standIn.world.messages.values()].find(
    ({ id, interactionId }) => interactionId === press.id && id !== press.interaction.originalId,
  )
}

interface Made {
  readonly job: Job
  readonly accepted: RigJob
  readonly message: StoredMessage
  readonly receipt: Receipt
  readonly bytes: Uint8Array
}

/** A result in its message. */
async function made(options: CommandOptions & { readonly private?: boolean } = {}): Promise<Made> {
  const { accepted, message } = await startJob(rig, options)
  const bytes = await noise()
  const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
  const job = delivered(rig, accepted, receipt)
  rig.studio.know(job)
  return { job, accepted, message, receipt, bytes }
}

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

  test.each(['finished', 'cancelled'] as const)(
    'that takes long is answered at once, and told when it is known: %s',
    async (outcome) => {
      const answer = Promise.withResolvers<typeof outcome>()
      rig.studio.cancelWith(() => answer.promise)
      const { message } = await running()
      const press = rig.standIn.press(message, 'Cancel')
      await eventually(() => rig.clock.sleeping().includes(1_000), 'it waits')
      rig.clock.advance(1_000)
      expect(await press.answered()).toBe(6)
      expect(saidMore(press)).toBeUndefined()
      answer.resolve(outcome)
      if (outcome === 'cancelled') return
      const words = await rig.standIn.until(() => saidMore(press))
      expect(screen(words)).toMatchObject({ text: 'This one is already finished.', ephemeral: true })
      // The pressed message is not touched.
      expect(screen(message).text).toBe('a fox\nIn line, number 2…')
    },
  )

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

describe('a press of a button that makes a picture', () => {
  test.each([
    ['Again', 'again'],
    ['High quality', 'upgrade'],
    ['Variations', 'variations'],
  ] as const)('%s starts from the job, in a message of its own', async (label, action) => {
    const { job, message } = await made()
    const press = rig.standIn.press(message, label, { name: 'bob', locale: 'de' })
    expect(await press.answered()).toBe(5)
    await rig.accepted(2)
    expect(rig.studio.followUps).toMatchObject([
      {
        ...{ eventKey: `discord:${press.id}`, jobId: job.id, action, private: false, surface: 'discord', locale: 'de' },
        ...{ workspace: rig.standIn.world.guildId, channel: message.channelId, person: { name: 'bob' }, problems: [] },
      },
    ])
    expect(said(press)).toMatchObject({ thinking: true, ephemeral: false })
    expect(press.message()?.id).not.toBe(message.id)
    // The pressed message stays as it is.
    expect(screen(message).pictures).toHaveLength(1)
  })

  test('under a private result makes a private one', async () => {
    const { message } = await made({ private: true })
    const press = rig.standIn.press(message, 'Again')
    expect(await press.answered()).toBe(5)
    await rig.accepted(2)
    expect(rig.studio.followUps[0]?.private).toBe(true)
    expect(said(press).ephemeral).toBe(true)
  })

  test('twice is already on its way', async () => {
    const { message } = await made()
    rig.studio.followUpWith((_, reply) => reply.refuse({ kind: 'under_way' }))
    const press = rig.standIn.press(message, 'Again')
    expect(await press.answered()).toBe(4)
    expect(said(press)).toMatchObject({ text: 'This is already on its way.', ephemeral: true })
  })

  test('of a job that nobody knows any more is told so', async () => {
    const { message } = await made()
    rig.studio.followUpWith((_, reply) => reply.refuse({ kind: 'no_job', why: 'unknown' }))
    const press = rig.standIn.press(message, 'Variations')
    expect(await press.answered()).toBe(4)
    expect(said(press)).toMatchObject({
      text: 'The bot no longer knows this picture. Ask anew with /imagine.',
      ephemeral: true,
    })
  })

  test('is alive after a restart', async () => {
    const { job, message } = await made()
    const other = await startRig({ userInstall: true })
    await using _ = other
    other.studio.know(job)
    const there = other.standIn.world.messages
    there.set(message.id, { ...message, channelId: other.standIn.world.channelOf.guild })
    const press = other.standIn.press(other.standIn.message(message.id), 'Again')
    expect(await press.answered()).toBe(5)
    expect(other.studio.followUps[0]?.jobId).toBe(job.id)
  })
})

describe('a press of Share', () => {
  const label = 'Share'

  test('is offered under private results alone', async () => {
    const open = await made()
    const hidden = await made({ private: true })
    const labels = (message: StoredMessage) => screen(message).buttons.map(({ label }) => label)
    expect(labels(open.message)).not.toContain(label)
    expect(labels(hidden.message)).toContain(label)
  })

  test('posts a message of the bot’s own for all to see, and is answered by nothing', async () => {
    const { job, message, bytes } = await made({ private: true })
    const press = rig.standIn.press(message, label)
    expect(await press.answered()).toBe(6)
    const share = await rig.accepted(2)
    expect(rig.studio.followUps[0]).toMatchObject({ jobId: job.id, action: 'share', private: false })
    const placeholder = await rig.show(share, { kind: 'queued', place: null })
    const receipt = await rig.show(share, result([heldPicture({ type: 'image/png', bytes })]))
    expect(receipt.messageKey).toBe(placeholder.messageKey)
    const posted = rig.standIn.message(placeOf(receipt.address).messageId ?? '')
    expect(posted.interactionId).toBeNull()
    expect(screen(posted)).toMatchObject({ ephemeral: false, text: expect.stringContaining('Shared by ann') })
    expect(screen(posted).pictures[0]?.bytes.equals(bytes)).toBe(true)
    expect(posted.channelId).toBe(message.channelId)
    // People can answer it: such a reply concerns the bot.
    expect(screen(message).pictures).toHaveLength(1)
  })

  test.each([
    ['the bot may not post', { appPermissions: (1n << 10n) | (1n << 15n) }],
    ['only its user brought the bot', { where: 'user_installed' }],
    ['there is a group', { where: 'group_dm' }],
  ] as const)('where %s is the press’s own answer', async (_, options) => {
    const { message, bytes } = await made({ private: true, ...options })
    const press = rig.standIn.press(message, label, options)
    expect(await press.answered()).toBe(5)
    const share = await rig.accepted(2)
    const receipt = await rig.show(share, result([heldPicture({ type: 'image/png', bytes })]))
    expect(placeOf(receipt.address).messageId).toBe(press.interaction.originalId)
    expect(said(press)).toMatchObject({ ephemeral: false, text: expect.stringContaining('Shared by ann') })
    expect(rig.standIn.sent('POST', routes.messages)).toEqual([])
  })

  test('that is refused is answered with words, also when that took long', async () => {
    const { message } = await made({ private: true })
    rig.studio.followUpWith((_, reply) => reply.refuse({ kind: 'no_job', why: 'live' }))
    const quick = rig.standIn.press(message, label)
    expect(await quick.answered()).toBe(4)
    expect(said(quick)).toMatchObject({ ephemeral: true, text: expect.stringContaining('still being made') })
    rig.studio.followUpWith(async (_, reply) => {
      await reply.defer()
      await reply.refuse({ kind: 'no_job', why: 'live' })
    })
    const slow = rig.standIn.press(message, label)
    expect(await slow.answered()).toBe(6)
    const words = await rig.standIn.until(() => saidMore(slow))
    expect(screen(words)).toMatchObject({ ephemeral: true, text: expect.stringContaining('still being made') })
  })

  test('is not offered where Discord hides everything the bot says', async () => {
    const forced = { where: 'user_installed', forcedEphemeral: true } as const
    const { message, accepted } = await made(forced)
    expect(placeOf(accepted.address).ephemeral).toBe(true)
    expect(screen(message).buttons.map(({ label }) => label)).not.toContain(label)
  })
})

describe('a press of Details', () => {
  test('is answered for the presser alone', async () => {
    const { job, message } = await made()
    const press = rig.standIn.press(message, 'Details', { name: 'bob' })
    expect(await press.answered()).toBe(4)
    const { text, ephemeral } = said(press)
    expect(ephemeral).toBe(true)
    expect(text.split('\n')[0]).toBe('a fox')
    expect(text).toContain(`Number ${job.id}`)
  })

  test('of an unknown job says so', async () => {
    const { message } = await made()
    const press = rig.standIn.press(message, 'a1:details:0123', { unchecked: true })
    expect(await press.answered()).toBe(4)
    expect(said(press).text).toBe('The bot no longer knows this picture. Ask anew with /imagine.')
  })
})

describe('a press of Delete', () => {
  test.each([
    ['in a channel', {}],
    ['that was private', { private: true }],
    ['in a place that only its user brought the bot to', { where: 'user_installed' }],
    ['in direct messages', { where: 'bot_dm' }],
  ] as const)('takes the message away %s', async (_, options) => {
    const { job, message } = await made(options)
    rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
    const press = rig.standIn.press(message, 'Delete', { ...options, permissions: 8192n })
    expect(await press.answered()).toBe(6)
    await rig.standIn.until(() => message.deleted)
    expect(rig.standIn.sent('DELETE', /./).map(({ route }) => route)).toEqual([routes.original])
    expect(rig.studio.presses[0]).toMatchObject({
      jobId: job.id,
      mayManage: !('where' in options) || options.where === 'user_installed',
    })
  })

  test.each([
    ['not_yours', 'Only the person who asked, or a moderator, can delete this.'],
    ['live', 'This picture is still being made. Cancel it first.'],
    ['unknown', 'The bot no longer knows this picture. Delete the message by hand.'],
  ] as const)('that does not work out (%s) says why', async (kind, words) => {
    const { message } = await made()
    rig.studio.eraseWith(async () => ({ kind }))
    const press = rig.standIn.press(message, 'Delete', { name: 'bob' })
    expect(await press.answered()).toBe(4)
    expect(said(press)).toMatchObject({ text: words, ephemeral: true })
    expect(message.deleted).toBe(false)
  })

  test('by a moderator takes away what nobody knows any more', async () => {
    const { message } = await made()
    const press = rig.standIn.press(message, 'Delete', { name: 'bob', permissions: 8192n })
    expect(await press.answered()).toBe(6)
    await rig.standIn.until(() => message.deleted)
  })

  test('of a private message that nobody knows any more takes it away: it is the presser’s own', async () => {
    const { message } = await made({ private: true })
    const press = rig.standIn.press(message, 'Delete')
    expect(await press.answered()).toBe(6)
    await rig.standIn.until(() => message.deleted)
  })

  test('that takes long still deletes the pressed message', async () => {
    const { job, message } = await made()
    const answer = Promise.withResolvers<{ kind: 'erased'; job: Job }>()
    rig.studio.eraseWith(() => answer.promise)
    const press = rig.standIn.press(message, 'Delete')
    await eventually(() => rig.clock.sleeping().includes(1_000), 'it waits')
    rig.clock.advance(1_000)
    expect(await press.answered()).toBe(6)
    answer.resolve({ kind: 'erased', job })
    await rig.standIn.until(() => message.deleted)
  })

  test('goes on with the bot’s own token where the press’s is refused', async () => {
    const { job, message } = await made()
    rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
    rig.standIn.fail({ method: 'DELETE', route: routes.original, status: 401, code: 50_027 })
    rig.standIn.press(message, 'Delete')
    await rig.standIn.until(() => message.deleted)
    expect(rig.standIn.sent('DELETE', routes.message)).toHaveLength(1)
    expect(rig.fatals).toEqual([])
  })

  test('under a copy takes the job’s own message as well', async () => {
    const { job, message } = await made()
    const copy = { ...message, id: rig.standIn.world.newId() }
    rig.standIn.world.messages.set(copy.id, copy)
    rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
    rig.standIn.press(copy, 'Delete')
    await rig.standIn.until(() => copy.deleted && message.deleted)
  })

  test('of what is gone already is no trouble', async () => {
    const { job, message } = await made()
    rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
    rig.standIn.fail({ method: 'DELETE', route: routes.original, status: 404, code: 10_008 })
    const press = rig.standIn.press(message, 'Delete')
    expect(await press.answered()).toBe(6)
    await rig.standIn.until(() => rig.standIn.sent('DELETE', routes.original)[0]?.status === 404)
    await rig.standIn.press(message, 'Details').answered()
    expect(rig.standIn.sent('DELETE', routes.message)).toEqual([])
    expect(rig.lines.filter((line) => line.includes('"error"'))).toEqual([])
  })
})

describe('a press that another replica answers, too', () => {
  const taken = { method: 'POST', route: routes.callback, status: 400, code: 40_060 } as const

  test('is not answered twice, and nothing goes wrong', async () => {
    const { message } = await made()
    const fault = rig.standIn.fail({ ...taken, effective: true })
    const press = rig.standIn.press(message, 'Details')
    await press.answered()
    expect(fault.left).toBe(0)
    expect(rig.standIn.sent('POST', routes.followUp)).toEqual([])
    expect(rig.lines.filter((line) => /"(error|warn)"/.test(line))).toEqual([])
  })

  test('and that takes long is told by one of them', async () => {
    const { message } = await made()
    const answer = Promise.withResolvers<{ kind: 'live' }>()
    rig.studio.eraseWith(() => answer.promise)
    rig.standIn.fail({ ...taken, effective: true })
    const press = rig.standIn.press(message, 'Delete')
    await eventually(() => rig.clock.sleeping().includes(1_000), 'it waits')
    rig.clock.advance(1_000)
    await press.answered()
    answer.resolve({ kind: 'live' })
    // A later press is handled after this one.
    await rig.standIn.press(message, 'Details').answered()
    expect(rig.standIn.sent('POST', routes.followUp)).toEqual([])
  })

  test('still deletes: that may be done twice', async () => {
    const { job, message } = await made()
    rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
    rig.standIn.fail({ ...taken, effective: true })
    rig.standIn.press(message, 'Delete')
    await rig.standIn.until(() => message.deleted)
  })
})

test('a press that came too late still deletes, by the bot’s own token', async () => {
  const { job, message } = await made()
  rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
  rig.standIn.fail({ method: 'POST', route: routes.callback, status: 404, code: 10_062 })
  rig.standIn.press(message, 'Delete')
  await rig.standIn.until(() => message.deleted)
  expect(rig.standIn.sent('DELETE', /./).map(({ route, status }) => `${route} ${status}`)).toEqual([
    `${routes.original} 404`,
    `${routes.message} 204`,
  ])
})

test('no token, and nothing that was typed, is ever logged', async () => {
  const { job, message, accepted } = await made({ private: true })
  rig.studio.eraseWith(async () => ({ kind: 'erased', job }))
  rig.standIn.fail({ method: 'DELETE', route: routes.original, status: 400, code: 50_035 })
  rig.standIn.fail({ method: 'POST', route: routes.callback, status: 400, code: 50_035 })
  const press = rig.standIn.press(message, 'Delete')
  await rig.standIn.until(() => rig.standIn.sent('DELETE', routes.original)[0]?.status === 400)
  await eventually(() => rig.lines.some((line) => line.includes('DELETE')), 'it is logged')
  const everything = rig.lines.join('\n')
  expect(everything).toMatch(/\/webhooks\/:id\/:token\/messages\/(@|%40)original/)
  expect(everything).not.toContain(press.token)
  expect(everything).not.toContain(placeOf(accepted.address).secret?.token)
  expect(everything).not.toContain('a fox')
})
