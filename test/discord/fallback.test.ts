import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Receipt } from '../../src/core/job.ts'
import { placeOf } from '../../src/discord/address.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { type Rig, startRig } from './rig.ts'
import { routes, type StoredMessage } from './stand-in.ts'
import { delivered, editsOf, type JobOptions, large, noise, result, running, startJob, underWay } from './views.ts'

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
    expect(rig.adapter.surface.stale(accepted.address)).toBe(false)
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

  test('the bot’s own direct messages are within its reach', async () => {
    const { accepted, message } = await job({ where: 'bot_dm' })
    rig.clock.advance(late)
    await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes: await noise() })]))
    expect(screen(message).pictures).toHaveLength(1)
  })

  test('what was within the person’s limit is made to fit the bot’s', async () => {
    const { accepted, command, message } = await job({ uploadBytes: 100 * 1024 * 1024 })
    command.interaction.revoked = true
    const bytes = await large()
    expect(bytes.length).toBeGreaterThan(10 * 1024 * 1024)
    await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    expect(edits().at(-1)).toBe(`${routes.message} 200`)
    expect(screen(message).pictures[0]?.bytes.length).toBeLessThanOrEqual(10 * 1024 * 1024)
  })
})

describe.each([
  ['a private reply', { private: true }],
  ['a reply in a place that only its user brought the bot to', { where: 'user_installed' }],
  ['a reply in a group', { where: 'group_dm' }],
] satisfies [string, JobOptions][])('%s', (_, options: JobOptions) => {
  const minute = 60_000
  const labels = (message: StoredMessage) => screen(message).buttons.map(({ label }) => label)

  /** A job whose message says that it will be out of reach, and then is. */
  async function handedOver() {
    const made = await job(options)
    rig.clock.advance(12 * minute + 1_000)
    await rig.show(made.accepted, running)
    rig.clock.advance(2 * minute)
    return made
  }

  test('offers a button before its token is over', async () => {
    const { accepted, message } = await job(options)
    rig.clock.advance(11 * minute)
    await rig.show(accepted, running)
    expect(labels(message)).toEqual(['Cancel'])
    expect(rig.adapter.surface.stale(accepted.address)).toBe(false)
    rig.clock.advance(minute + 1_000)
    // Also where nothing else has changed: a place in the line, or a task that is late.
    expect(rig.adapter.surface.stale(accepted.address)).toBe(true)
    await rig.show(accepted, running)
    expect(labels(message)).toEqual(['Show result', 'Cancel'])
    expect(screen(message).text).toContain('Press Show result to see how far it is.')
  })

  test('waits for a press when its token is over, and goes on with the press’s', async () => {
    const { accepted, message } = await handedOver()
    // The job is not stopped for it.
    await expect(rig.show(accepted, running)).rejects.toMatchObject({ code: 'surface_unavailable' })
    rig.studio.know(underWay(rig, accepted))
    const press = rig.standIn.press(message, 'Show result', options)
    expect(await press.answered()).toBe(6)
    // At once, and without waiting for the job's next edit.
    await rig.standIn.until(() => screen(message).text.includes('longer than usual'))
    expect(labels(message)).toEqual(['Cancel'])
    await rig.show(accepted, running)
    expect(screen(message).text).toContain('about 20 s to go')
    const bytes = await noise()
    const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    expect(screen(message).pictures[0]?.bytes.equals(bytes)).toBe(true)
    expect(receipt.messageKey).toBe(`${message.channelId}:${message.id}`)
    expect(rig.standIn.sent('POST', routes.messages)).toEqual([])
  })

  test('whose token Discord refuses before its time does not try it again and again', async () => {
    const { accepted, command } = await job(options)
    command.interaction.revoked = true
    const keep = async (receipt: Receipt) => {
      accepted.address = receipt.address
    }
    for (let tries = 0; tries < 3; tries += 1)
      await expect(rig.show(accepted, running, { keep })).rejects.toMatchObject({ code: 'surface_unavailable' })
    expect(edits()).toHaveLength(1)
  })

  test('offers the button again before the second token is over', async () => {
    const { accepted, message } = await handedOver()
    rig.studio.know(underWay(rig, accepted))
    await rig.standIn.press(message, 'Show result', options).answered()
    await rig.standIn.until(() => !labels(message).includes('Show result'))
    rig.clock.advance(12 * minute + 1_000)
    await rig.show(accepted, running)
    expect(labels(message)).toContain('Show result')
  })

  test('that nobody presses is followed by a direct message', async () => {
    const { accepted, message } = await handedOver()
    const bytes = await noise()
    const kept: string[] = []
    const keep = async ({ messageKey }: { messageKey: string | null }) => {
      kept.push(messageKey ?? '')
    }
    const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]), { keep })
    const there = rig.standIn.message(placeOf(receipt.address).messageId ?? '')
    expect(there.channelId).toBe(rig.standIn.world.direct.get(accepted.ask.person.id))
    expect(screen(there).pictures[0]?.bytes.equals(bytes)).toBe(true)
    expect(screen(message).pictures).toEqual([])
    // Words first, whose place is stored before the picture follows.
    expect(kept).toEqual([receipt.messageKey])
    // A press of the old button still brings the picture there.
    rig.studio.know(delivered(rig, accepted, receipt))
    const press = rig.standIn.press(message, 'Show result', options)
    expect(await press.answered()).toBe(6)
    await rig.standIn.until(() => screen(message).pictures.length === 1)
    expect(screen(message).pictures[0]?.bytes.equals(bytes)).toBe(true)
  })

  test.each([50_007, 50_278])('whose asker takes no direct messages (%i) waits for a press', async (code) => {
    const { accepted, message } = await handedOver()
    rig.standIn.world.closed.set(accepted.ask.person.id, code)
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    for (let tries = 0; tries < 3; tries += 1)
      await expect(rig.show(accepted, result([picture]))).rejects.toMatchObject({
        code: 'surface_unavailable',
        retryAfterMs: 45_000,
      })
    // Refused once, nobody is asked again and again.
    expect(rig.standIn.sent('POST', routes.messages)).toHaveLength(1)
    rig.studio.know(underWay(rig, accepted))
    await rig.standIn.press(message, 'Show result', options).answered()
    await rig.standIn.until(() => rig.drafts.all.size > 0)
    await rig.show(accepted, result([picture]))
    expect(screen(message).pictures).toHaveLength(1)
  })

  test('that was cancelled bothers nobody', async () => {
    const { accepted } = await handedOver()
    await expect(rig.show(accepted, { kind: 'cancelled', credits: 0, pending: false })).rejects.toMatchObject({
      code: 'delivery_gone',
    })
    expect(rig.standIn.sent('POST', /./).filter(({ route }) => route === routes.direct)).toEqual([])
  })

  test('pressed for a job that is unknown or was given up is told so', async () => {
    const { message } = await handedOver()
    const press = rig.standIn.press(message, 'Show result', options)
    expect(await press.answered()).toBe(4)
    expect(rig.standIn.screen(press.message())).toMatchObject({
      text: 'The bot no longer knows this picture. Ask anew with /imagine.',
      ephemeral: true,
    })
  })

  test('whose picture is gone when somebody presses says so', async () => {
    const { accepted, message } = await handedOver()
    const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes: await noise() })]))
    const there = rig.standIn.message(placeOf(receipt.address).messageId ?? '')
    rig.studio.know(delivered(rig, accepted, receipt))
    there.deleted = true
    for (const file of rig.standIn.world.files.values()) file.removed = true
    const press = rig.standIn.press(message, 'Show result', options)
    const words = await rig.standIn.until(() =>
      [...rig.standIn.world.messages.values()].find(({ interactionId }) => interactionId === press.id),
    )
    expect(screen(words)).toMatchObject({ ephemeral: true, text: expect.stringContaining('no longer') })
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

  test('that was private is sent to its asker alone', async () => {
    const { accepted, message } = await job({ private: true })
    message.deleted = true
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    const receipt = await rig.show(accepted, result([picture]))
    const { direct } = rig.standIn.world
    expect(placeOf(receipt.address).channelId).toBe(direct.get(accepted.ask.person.id))
    expect([...rig.standIn.world.messages.values()].filter(({ deleted }) => !deleted)).toHaveLength(1)
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

  test.each([
    ['the channel is gone', 404, 10_003],
    ['the bot was thrown out', 403, 50_001],
  ])('because %s: whoever asked is told in a direct message', async (_, status, code) => {
    const { accepted } = await job()
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status, code })
    const receipt = await rig.show(accepted, { kind: 'failed', failure: { code: 'timed_out' } })
    expect(edits()[0]).toBe(`${routes.original} ${status}`)
    const there = rig.standIn.message(placeOf(receipt.address).messageId ?? '')
    expect(there.channelId).toBe(rig.standIn.world.direct.get(accepted.ask.person.id))
    expect(screen(there).text).toContain('took too long')
    // Nobody is bothered for what is no answer.
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status, code })
    const other = await job()
    await expect(rig.show(other.accepted, running)).rejects.toMatchObject({ code: 'delivery_gone' })
  })

  test('because nobody may write there any more: it goes to its asker', async () => {
    const { accepted, message } = await job()
    message.deleted = true
    const channel = rig.standIn.world.channels.get(message.channelId)
    if (channel !== undefined) channel.maySend = false
    const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes: await noise() })]))
    expect(placeOf(receipt.address).channelId).not.toBe(message.channelId)
    expect(rig.standIn.sent('POST', routes.messages).map(({ status }) => status)).toEqual([403, 200])
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
    const gate = () => {
      if (edits().length === 2) throw notOurs
    }
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    await expect(rig.show(accepted, result([picture]), { gate })).rejects.toBe(notOurs)
    expect(edits()).toEqual([`${routes.original} 429`, `${routes.original} 401`])
  })
})
