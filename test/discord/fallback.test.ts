import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { placeOf } from '../../src/discord/address.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { type Rig, startRig } from './rig.ts'
import { routes, type StoredMessage } from './stand-in.ts'
import { editsOf, noise, result, running, startJob } from './views.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig({ userInstall: true })
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const job = (options: Parameters<typeof startJob>[1] = {}) => startJob(rig, options)
const screen = (message: StoredMessage) => rig.standIn.screen(message)
const edits = () => editsOf(rig)

describe('after the token', () => {
  const late = 14 * 60_000 + 1

  test('the bot’s own token edits the same message', async () => {
    const { accepted, message } = await job()
    rig.clock.advance(late)
    const bytes = await noise()
    const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    expect(screen(message).pictures[0]?.bytes.equals(bytes)).toBe(true)
    expect(edits()).toEqual([`${routes.message} 200`])
    expect(rig.standIn.sent('PATCH', routes.message)[0]?.authorized).toBe(true)
    expect(receipt.messageKey).toBe(`${message.channelId}:${message.id}`)
    expect(placeOf(receipt.address).secret).toBeNull()
  })

  test('a token that Discord refuses before its time is followed by the bot’s own', async () => {
    const { accepted, command, message } = await job()
    command.interaction.revoked = true
    await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes: await noise() })]))
    expect(edits()).toEqual([`${routes.original} 401`, `${routes.message} 200`])
    expect(screen(message).pictures).toHaveLength(1)
    // The refusal has not cost the bot its own token: it edits on.
    await rig.show(accepted, { kind: 'failed', failure: { code: 'internal' } })
    expect(rig.fatals).toEqual([])
  })

  test('the erased token of a closed job does no harm', async () => {
    const { accepted, message } = await job()
    accepted.address = { ...accepted.address, secret: null }
    await rig.show(accepted, { kind: 'failed', failure: { code: 'timed_out' } })
    expect(screen(message).text).toContain('took too long')
  })

  test.each([
    ['private', { private: true }],
    ['in a place that only its user brought the bot to', { where: 'user_installed' }],
    ['in a group', { where: 'group_dm' }],
  ] as const)('a reply %s is out of reach', async (_, options) => {
    const { accepted } = await job(options)
    rig.clock.advance(late)
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    await expect(rig.show(accepted, result([picture]))).rejects.toMatchObject({ code: 'delivery_gone' })
    expect(rig.standIn.sent('POST', routes.messages)).toEqual([])
    expect(edits()).toEqual([])
  })

  test('the bot’s own direct messages are within its reach', async () => {
    const { accepted, message } = await job({ where: 'bot_dm' })
    rig.clock.advance(late)
    await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes: await noise() })]))
    expect(screen(message).pictures).toHaveLength(1)
  })

  test('what was within the person’s limit is made to fit the bot’s', async () => {
    const { accepted, command, message } = await job({ uploadBytes: 100 * 1024 * 1024 })
    command.interaction.revoked = true
    const bytes = await noise(2_000)
    expect(bytes.length).toBeGreaterThan(10 * 1024 * 1024)
    await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    expect(screen(message).pictures[0]?.bytes.length).toBeLessThanOrEqual(10 * 1024 * 1024)
    expect(screen(message).text).toContain('Made smaller')
  })
})

describe('a deleted message', () => {
  test('is posted anew for a result: words first, then the picture into them', async () => {
    const { accepted, message } = await job()
    await rig.show(accepted, running)
    message.deleted = true
    const bytes = await noise()
    const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    const fresh = rig.standIn.message(placeOf(receipt.address).messageId ?? '')
    expect(fresh.id).not.toBe(message.id)
    expect(screen(fresh).pictures[0]?.bytes.equals(bytes)).toBe(true)
    expect(screen(fresh).text).toContain('Asked by ann')
    const [posted] = rig.standIn.sent('POST', routes.messages)
    expect(posted?.files).toEqual([])
    expect(posted?.body).toMatchObject({ enforce_nonce: true, nonce: expect.stringMatching(/^.{1,25}$/) })
  })

  test('is posted anew once, however often it is tried', async () => {
    const { accepted, message } = await job()
    message.deleted = true
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    // The picture does not get into the new message; another process tries again from what was stored.
    rig.standIn.fail({ method: 'PATCH', route: routes.message, status: 503 })
    await expect(rig.show(accepted, result([picture]))).rejects.toMatchObject({ code: 'surface_unavailable' })
    await rig.show(accepted, result([picture]))
    const there = [...rig.standIn.world.messages.values()].filter(({ deleted }) => !deleted)
    expect(there).toHaveLength(1)
    expect(there[0]?.files).toHaveLength(1)
  })

  test('is posted anew for a failure, and not for a cancel', async () => {
    const first = await job()
    first.message.deleted = true
    await rig.show(first.accepted, { kind: 'failed', failure: { code: 'content_rejected' } })
    expect(rig.standIn.sent('POST', routes.messages)).toHaveLength(1)
    const second = await job()
    second.message.deleted = true
    await expect(rig.show(second.accepted, { kind: 'cancelled', credits: 0, pending: false })).rejects.toMatchObject({
      code: 'delivery_gone',
    })
    expect(rig.standIn.sent('POST', routes.messages)).toHaveLength(1)
  })

  test('that was private is not posted for everybody', async () => {
    const { accepted, message } = await job({ private: true })
    message.deleted = true
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    await expect(rig.show(accepted, result([picture]))).rejects.toMatchObject({ code: 'delivery_gone' })
    expect(rig.standIn.sent('POST', routes.messages)).toEqual([])
  })

  test('in an archived thread wakes it with a new message', async () => {
    const { standIn } = rig
    const thread = standIn.world.addChannel({ type: 11, guildId: standIn.world.guildId })
    const { accepted } = await job({ channelId: thread.id })
    rig.clock.advance(14 * 60_000 + 1)
    thread.archived = true
    await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes: await noise() })]))
    expect(standIn.sent('POST', routes.messages)).toHaveLength(1)
    expect(thread.archived).toBe(false)
  })
})

describe('a place that does not take it', () => {
  test.each([
    ['the channel is gone', 404, 10_003, 'delivery_gone'],
    ['the bot was thrown out', 403, 50_001, 'delivery_gone'],
    ['the bot may not attach files', 403, 50_013, 'permission_missing'],
    ['AutoMod blocks it', 400, 200_000, 'delivery_refused'],
    ['uploads are limited there', 403, 400_001, 'delivery_refused'],
    ['Discord is overloaded', 500, 130_000, 'surface_unavailable'],
    ['something in between answers', 403, 0, 'surface_unavailable'],
  ])('because %s', async (_, status, code, failure) => {
    const { accepted } = await job()
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status, code })
    await expect(rig.show(accepted, { kind: 'failed', failure: { code: 'timed_out' } })).rejects.toMatchObject({
      code: failure,
    })
    // Nothing is repeated by the transport itself.
    expect(edits()).toHaveLength(1)
    expect(rig.standIn.sent('POST', routes.messages)).toEqual([])
  })

  test('because the connection breaks', async () => {
    const { accepted } = await job()
    rig.standIn.fail({ method: 'PATCH', route: routes.original, how: 'drop' })
    await expect(rig.show(accepted, running)).rejects.toMatchObject({ code: 'surface_unavailable' })
  })

  test('because the bot’s token is refused: the process is told, the job waits for the next one', async () => {
    const { accepted } = await job()
    rig.clock.advance(14 * 60_000 + 1)
    rig.standIn.fail({ method: 'PATCH', route: routes.message, status: 401 })
    await expect(rig.show(accepted, running)).rejects.toMatchObject({ code: 'surface_unavailable' })
    expect(rig.fatals).toMatchObject([{ code: 'token_rejected' }])
  })

  test('because our own request is wrong: the log has the field, not the words', async () => {
    const { accepted } = await job()
    const errors = { content: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 2000 or fewer: a fox' }] } }
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status: 400, code: 50_035, errors })
    await expect(rig.show(accepted, running)).rejects.toMatchObject({ code: 'internal' })
    const everything = rig.lines.join('\n')
    expect(everything).toContain('content: BASE_TYPE_MAX_LENGTH')
    expect(everything).not.toContain('a fox')
    expect(everything).not.toContain(placeOf(accepted.address).secret?.token)
  })
})

describe('the gate', () => {
  const notOurs = new AppError('not_ours')

  test('stops a request at the last moment', async () => {
    const { accepted } = await job()
    const gate = () => {
      throw notOurs
    }
    await expect(rig.show(accepted, running, { gate })).rejects.toBe(notOurs)
    expect(edits()).toEqual([])
  })

  test('is asked again after a rate limit was waited for, and again for each further way', async () => {
    const { accepted, command } = await job()
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status: 429, retryAfter: 0.05 })
    command.interaction.revoked = true
    let asked = 0
    const gate = () => {
      asked += 1
      if (asked === 3) throw notOurs
    }
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    await expect(rig.show(accepted, result([picture]), { gate })).rejects.toBe(notOurs)
    expect(edits()).toEqual([`${routes.original} 429`, `${routes.original} 401`])
  })
})
