import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../src/core/job.ts'
import { placeOf } from '../../src/discord/address.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { eventually, type Rig, type RigJob, startRig } from './rig.ts'
import { routes, type Said, type StoredMessage } from './stand-in.ts'
import { noise, result, running, startJob } from './views.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

/** What the bot answers, as the sender sees it. */
async function answered(said: Said) {
  await rig.standIn.until(() => said.message(), 'an answer')
  return rig.standIn.screen(said.message())
}

/** A job whose picture is shown, known to the studio by its message. */
async function resultOf(command: RigJob, pictures = 1): Promise<StoredMessage> {
  const files = await Promise.all(Array.from({ length: pictures }, () => noise()))
  const receipt = await rig.show(command, result(files.map((bytes) => heldPicture({ type: 'image/png', bytes }))))
  known(receipt.messageKey, { state: 'delivered', receipt, endedAt: 1 }, command)
  return rig.standIn.message(placeOf(receipt.address).messageId ?? '')
}

function known(messageKey: string | null, end: object, { head, ask }: RigJob): void {
  const job = { id: head.jobId, request: head.request, inputs: ask.inputs, ...end } as unknown as Job
  rig.studio.findWith(async (key) => (key === messageKey ? job : null))
}

/** Nothing comes of these: a last one that is heard shows that they were. */
async function unheard(...sayings: readonly Parameters<Rig['standIn']['say']>[0][]): Promise<void> {
  for (const saying of sayings) rig.standIn.say(saying)
  rig.standIn.say({ content: 'the last one', mentionsBot: true })
  await eventually(() => rig.studio.asks.some(({ input }) => input.prompt === 'the last one'), 'the last one')
  expect(rig.studio.asks).toHaveLength(1)
  expect(rig.standIn.sent('POST', routes.messages)).toEqual([])
}

describe('a mention', () => {
  test('starts a job whose one message answers it, without a ping', async () => {
    const { standIn } = rig
    const said = standIn.say({ content: 'a fox in the snow', mentionsBot: true, nick: 'Ann the 1st' })
    const job = await rig.accepted()
    expect(job.ask).toMatchObject({
      eventKey: `discord:message:${said.id}`,
      person: { id: said.posted.author.id, name: 'Ann the 1st' },
      action: 'imagine',
      input: { prompt: 'a fox in the snow' },
    })
    expect(job.ack).toBeNull()
    expect(standIn.requests.filter(({ method }) => method === 'POST')).toEqual([])
    await rig.show(job, { kind: 'queued', place: 2 })
    expect(await answered(said)).toMatchObject({ text: 'a fox in the snow\nIn line, number 2…', ephemeral: false })
    await rig.show(job, running)
    const bytes = await noise()
    const receipt = await rig.show(job, result([heldPicture({ type: 'image/png', bytes })]))
    expect(said.answers()).toHaveLength(1)
    expect((await answered(said)).pictures[0]?.bytes.equals(bytes)).toBe(true)
    expect(receipt.messageKey).toBe(`${said.posted.channelId}:${said.message()?.id}`)
    expect(said.message()?.pings).toEqual([])
    expect(standIn.sent('POST', routes.messages)[0]?.body).toMatchObject({
      allowed_mentions: { parse: [], replied_user: false },
      message_reference: { message_id: said.id, fail_if_not_exists: false },
      enforce_nonce: true,
    })
    expect(standIn.sent('PATCH', /./).every(({ route, authorized }) => route === routes.message && authorized)).toBe(
      true,
    )
  })

  test('with nothing else is answered with how to use the bot, once', async () => {
    const said = rig.standIn.say({ mentionsBot: true })
    expect((await answered(said)).text).toContain('/imagine a fox in the snow')
    rig.standIn.redeliver(said)
    await rig.standIn.until(() => rig.standIn.sent('POST', routes.messages)[1]?.status, 'the second try')
    expect(said.answers()).toHaveLength(1)
    expect(rig.studio.asks).toEqual([])
  })

  test('with a picture is an edit of it', async () => {
    const bytes = await noise()
    rig.standIn.say({ content: 'make it blue', mentionsBot: true, attachments: [{ name: 'cat.png', bytes }] })
    const { ask } = await rig.accepted()
    expect(ask.action).toBe('edit')
    const [ref] = ask.inputs
    if (ref?.kind !== 'remote') throw new Error('no picture')
    const opened = await rig.adapter.surface.input(ref).picture.open(new AbortController().signal)
    expect(opened.type).toBe('image/png')
    await opened.body[Symbol.asyncIterator]().return?.(undefined)
  })

  test('that is refused is answered with words', async () => {
    rig.studio.answerWith(async (ask, reply) => {
      await reply.defer()
      await reply.refuse({ kind: 'problems', problems: ask.problems })
    })
    const said = rig.standIn.say({ content: 'a fox --shape @everyone', mentionsBot: true })
    expect(await answered(said)).toMatchObject({
      text: 'I don’t know --shape. I know --ar, --quality, --hq, --count, --private and --spoiler.',
      buttons: [],
      markup: [],
    })
    expect(said.message()?.pings).toEqual([])
  })

  test('that a studio throws on is answered with words, and costs nothing else', async () => {
    rig.studio.answerWith(() => Promise.reject(new Error('boom')))
    const said = rig.standIn.say({ content: 'a very secret fox', mentionsBot: true })
    expect((await answered(said)).text).toContain('Something went wrong on our side')
    rig.studio.answerWith(null)
    rig.standIn.say({ content: 'a cat', mentionsBot: true })
    expect((await rig.accepted()).ask.input.prompt).toBe('a cat')
    expect(rig.lines.join()).not.toContain('secret')
  })

  test('delivered twice has the same key both times', async () => {
    const said = rig.standIn.say({ content: 'a fox', mentionsBot: true })
    await rig.accepted()
    rig.standIn.redeliver(said)
    await eventually(() => rig.studio.asks.length === 2, 'it arrived twice')
    expect(rig.studio.asks[0]?.eventKey).toBe(rig.studio.asks[1]?.eventKey)
  })
})

describe('a direct message', () => {
  test('is for the bot without a mention', async () => {
    const said = rig.standIn.say({ content: 'a fox', where: 'bot_dm' })
    const job = await rig.accepted()
    expect(job.ask).toMatchObject({ workspace: '@me', input: { prompt: 'a fox' } })
    await rig.show(job, { kind: 'queued', place: 1 })
    expect((await answered(said)).text).toBe('a fox\nNext in line…')
  })
})

describe('a reply to a result', () => {
  test('is an edit of its pictures, in their shape', async () => {
    const { accepted } = await startJob(rig)
    const shown = await resultOf(
      { ...accepted, head: { ...accepted.head, request: { ...accepted.head.request, aspectRatio: '2:3' } } },
      2,
    )
    rig.standIn.say({ content: 'make it night', mentionsBot: true, replyTo: shown, author: 'bob' })
    const { ask } = await rig.accepted(2)
    expect(ask).toMatchObject({
      action: 'edit',
      parentId: accepted.head.jobId,
      input: { prompt: 'make it night', aspectRatio: '2:3' },
      inputs: [
        { kind: 'result', jobId: accepted.head.jobId, n: 1 },
        { kind: 'result', jobId: accepted.head.jobId, n: 2 },
      ],
    })
  })

  test('that answers an ordinary message needs only the ping of the reply', async () => {
    rig.standIn.say({ content: 'a fox', mentionsBot: true })
    const shown = await resultOf(await rig.accepted())
    rig.standIn.say({ content: 'make it night', replyTo: shown })
    const { ask } = await rig.accepted(2)
    expect(ask).toMatchObject({ input: { prompt: 'make it night' }, inputs: [{ kind: 'result', n: 1 }] })
  })

  test('that arrives empty, for it answers a command and mentions nobody, is told once what works', async () => {
    const { standIn, clock } = rig
    const { accepted } = await startJob(rig)
    const shown = await resultOf(accepted)
    const said = standIn.say({ content: 'make it night', replyTo: shown, author: 'bob' })
    expect((await answered(said)).text).toBe(
      'I can’t read this message. Mention me in your reply and say what to change, or open the picture’s menu and choose Apps, then Edit image.',
    )
    expect(said.message()?.pings).toEqual([])
    // Delivered twice, and said again by the same person: nothing more for an hour. Somebody else is told.
    standIn.redeliver(said)
    const again = standIn.say({ content: 'hello?', replyTo: shown, author: 'bob' })
    await answered(standIn.say({ content: 'and now', replyTo: shown, author: 'cid' }))
    expect(said.answers()).toHaveLength(1)
    expect(again.answers()).toEqual([])
    clock.advance(3_600_000)
    await answered(standIn.say({ content: 'and now', replyTo: shown, author: 'bob' }))
    expect(rig.studio.asks).toHaveLength(1)
  })

  test('with words that are refused costs nothing', async () => {
    const { accepted } = await startJob(rig)
    const shown = await resultOf(accepted)
    const said = rig.standIn.say({ content: 'no --private', mentionsBot: true, replyTo: shown })
    rig.studio.answerWith((ask, reply) => reply.refuse({ kind: 'problems', problems: ask.problems }))
    expect((await answered(said)).text).toBe('A message can’t be answered privately. Use /imagine instead.')
  })

  test.each([['still being made', { state: 'running' }]])(
    '%s is refused, not drawn from words alone',
    async (_, state) => {
      const { accepted, message } = await startJob(rig)
      known(`${message.channelId}:${message.id}`, state, accepted)
      const said = rig.standIn.say({ content: 'make it night', mentionsBot: true, replyTo: message })
      expect((await answered(said)).text).toBe('This picture is still being made. Try again when it is done.')
      expect(rig.studio.asks).toHaveLength(1)
    },
  )

  test('that failed is a new request', async () => {
    const { accepted, message } = await startJob(rig)
    known(`${message.channelId}:${message.id}`, { state: 'delivered', receipt: { files: [] } }, accepted)
    rig.standIn.say({ content: 'a red fox', mentionsBot: true, replyTo: message })
    expect((await rig.accepted(2)).ask).toMatchObject({ action: 'imagine', parentId: null, inputs: [] })
  })

  test('that failed to change a picture is about that picture', async () => {
    const { standIn } = rig
    const command = standIn.command('/imagine', { prompt: 'make it blue', image: await picture() })
    const accepted = await rig.accepted()
    const message = command.message()
    known(`${message?.channelId}:${message?.id}`, { state: 'delivered', receipt: { files: [] } }, accepted)
    standIn.say({ content: 'make it red', mentionsBot: true, replyTo: message as StoredMessage })
    const { ask } = await rig.accepted(2)
    expect(ask).toMatchObject({ action: 'edit', parentId: accepted.head.jobId, inputs: [{ name: 'cat.png' }] })
  })

  test('with a picture of its own uses both, its own first', async () => {
    const { accepted } = await startJob(rig)
    const shown = await resultOf(accepted)
    const attachments = [await picture(), { name: 'notes.txt', bytes: Buffer.from('x') }]
    rig.standIn.say({ content: 'put this hat on it', mentionsBot: true, replyTo: shown, attachments })
    expect((await rig.accepted(2)).ask).toMatchObject({
      parentId: accepted.head.jobId,
      inputs: [
        { kind: 'remote', name: 'cat.png' },
        { kind: 'result', jobId: accepted.head.jobId, n: 1 },
      ],
      omitted: [{ name: 'notes.txt', why: 'not_a_picture' }],
    })
  })
})

const picture = async () => ({ name: 'cat.png', bytes: await noise() })

describe('a reply to somebody’s picture', () => {
  test('in direct messages is an edit of it', async () => {
    const { posted } = rig.standIn.say({ where: 'bot_dm', attachments: [await picture()], content: 'a cat' })
    await rig.accepted()
    rig.standIn.say({ content: 'make it blue', replyTo: posted })
    expect((await rig.accepted(2)).ask).toMatchObject({ action: 'edit', inputs: [{ kind: 'remote', name: 'cat.png' }] })
  })

  test('that Discord hides is answered with what to do, and nothing is drawn', async () => {
    const { posted } = rig.standIn.say({ author: 'bob', attachments: [await picture()] })
    const said = rig.standIn.say({ content: 'make it blue', mentionsBot: true, replyTo: posted })
    expect((await answered(said)).text).toBe(
      'I can’t see what is in that message. Attach its picture here, or open its menu and choose Apps, then Edit image.',
    )
    const untold = rig.standIn.say({ content: 'blue', mentionsBot: true, replyTo: posted, unresolved: true })
    expect((await answered(untold)).text).toContain('I can’t see what is in that message')
    expect(rig.standIn.sent('GET', routes.message).map(({ status }) => status)).toEqual([200])
    posted.deleted = true
    const gone = rig.standIn.say({ content: 'make it blue', mentionsBot: true, replyTo: posted })
    expect((await answered(gone)).text).toContain('no longer there')
    expect(rig.studio.asks).toEqual([])
  })

  test('that mentions the bot itself is an edit of it', async () => {
    const { posted } = rig.standIn.say({
      author: 'bob',
      content: 'look at my cat',
      mentionsBot: true,
      attachments: [await picture()],
    })
    await rig.accepted()
    rig.standIn.say({ content: 'make it blue', mentionsBot: true, replyTo: posted })
    expect((await rig.accepted(2)).ask).toMatchObject({ action: 'edit', inputs: [{ kind: 'remote', name: 'cat.png' }] })
  })

  test('that Discord hides is named as left out where there are others', async () => {
    const { posted } = rig.standIn.say({ author: 'bob', attachments: [await picture()] })
    const own = {
      content: 'both',
      mentionsBot: true,
      replyTo: posted,
      attachments: [{ ...(await picture()), name: 'hat.png' }],
    }
    rig.standIn.say(own)
    expect((await rig.accepted()).ask).toMatchObject({
      inputs: [{ name: 'hat.png' }],
      omitted: [{ name: 'the message you answered', why: 'not_visible' }],
    })
    posted.deleted = true
    rig.standIn.say(own)
    expect((await rig.accepted(2)).ask.omitted).toMatchObject([{ why: 'gone' }])
  })

  test('that Discord did not look up is asked for', async () => {
    const { posted } = rig.standIn.say({ where: 'bot_dm', attachments: [await picture()], content: 'a cat' })
    await rig.accepted()
    rig.standIn.say({ content: 'make it blue', replyTo: posted, unresolved: true })
    expect((await rig.accepted(2)).ask).toMatchObject({ action: 'edit', inputs: [{ name: 'cat.png' }] })
    expect(rig.standIn.sent('GET', routes.message)).toHaveLength(1)
    posted.deleted = true
    const gone = rig.standIn.say({ content: 'make it red', replyTo: posted, unresolved: true })
    expect((await answered(gone)).text).toContain('no longer there')
  })

  test('may be forwarded to the bot', async () => {
    const { posted } = rig.standIn.say({ author: 'bob', attachments: [await picture()] })
    const forward = rig.standIn.say({ where: 'bot_dm', forwards: posted })
    rig.studio.answerWith((_, reply) => reply.refuse({ kind: 'problems', problems: [{ kind: 'prompt_missing' }] }))
    expect((await answered(forward)).text).toContain('Say what to draw')
    rig.studio.answerWith(null)
    rig.standIn.say({ content: 'make it blue', replyTo: forward.posted })
    expect((await rig.accepted()).ask).toMatchObject({ action: 'edit', inputs: [{ kind: 'remote', name: 'cat.png' }] })
  })
})

describe('what is not for the bot', () => {
  test('is left alone', async () => {
    const role = '<@&1441787346935906305>'
    await unheard(
      { content: 'a fox' },
      { content: '@everyone a fox' },
      { content: `${role} a fox` },
      { content: 'a fox', mentionsBot: true, by: 'bot' },
      { content: 'a fox', mentionsBot: true, by: 'webhook' },
      { where: 'bot_dm' },
    )
  })

  test('nor is what it says itself, by whichever way it hears of it', async () => {
    const said = rig.standIn.say({ mentionsBot: true, where: 'bot_dm' })
    await answered(said)
    rig.standIn.say({ content: 'the last one', mentionsBot: true })
    await rig.accepted()
    expect(said.answers()).toHaveLength(1)
    expect(rig.studio.asks).toHaveLength(1)
  })
})

describe('with the message content intent', () => {
  let own: Rig
  beforeEach(async () => {
    own = await startRig({
      before: ({ world }) => {
        world.applicationFlags = 1 << 19
      },
    })
  })
  afterEach(async () => {
    await own[Symbol.asyncDispose]()
  })

  test('a reply to a result needs neither a mention nor a ping', async () => {
    const { accepted, message } = await startJob(own)
    const bytes = await noise()
    const receipt = await own.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    const { jobId: id, request } = accepted.head
    const job = { id, request, inputs: [], state: 'delivered', receipt, endedAt: 1 } as unknown as Job
    own.studio.findWith(async (key) => (key === receipt.messageKey ? job : null))
    const said = own.standIn.say({ content: 'make it night', replyTo: message, author: 'bob' })
    expect((await own.accepted(2)).ask).toMatchObject({ parentId: id, inputs: [{ kind: 'result' }] })
    expect(said.answers()).toEqual([])
  })

  test('somebody’s picture can be edited by a reply that mentions the bot', async () => {
    const { posted } = own.standIn.say({ author: 'bob', attachments: [await picture()] })
    own.standIn.say({ content: 'make it blue', mentionsBot: true, replyTo: posted })
    expect((await own.accepted()).ask).toMatchObject({ action: 'edit', inputs: [{ name: 'cat.png' }] })
    const { posted: forward } = own.standIn.say({ author: 'bob', forwards: posted })
    own.standIn.say({ content: 'make it red', mentionsBot: true, replyTo: forward })
    expect((await own.accepted(2)).ask).toMatchObject({ action: 'edit', inputs: [{ name: 'cat.png' }] })
  })

  test('what people say to each other, and under other words of the bot, is left alone', async () => {
    const help = own.standIn.say({ mentionsBot: true })
    await own.standIn.until(() => help.message())
    own.standIn.say({ content: 'thank you', replyTo: help.message() as StoredMessage, ping: false })
    own.standIn.say({ content: 'a fox', author: 'bob' })
    own.standIn.say({ content: 'the last one', mentionsBot: true })
    await own.accepted()
    expect(own.studio.asks.map(({ input }) => input.prompt)).toEqual(['the last one'])
  })
})

describe('what the bot may not do in a channel', () => {
  test.each([
    ['a channel', { type: 0, mayAttach: false }, ['attach_files']],
    ['a thread', { type: 11, maySend: false }, ['send_in_threads']],
  ] as const)('is said before anything is started, in %s', async (_, given, permissions) => {
    let channelId = ''
    await using own = await startRig({
      before: ({ world }) => {
        const parentId = world.channelOf.guild
        channelId = world.addChannel({ ...given, guildId: world.guildId, parentId }).id
      },
    })
    own.studio.answerWith(async () => undefined)
    own.standIn.say({ content: 'a fox', mentionsBot: true, channel: channelId })
    await eventually(() => own.studio.asks.length > 0, 'it arrived')
    expect(own.studio.asks[0]?.problems).toEqual([{ kind: 'permission_missing', permissions }])
  })

  test('is not said of one that it does not know, or may do all in', async () => {
    const { id: channel } = rig.standIn.world.addChannel({ type: 0, guildId: rig.standIn.world.guildId })
    rig.standIn.say({ content: 'a fox', mentionsBot: true, channel })
    rig.standIn.say({ content: 'a fox', mentionsBot: true })
    await rig.accepted(2)
    expect(rig.studio.asks.map(({ problems }) => problems)).toEqual([[], []])
  })
})

describe('a place', () => {
  test('where the bot may not read what was said before gets the answer without its reference', async () => {
    const channel = rig.standIn.world.addChannel({ type: 0, guildId: rig.standIn.world.guildId, mayReadHistory: false })
    rig.standIn.say({ content: 'a fox', mentionsBot: true, channel: channel.id })
    const job = await rig.accepted()
    const receipt = await rig.show(job, { kind: 'queued', place: 1 })
    const posts = rig.standIn.sent('POST', routes.messages)
    expect(posts.map(({ status }) => status)).toEqual([403, 200])
    expect(posts[1]?.body).not.toHaveProperty('message_reference')
    expect(rig.standIn.screen(rig.standIn.message(placeOf(receipt.address).messageId ?? '')).text).toContain(
      'Next in line',
    )
  })

  test('whose question was deleted meanwhile gets the answer all the same', async () => {
    const said = rig.standIn.say({ content: 'a fox', mentionsBot: true })
    const job = await rig.accepted()
    said.posted.deleted = true
    await rig.show(job, { kind: 'queued', place: 1 })
    expect(rig.standIn.sent('POST', routes.messages).map(({ status }) => status)).toEqual([200])
  })

  test('where the bot may not speak is no failure of the process', async () => {
    const channel = rig.standIn.world.addChannel({ type: 0, guildId: rig.standIn.world.guildId, maySend: false })
    rig.standIn.say({ mentionsBot: true, channel: channel.id })
    await eventually(() => rig.lines.join().includes('MissingPermissions'), 'it is logged')
    expect(rig.standIn.sent('POST', routes.messages)).toHaveLength(1)
  })

  test('has one message of a job, also when the answer to its first post got lost', async () => {
    const said = rig.standIn.say({ content: 'a fox', mentionsBot: true })
    const job = await rig.accepted()
    rig.standIn.fail({ method: 'POST', route: routes.messages, status: 502, html: true, effective: true })
    await expect(rig.show(job, { kind: 'queued', place: null })).rejects.toMatchObject({ code: 'surface_unavailable' })
    await rig.show(job, running)
    expect(said.answers()).toHaveLength(1)
    expect((await answered(said)).text).toContain('Drawing')
  })
})

test('a resumed connection brings what was said meanwhile, once', async () => {
  const { gateway } = rig.standIn
  gateway.drop('cut')
  rig.standIn.say({ content: 'a fox', mentionsBot: true })
  await rig.accepted()
  expect(gateway.history).toContain('resume')
  expect(rig.studio.asks).toHaveLength(1)
})
