import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Person } from '../../src/core/job.ts'
import { requestSchema } from '../../src/core/request.ts'
import { placeOf } from '../../src/discord/address.ts'
import { flat } from './gestures.ts'
import { userOf } from './invocation.ts'
import { madeJob, pastJob, placeIn } from './jobs.ts'
import { eventually, type Rig, startRig } from './rig.ts'
import { type Invocation, routes, type StoredMessage } from './stand-in.ts'

let rig: Rig
let ann: Person

beforeEach(async () => {
  rig = await startRig({ userInstall: true })
  ann = { id: userOf(rig.standIn.world, 'ann').id, name: 'ann' }
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const said = (invocation: Invocation) => rig.standIn.screen(invocation.message())
const messageOf = (invocation: Invocation) => {
  const message = invocation.message()
  if (message === null) throw new Error('no answer')
  return message
}
const labels = (message: StoredMessage) => rig.standIn.screen(message).buttons.map(({ label }) => label)
/** The thumbnails of a list. */
const thumbnails = (message: StoredMessage) =>
  message.components.flatMap(flat).flatMap(({ type, media }) => (type === 11 ? [(media as { url: string }).url] : []))

/** A finished job of ann's, with a picture at a CDN address. */
function past(prompt: string, changes: Parameters<typeof pastJob>[2] = {}) {
  const { channelId, messageId } = placeIn(rig)
  const url = `${rig.standIn.origin}/attachments/${channelId}/${messageId}/a.png?ex=1&is=1&hm=1&`
  const file = { channelId, messageId, attachmentId: messageId, url, ephemeral: false }
  return pastJob(rig, ann, { request: requestSchema.parse({ prompt }), files: [file], ...changes })
}

describe('/images history', () => {
  test('lists one’s own pictures, newest first, with a look at each and the way to its message', async () => {
    const first = past('the **first** fox', { acceptedAt: 1_700_000_000_000 })
    pastJob(rig, { id: '1', name: 'bob' }, {})
    past('a cat', { request: requestSchema.parse({ prompt: 'a\ncat', aspectRatio: '3:2' }) })
    const command = rig.standIn.command('/images history', {})
    expect(await command.answered()).toBe(4)
    const message = messageOf(command)
    const { text, ephemeral } = rig.standIn.screen(message)
    expect(ephemeral).toBe(true)
    expect(text.split('\n')).toEqual([
      'Your pictures',
      ...['a cat', expect.stringMatching(/ · 3:2 landscape · Open$/)],
      ...['the **first** fox', expect.stringMatching(/ · 1:1 square · Open$/)],
    ])
    const shown = JSON.stringify(message.components)
    const { guildId, channelId, messageId } = placeOf(
      first.state === 'delivered' ? first.receipt.address : first.address,
    )
    expect(shown).toContain(`[Open](https://discord.com/channels/${guildId}/${channelId}/${messageId})`)
    expect(shown).toContain('<t:1700000000:R>')
    expect(thumbnails(message)).toEqual([
      expect.stringMatching(/\/attachments\/\d+\/\d+\/a\.png$/),
      expect.stringMatching(/\/attachments\/\d+\/\d+\/a\.png$/),
    ])
    expect(labels(message)).toEqual([])
  })

  test('is turned page by page in one message', async () => {
    for (let i = 1; i <= 12; i += 1) past(`fox ${i}`)
    const command = rig.standIn.command('/images history', {})
    await command.answered()
    const message = messageOf(command)
    const prompts = () => [...rig.standIn.screen(message).text.matchAll(/^fox (\d+)$/gm)].map(([, n]) => Number(n))
    const turn = async (label: string) => {
      const press = rig.standIn.press(message, label)
      expect(await press.answered()).toBe(7)
    }
    expect([prompts(), labels(message)]).toEqual([[12, 11, 10, 9, 8], ['Older']])
    await turn('Older')
    expect([prompts(), labels(message)]).toEqual([
      [7, 6, 5, 4, 3],
      ['Newer', 'Older'],
    ])
    await turn('Older')
    expect([prompts(), labels(message)]).toEqual([[2, 1], ['Newer']])
    await turn('Newer')
    await turn('Newer')
    expect(prompts()).toEqual([12, 11, 10, 9, 8])
  })

  test('says what became of those without a picture, and shows nothing of private ones but their words', async () => {
    past('was private', {
      files: [
        {
          channelId: '1'.repeat(18),
          messageId: '1'.repeat(18),
          attachmentId: '1'.repeat(18),
          url: `${rig.standIn.origin}/ephemeral-attachments/x`,
          ephemeral: true,
        },
      ],
    })
    pastJob(rig, ann, { request: requestSchema.parse({ prompt: 'cancelled' }), cancelledAt: 5 })
    pastJob(rig, ann, { request: requestSchema.parse({ prompt: 'failed' }) })
    pastJob(rig, ann, {
      state: 'abandoned',
      failure: { code: 'delivery_gone' },
      request: requestSchema.parse({ prompt: 'lost' }),
    })
    pastJob(rig, ann, {
      state: 'running',
      receipt: null,
      ready: null,
      request: requestSchema.parse({ prompt: 'live' }),
    })
    const command = rig.standIn.command('/images history', {})
    await command.answered()
    const lines = said(command).text.split('\n').slice(1)
    expect(lines.filter((_, at) => at % 2 === 0)).toEqual(['live', 'lost', 'failed', 'cancelled', 'was private'])
    const states = lines.filter((_, at) => at % 2 === 1).map((line) => line.split(' · ')[1])
    expect(states).toEqual(['Still being made', 'Not made', 'Not made', 'Cancelled', '1:1 square'])
    expect(thumbnails(messageOf(command))).toEqual([])
  })

  test('brings a picture back when one is chosen', async () => {
    const { job } = await madeJob(rig)
    const command = rig.standIn.command('/images history', {})
    await command.answered()
    const pick = rig.standIn.pick(messageOf(command), ['a fox'])
    expect(await pick.answered()).toBe(5)
    expect(said(pick)).toMatchObject({ thinking: true, ephemeral: true })
    expect(rig.studio.followUps).toMatchObject([{ action: 'share', jobId: job.id, private: true, problems: [] }])
  })

  test('of nobody who asked yet says how to begin', async () => {
    const command = rig.standIn.command('/images history', {}, { where: 'bot_dm' })
    await command.answered()
    expect(said(command)).toMatchObject({ text: 'No pictures yet. Try /imagine a fox in the snow.', ephemeral: true })
  })

  test('that takes long is deferred; a page that takes long turns when it is there', async () => {
    for (let i = 1; i <= 6; i += 1) past(`fox ${i}`)
    let release = Promise.withResolvers<void>()
    rig.studio.lookWith(() => release.promise)
    const slow = async (invocation: Invocation, answer: number) => {
      await eventually(() => rig.clock.sleeping().includes(1_000), 'it waits')
      rig.clock.advance(1_000)
      expect(await invocation.answered()).toBe(answer)
      release.resolve()
    }
    const command = rig.standIn.command('/images history', {})
    await slow(command, 5)
    await rig.standIn.until(() => command.message()?.loading === false)
    expect(said(command)).toMatchObject({ text: expect.stringContaining('fox 6'), ephemeral: true })
    release = Promise.withResolvers()
    const press = rig.standIn.press(messageOf(command), 'Older')
    await slow(press, 6)
    await rig.standIn.until(() => rig.standIn.screen(messageOf(command)).text.includes('fox 1'))
  })

  test('whose placeholder Discord took unheard is filled all the same', async () => {
    past('a fox')
    const release = Promise.withResolvers<void>()
    rig.studio.lookWith(() => release.promise)
    rig.standIn.fail({ method: 'POST', route: routes.callback, status: 502, effective: true })
    const command = rig.standIn.command('/images history', {})
    for (const pause of [1_000, 150]) {
      await eventually(() => rig.clock.sleeping().includes(pause), `a pause of ${pause}`)
      rig.clock.advance(pause)
    }
    await eventually(() => rig.standIn.sent('POST', routes.callback)[1]?.status === 400, 'the second try')
    release.resolve()
    await rig.standIn.until(() => command.message()?.loading === false)
    expect(said(command).text).toContain('a fox')
  })

  test('that can’t be read says so', async () => {
    rig.studio.lookWith(() => Promise.reject(new AppError('store_unavailable')))
    const command = rig.standIn.command('/images history', {})
    await command.answered()
    expect(said(command)).toMatchObject({ text: expect.stringContaining('can’t write down'), ephemeral: true })
  })
})

describe('/images show', () => {
  test('brings a picture back for the asker alone, with its live buttons', async () => {
    const { job } = await madeJob(rig)
    const command = rig.standIn.command('/images show', { id: job.id })
    expect(await command.answered()).toBe(5)
    expect(said(command)).toMatchObject({ ephemeral: true })
    expect(rig.studio.followUps).toMatchObject([
      { eventKey: `discord:${command.id}`, action: 'share', jobId: job.id, private: true, person: { name: 'ann' } },
    ])
  })

  test('shows it to everybody when asked to', async () => {
    const { job } = await madeJob(rig)
    const command = rig.standIn.command('/images show', { id: ` ${job.id} `, private: false })
    expect(await command.answered()).toBe(5)
    expect(said(command).ephemeral).toBe(false)
    expect(rig.studio.followUps).toMatchObject([{ jobId: job.id, private: false }])
  })

  test('of a number that nobody knows says so', async () => {
    const command = rig.standIn.command('/images show', { id: '<@everyone>' })
    expect(await command.answered()).toBe(4)
    expect(said(command)).toMatchObject({ text: 'The bot no longer knows this picture. Ask anew with /imagine.' })
  })

  test('suggests one’s own pictures by their words', async () => {
    const fox = past('a fox in the snow')
    past('a cat')
    pastJob(rig, ann, { request: requestSchema.parse({ prompt: 'a fox that failed' }) })
    pastJob(rig, { id: '1', name: 'bob' }, { files: [{}], request: requestSchema.parse({ prompt: 'bob’s fox' }) })
    const typed = async (text: string) => {
      const typing = rig.standIn.type('/images show', 'id', text)
      expect(await typing.answered()).toBe(8)
      return typing.interaction.choices
    }
    expect((await typed('')).map(({ name }) => name)).toEqual(['a cat', 'a fox in the snow'])
    expect(await typed('FOX')).toEqual([{ name: 'a fox in the snow', value: fox.id }])
    expect(await typed(fox.id.slice(0, 6))).toContainEqual({ name: 'a fox in the snow', value: fox.id })
    for (let i = 1; i <= 30; i += 1) past(`${'🦊'.repeat(300)} ${i}`)
    expect(await typed('')).toHaveLength(25)
  })

  test('suggests nothing rather than too late, and nothing where there is nothing to suggest', async () => {
    past('a fox')
    rig.studio.lookWith(() => new Promise(() => undefined))
    const typing = rig.standIn.type('/images show', 'id', '')
    await eventually(() => rig.clock.sleeping().includes(1_500), 'it waits')
    rig.clock.advance(1_500)
    expect(await typing.answered()).toBe(8)
    expect(typing.interaction.choices).toEqual([])
    rig.studio.lookWith(() => Promise.reject(new Error('away')))
    const failing = rig.standIn.type('/images show', 'id', '')
    expect(await failing.answered()).toBe(8)
    const other = rig.standIn.type('/imagine', 'prompt', 'a fox')
    expect(await other.answered()).toBe(8)
  })
})

describe('/images usage and /images help', () => {
  test('tell the asker alone', async () => {
    rig.studio.usageWith(async () => ({ today: 38, month: 380, pictures: 31, personDayCap: 100, dayOver: false }))
    const usage = rig.standIn.command('/images usage', {})
    expect(await usage.answered()).toBe(4)
    expect(said(usage)).toMatchObject({
      text: 'Today: 38 of 100 credits.\nLast 30 days: 380 credits, 31 pictures.',
      ephemeral: true,
    })
    const help = rig.standIn.command('/images help', {})
    expect(await help.answered()).toBe(4)
    expect(said(help)).toMatchObject({ text: expect.stringContaining('/imagine a fox in the snow'), ephemeral: true })
  })
})
