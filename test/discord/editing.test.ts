import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { placeOf } from '../../src/discord/address.ts'
import { liveJob, madeJob, pastJob } from './jobs.ts'
import { eventually, type Rig, startRig } from './rig.ts'
import { type Invocation, routes, type StoredMessage } from './stand-in.ts'
import { noise } from './views.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig({ userInstall: true })
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const said = (invocation: Invocation) => rig.standIn.screen(invocation.message())
const picture = async (name = 'cat.png') => ({ name, bytes: await noise() })

/** Somebody's message with these files, which the bot never heard of. */
async function posted(...names: readonly string[]): Promise<StoredMessage> {
  const attachments = await Promise.all(names.map(picture))
  return rig.standIn.say({ author: 'bob', content: 'look', attachments }).posted
}

/** The form that opens. */
async function opened(opener: Invocation) {
  expect(await opener.answered()).toBe(9)
  return rig.standIn.form(opener)
}

async function drafted(count = 1): Promise<void> {
  await eventually(() => rig.drafts.all.size >= count, 'the draft is written')
}

describe('Edit image', () => {
  test('on anybody’s message opens a form, and what is sent in it is an edit of its pictures', async () => {
    const { standIn } = rig
    const menu = standIn.menu(await posted('cat.png', 'notes.txt', 'dog.jpg'), 'Edit image')
    const { title, fields } = await opened(menu)
    expect(title).toBe('Edit a picture')
    expect(fields.map(({ label, type }) => `${label}: ${type}`)).toEqual([
      ...['What to change: 4', 'Shape: 3', 'Quality: 3', 'More pictures to use: 19', 'Only to me: 23'],
    ])
    await drafted()
    const sent = standIn.submit(menu, {
      'What to change': 'make it night',
      Shape: '3:2 landscape',
      Quality: 'High (28 credits)',
      'More pictures to use': [await picture('hat.png'), { name: 'x.txt', bytes: Buffer.from('x') }],
    })
    const { ask } = await rig.accepted()
    expect(await sent.answered()).toBe(5)
    expect(said(sent)).toMatchObject({ thinking: true, ephemeral: false })
    expect(ask).toMatchObject({
      eventKey: `discord:${sent.id}`,
      action: 'edit',
      parentId: null,
      input: { prompt: 'make it night', aspectRatio: '3:2', quality: 'high', private: false },
      inputs: [{ name: 'hat.png' }, { name: 'cat.png' }, { name: 'dog.jpg' }],
      omitted: [{ name: 'x.txt', why: 'not_a_picture' }],
      problems: [],
    })
  })

  test('on a forwarded picture is an edit of it', async () => {
    const { standIn } = rig
    const { posted: forward } = standIn.say({ author: 'bob', forwards: await posted('cat.png') })
    const menu = standIn.menu(forward, 'Edit image')
    await opened(menu)
    await drafted()
    standIn.submit(menu, { 'What to change': 'make it night', 'Only to me': true })
    const { ask } = await rig.accepted()
    expect(ask).toMatchObject({ inputs: [{ kind: 'remote', name: 'cat.png' }], input: { private: true } })
    expect(placeOf(ask.address).ephemeral).toBe(true)
  })

  test('where only its user installed the app works as well', async () => {
    const { standIn } = rig
    const message = standIn.say({ where: 'user_installed', attachments: [await picture()] }).posted
    const menu = standIn.menu(message, 'Edit image', { where: 'user_installed' })
    await opened(menu)
    await drafted()
    const sent = standIn.submit(menu, { 'What to change': 'blue' }, { where: 'user_installed', forcedEphemeral: true })
    const job = await rig.accepted()
    expect(said(sent).ephemeral).toBe(true)
    expect(placeOf(job.address)).toMatchObject({ ephemeral: true, botReaches: false })
  })

  test('on a result keeps its lineage, its shape and what it hides', async () => {
    const { job, message } = await madeJob(rig)
    const menu = rig.standIn.menu(message, 'Edit image', { name: 'bob' })
    await opened(menu)
    await drafted()
    rig.standIn.submit(menu, { 'What to change': 'make it night' }, { name: 'bob' })
    expect((await rig.accepted(2)).ask).toMatchObject({
      parentId: job.id,
      inputs: [{ kind: 'result', jobId: job.id, n: 1 }],
      input: { aspectRatio: '1:1', spoiler: false },
    })
  })

  test.each([
    ['nothing but words', async () => rig.standIn.say({ content: 'hello' }).posted, 'I can’t see a picture there.'],
    ['a result still being made', async () => (await liveJob(rig)).message, 'This picture is still being made.'],
    [
      'a picture too large',
      async () => {
        const message = await posted('cat.png')
        const [file] = message.files
        if (file !== undefined) message.files = [{ ...file, bytes: Buffer.alloc(21 * 1024 * 1024) }]
        return message
      },
      'larger than 20 MB',
    ],
  ])('on %s says so', async (_, message, words) => {
    const menu = rig.standIn.menu(await message(), 'Edit image')
    expect(await menu.answered()).toBe(4)
    expect(said(menu)).toMatchObject({ text: expect.stringContaining(words), ephemeral: true })
    expect(rig.drafts.all.size).toBe(0)
  })

  test('where the bot may not attach files says so before anybody types', async () => {
    const { message } = await madeJob(rig)
    const may = { appPermissions: 1n << 10n }
    for (const invocation of [
      rig.standIn.menu(await posted('cat.png'), 'Edit image', may),
      rig.standIn.press(message, 'Edit…', may),
    ]) {
      expect(await invocation.answered()).toBe(4)
      expect(said(invocation).text).toContain('Attach Files')
    }
  })

  test('opens the form before anything is looked up or written down', async () => {
    const release = Promise.withResolvers<void>()
    rig.studio.lookWith(() => release.promise)
    const menu = rig.standIn.menu(await posted('cat.png'), 'Edit image')
    await opened(menu)
    expect(rig.drafts.all.size).toBe(0)
    release.resolve()
    await drafted()
  })

  test('twice, or heard by two replicas, opens one form, whose draft is found', async () => {
    const menu = rig.standIn.menu(await posted('cat.png'), 'Edit image')
    await opened(menu)
    rig.standIn.redeliver(menu)
    await drafted(2)
    const acks = () => rig.standIn.sent('POST', routes.callback).map(({ status }) => status)
    await eventually(() => acks().join() === '200,400', 'the second one is refused')
    rig.standIn.submit(menu, { 'What to change': 'make it night' })
    await rig.accepted()
    expect(rig.lines.join()).not.toContain('not answered')
  })
})

describe('a form that was sent', () => {
  async function form() {
    const menu = rig.standIn.menu(await posted('cat.png'), 'Edit image')
    await opened(menu)
    await drafted()
    return menu
  }

  test('may have flags in its words, which count before the lists', async () => {
    rig.standIn.submit(await form(), {
      'What to change': 'night <:moon:1423456789012345678> --hq --ar 2:3 --spoiler',
      Shape: '1:1 square',
    })
    const { ask } = await rig.accepted()
    expect(ask.input).toMatchObject({ prompt: 'night :moon:', quality: 'high', aspectRatio: '2:3', spoiler: true })
  })

  test('whose pictures are forgotten says so', async () => {
    const menu = await form()
    rig.drafts.forget()
    const sent = rig.standIn.submit(menu, { 'What to change': 'make it night' })
    expect(await sent.answered()).toBe(4)
    expect(said(sent).text).toBe('This form was open for too long. Open it again.')
  })

  test('by somebody who did not open it is forgotten as well', async () => {
    const sent = rig.standIn.submit(await form(), { 'What to change': 'make it night' }, { name: 'eve' })
    expect(await sent.answered()).toBe(4)
    expect(said(sent).text).toContain('open for too long')
    expect(rig.studio.asks).toEqual([])
  })

  test('whose draft can’t be read is answered with words', async () => {
    const menu = await form()
    rig.drafts.get = () => Promise.reject(new AppError('store_unavailable'))
    const sent = rig.standIn.submit(menu, { 'What to change': 'make it night' })
    expect(await sent.answered()).toBe(4)
    expect(said(sent).text).toContain('can’t write down requests right now')
  })

  test('whose draft takes its time is deferred, and accepted all the same', async () => {
    const menu = await form()
    const [draft] = rig.drafts.all.values()
    const release = Promise.withResolvers<void>()
    rig.drafts.get = async () => {
      await release.promise
      return draft ?? null
    }
    const sent = rig.standIn.submit(menu, { 'What to change': 'make it night', 'Only to me': true })
    await eventually(() => rig.clock.sleeping().includes(800), 'it waits')
    rig.clock.advance(800)
    expect(await sent.answered()).toBe(5)
    release.resolve()
    await rig.accepted()
    expect(said(sent)).toMatchObject({ ephemeral: true, thinking: true })
    expect(rig.standIn.sent('POST', routes.callback)).toHaveLength(2)
  })

  test('delivered twice has the same key both times', async () => {
    const sent = rig.standIn.submit(await form(), { 'What to change': 'make it night' })
    await rig.accepted()
    rig.studio.answerWith(async () => undefined)
    rig.standIn.redeliver(sent)
    await eventually(() => rig.studio.asks.length === 2, 'it arrived twice')
    expect(rig.studio.asks[0]?.eventKey).toBe(rig.studio.asks[1]?.eventKey)
  })

  test('of another version is answered politely', async () => {
    const menu = await form()
    menu.interaction.form = { ...(menu.interaction.form as object), custom_id: 'f9:draft:1' }
    const sent = rig.standIn.submit(menu, { 'What to change': 'make it night' })
    expect(await sent.answered()).toBe(4)
    expect(said(sent).text).toContain('older version')
  })
})

describe('Edit… under a result', () => {
  test('opens a form with its words and choices, and sends an edit of its pictures', async () => {
    const { job, message } = await madeJob(rig)
    const press = rig.standIn.press(message, 'Edit…', { name: 'bob' })
    const { fields } = await opened(press)
    expect(fields.map(({ label, value }) => [label, value])).toEqual([
      ...[
        ['What to draw', 'a fox'],
        ['Shape', null],
        ['Quality', null],
      ],
      ...[
        ['More pictures to use', null],
        ['Only to me', false],
      ],
    ])
    const chosen = fields.flatMap(({ options }) => options.filter((one) => one.default === true))
    expect(chosen.map(({ value }) => value)).toEqual(['1:1', 'medium'])
    rig.standIn.submit(press, { 'What to draw': 'a fox at night' }, { name: 'bob' })
    expect((await rig.accepted(2)).ask).toMatchObject({
      action: 'edit',
      parentId: job.id,
      person: { name: 'bob' },
      input: { prompt: 'a fox at night', aspectRatio: '1:1', quality: 'medium', private: false },
      inputs: [{ kind: 'result', jobId: job.id, n: 1 }],
    })
    expect(rig.drafts.all.size).toBe(0)
  })

  test('with several pictures asks which', async () => {
    const { job, message } = await madeJob(rig, { pictures: 3 })
    const press = rig.standIn.press(message, 'Edit…')
    const { fields } = await opened(press)
    expect(fields.map(({ label }) => label)).toEqual([
      ...['What to draw', 'Pictures to change', 'Shape', 'Quality', 'More pictures to use'],
    ])
    expect(() => rig.standIn.submit(press, { 'What to draw': 'night' })).toThrow('is not chosen')
    rig.standIn.submit(press, { 'What to draw': 'night', 'Pictures to change': ['Picture 1', 'Picture 3'] })
    expect((await rig.accepted(2)).ask.inputs).toMatchObject([
      { kind: 'result', jobId: job.id, n: 1 },
      { kind: 'result', jobId: job.id, n: 3 },
    ])
  })

  test('asks for the change alone where the words are longer than a form holds', async () => {
    const { job, message } = await madeJob(rig)
    rig.studio.know({ ...job, request: { ...job.request, prompt: 'x'.repeat(4_001) } })
    const { fields } = await opened(rig.standIn.press(message, 'Edit…'))
    expect(fields[0]).toMatchObject({ label: 'What to change', value: null })
  })

  test('opens without its words when the store takes too long, and still knows its job', async () => {
    const { job, message } = await madeJob(rig)
    rig.studio.lookWith(() => new Promise(() => undefined))
    const press = rig.standIn.press(message, 'Edit…')
    await eventually(() => rig.clock.sleeping().includes(1_200), 'it waits')
    rig.clock.advance(1_200)
    expect((await opened(press)).fields[0]?.label).toBe('What to change')
    rig.studio.lookWith(async () => undefined)
    rig.standIn.submit(press, { 'What to change': 'make it night' })
    expect((await rig.accepted(2)).ask).toMatchObject({ parentId: job.id, inputs: [{ kind: 'result' }] })
  })

  test('of a private result is private again unless somebody says otherwise', async () => {
    const { message } = await madeJob(rig, { private: true })
    const press = rig.standIn.press(message, 'Edit…')
    await opened(press)
    rig.standIn.submit(press, { 'What to draw': 'a cat' })
    expect(placeOf((await rig.accepted(2)).address).ephemeral).toBe(true)
  })

  test('of a request that failed starts from its own pictures', async () => {
    const { message } = await madeJob(rig)
    const inputs = [{ kind: 'remote' as const, name: 'cat.png', at: null }]
    const job = pastJob(rig, { id: '1', name: 'ann' }, { id: 'failed1', inputs })
    const press = rig.standIn.press(message, `a1:edit:${job.id}`, { unchecked: true })
    await opened(press)
    rig.standIn.submit(press, { 'What to draw': 'a cat' })
    expect((await rig.accepted(2)).ask).toMatchObject({ action: 'edit', parentId: job.id, inputs })
  })

  test.each([
    ['that nobody knows any more', 'unknown1', 'no longer knows this picture'],
    ['that is somebody else’s and private', 'private1', 'belongs to somebody else'],
    ['that is still being made', 'live1', 'still being made'],
  ])('of one %s says so', async (_, jobId, words) => {
    const { message, job } = await madeJob(rig)
    pastJob(rig, { id: '1', name: 'eve' }, { id: 'private1', request: { ...job.request, private: true } })
    pastJob(rig, job.person, { id: 'live1', state: 'running' })
    const press = rig.standIn.press(message, `a1:edit:${jobId}`, { unchecked: true })
    expect(await press.answered()).toBe(4)
    expect(said(press)).toMatchObject({ text: expect.stringContaining(words), ephemeral: true })
  })
})
