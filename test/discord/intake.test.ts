import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { placeOf } from '../../src/discord/address.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { eventually, freeCall, type Rig, type RigJob, startRig } from './rig.ts'
import { type CommandOptions, type Invocation, routes } from './stand-in.ts'
import { noise, result } from './views.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig({ userInstall: true })
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const png = Buffer.from('89504e470d0a1a0a', 'hex')
const said = (command: Invocation) => rig.standIn.screen(command.message())

describe('the ack of a command', () => {
  test('is a placeholder, once, and its receipt finds the message again', async () => {
    const { standIn } = rig
    const command = standIn.command('/imagine', { prompt: 'a fox in the snow', aspect_ratio: '3:2', count: 2 })
    const job = await rig.accepted()
    expect(await command.answered()).toBe(5)
    expect(said(command)).toMatchObject({ thinking: true, ephemeral: false })
    expect(standIn.sent('POST', routes.callback)).toHaveLength(1)
    const message = command.message()
    expect(job.ack?.messageKey).toBe(`${message?.channelId}:${message?.id}`)
    expect(placeOf(job.address)).toMatchObject({ messageId: message?.id, ephemeral: false, botReaches: true })
    expect(job.ask.input).toEqual({ prompt: 'a fox in the snow', aspectRatio: '3:2', count: 2 })
  })

  test('comes after the accept: nothing is sent before the studio says so', async () => {
    const release = Promise.withResolvers<void>()
    rig.studio.answerWith(async (_, reply) => {
      await release.promise
      await reply.accept({ ...anyHead, kind: 'queued', place: null })
    })
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    await eventually(() => rig.studio.asks.length === 1, 'the command arrived')
    expect(rig.standIn.sent('POST', routes.callback)).toEqual([])
    release.resolve()
    expect(await command.answered()).toBe(5)
  })

  test.each([
    ['private', { private: true }],
    ['private', { prompt: 'a fox --private' }],
  ])('of a %s command is for the asker alone', async (_, options) => {
    const command = rig.standIn.command('/imagine', { prompt: 'a fox', ...options })
    const job = await rig.accepted()
    expect(said(command)).toMatchObject({ thinking: true, ephemeral: true })
    expect(placeOf(job.address).ephemeral).toBe(true)
  })

  test('believes Discord about who sees it', async () => {
    const command = rig.standIn.command(
      '/imagine',
      { prompt: 'a fox' },
      { where: 'user_installed', forcedEphemeral: true },
    )
    const job = await rig.accepted()
    expect(said(command).ephemeral).toBe(true)
    expect(placeOf(job.address)).toMatchObject({ ephemeral: true, botReaches: false })
  })

  test('that Discord had already taken is as good', async () => {
    const fault = rig.standIn.fail({ method: 'POST', route: routes.callback, status: 502, effective: true })
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    // The second try meets 40060.
    await rig.standIn.until(() => fault.left === 0)
    await eventually(() => rig.clock.sleeping().includes(150), 'the pause before the second try')
    rig.clock.advance(150)
    const job = await rig.accepted()
    expect(rig.standIn.sent('POST', routes.callback).map(({ status }) => status)).toEqual([502, 400])
    expect(job.ack).toMatchObject({ messageKey: null })
    expect(rig.lines.join()).not.toContain('interaction not answered')
    // The first edit tells which message it is.
    const receipt = await rig.show(job, { kind: 'queued', place: 1 })
    expect(receipt.messageKey).toBe(`${command.message()?.channelId}:${command.message()?.id}`)
    expect(said(command).text).toBe('a fox\nNext in line…')
  })

  test('that did not get through is tried again', async () => {
    rig.standIn.fail({ method: 'POST', route: routes.callback, how: 'drop' })
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    await eventually(() => rig.clock.sleeping().includes(150), 'the pause before the second try')
    rig.clock.advance(150)
    expect(await command.answered()).toBe(5)
    expect((await rig.accepted()).ack?.messageKey).not.toBeNull()
  })

  test('that hangs is given up in time for a second try', async () => {
    rig.standIn.fail({ method: 'POST', route: routes.callback, how: 'hang' })
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    await rig.standIn.until(() => rig.standIn.sent('POST', routes.callback).length === 1)
    await eventually(() => rig.clock.sleeping().includes(1_300), 'the limit of one try')
    rig.clock.advance(1_300)
    await eventually(() => rig.clock.sleeping().includes(150), 'the pause before the second try')
    rig.clock.advance(150)
    expect(await command.answered()).toBe(5)
    await rig.accepted()
  })

  test('that came too late leaves the job to the surface, which posts its message by the bot’s own token', async () => {
    const { standIn, clock } = rig
    rig.studio.answerWith(async (ask, reply) => {
      clock.advance(3_100)
      expect(await reply.accept({ ...anyHead, kind: 'queued', place: null })).toBeNull()
      const view = { ...anyHead, kind: 'queued', place: null } as const
      const call = freeCall()
      const receipt = await rig.adapter.surface.show(ask.address, view, call)
      expect(placeOf(receipt.address)).toMatchObject({ secret: null, ephemeral: false })
    })
    const command = standIn.command('/imagine', { prompt: 'a fox' })
    const posted = await standIn.until(() => standIn.sent('POST', routes.messages)[0]?.status)
    expect(posted).toBe(200)
    expect(command.message()).toBeNull()
    await rig.adapter.intake.stop()
  })

  test('that came too late never makes a private picture public', async () => {
    const { standIn, clock } = rig
    const ended = Promise.withResolvers<unknown>()
    rig.studio.answerWith(async (ask, reply) => {
      clock.advance(3_100)
      await reply.accept({ ...anyHead, kind: 'queued', place: null })
      const call = freeCall()
      const view = { ...anyHead, kind: 'queued', place: null } as const
      await rig.adapter.surface.show(ask.address, view, call).catch(ended.resolve)
    })
    standIn.command('/imagine', { prompt: 'a fox', private: true })
    expect(await ended.promise).toMatchObject({ code: 'surface_unavailable' })
    expect(standIn.sent('POST', routes.messages)).toEqual([])
  })
})

describe('a burst', () => {
  test('of 200 commands is acked, edited and delivered at once: Discord’s 50 requests a second are not for these', {
    timeout: 60_000,
  }, async () => {
    const commands = Array.from({ length: 200 }, (_, i) => rig.standIn.command('/imagine', { prompt: `fox ${i}` }))
    await Promise.all(commands.map((command) => command.answered()))
    await rig.accepted(200)
    await Promise.all(rig.studio.jobs.map((job) => rig.show(job, { kind: 'queued', place: 1 })))
    expect(commands.map((command) => said(command).text)).toEqual(commands.map((_, i) => `fox ${i}\nNext in line…`))
    const after = commands.map(({ interaction }) => interaction.answeredAfterMs ?? Number.POSITIVE_INFINITY)
    expect(Math.max(...after)).toBeLessThan(3_000)
    const bytes = await noise(8)
    await Promise.all(rig.studio.jobs.map((job) => rig.show(job, result([heldPicture({ type: 'image/png', bytes })]))))
    const shown = commands.map((command) => said(command))
    expect(shown.map(({ pictures }) => pictures.length)).toEqual(commands.map(() => 1))
    // One message each, and nothing besides.
    expect([...rig.standIn.world.messages.values()]).toHaveLength(200)
  })
})

describe('a refusal', () => {
  test('is said to the asker alone, at once', async () => {
    rig.studio.answerWith((ask, reply) => reply.refuse({ kind: 'problems', problems: ask.problems }))
    const command = rig.standIn.command('/imagine', { prompt: 'a fox --shape round @everyone' })
    expect(await command.answered()).toBe(4)
    expect(said(command)).toMatchObject({
      text: 'I don’t know --shape. I know --ar, --quality, --hq, --count, --private and --spoiler.',
      ephemeral: true,
      buttons: [],
      markup: [],
    })
  })

  test('after time was bought goes into the placeholder', async () => {
    rig.studio.answerWith(async (_, reply) => {
      await reply.defer()
      await reply.refuse({ kind: 'failure', failure: { code: 'store_unavailable' } })
    })
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    expect(await command.answered()).toBe(5)
    await rig.standIn.until(() => command.message()?.loading === false)
    expect(said(command).text).toContain('nothing was started')
  })

  test('of a file that is no picture comes before anything is fetched', async () => {
    rig.studio.answerWith((ask, reply) => reply.refuse({ kind: 'problems', problems: ask.problems }))
    const image = { name: 'notes.txt', bytes: Buffer.from('hello') }
    const command = rig.standIn.command('/imagine', { prompt: 'a fox', image })
    expect(await command.answered()).toBe(4)
    expect(said(command).text).toBe('notes.txt is not a picture. Attach a PNG, JPEG, WebP, GIF, AVIF or HEIC file.')
  })
})

describe('time bought', () => {
  test('is one placeholder, also when the request is then accepted', async () => {
    rig.studio.answerWith(async (_, reply) => {
      await reply.defer()
      await reply.defer()
      const receipt = await reply.accept({ ...anyHead, kind: 'queued', place: null })
      expect(receipt?.messageKey).toMatch(/^\d+:\d+$/)
      await reply.refuse({ kind: 'help' })
    })
    const command = rig.standIn.command('/imagine', { prompt: 'a fox', private: true })
    await rig.standIn.until(() => command.message()?.loading === false)
    expect(rig.standIn.sent('POST', routes.callback)).toHaveLength(1)
    expect(said(command).ephemeral).toBe(true)
  })
})

describe('what the bot may not do where it is called', () => {
  const may = (...bits: readonly number[]) => bits.reduce((all, bit) => all | (1n << BigInt(bit)), 0n)
  const [view, attach, threads, administrator] = [10, 15, 38, 3]
  const threadOf = () => rig.standIn.world.addChannel({ type: 11, guildId: rig.standIn.world.guildId }).id

  async function problemsOf(appPermissions: bigint, options: CommandOptions & { readonly private?: boolean } = {}) {
    const { private: isPrivate = false, ...more } = options
    rig.studio.answerWith((ask, reply) => reply.refuse({ kind: 'problems', problems: ask.problems }))
    const command = rig.standIn.command(
      '/imagine',
      { prompt: 'a fox', private: isPrivate },
      { ...more, appPermissions },
    )
    await command.answered()
    const [problem] = rig.studio.asks.at(-1)?.problems ?? []
    return { missing: problem?.kind === 'permission_missing' ? problem.permissions : [], text: said(command).text }
  }

  test('is named before anything is started', async () => {
    expect(await problemsOf(may(view))).toEqual({
      missing: ['attach_files'],
      text: 'The bot needs more permissions here: Attach Files. Ask a moderator. Nothing was charged.',
    })
    expect((await problemsOf(may())).missing).toEqual(['view_channel', 'attach_files'])
    expect((await problemsOf(may(view, attach), { channelId: threadOf() })).missing).toEqual(['send_in_threads'])
  })

  test('counts for what it is needed for', async () => {
    expect((await problemsOf(may(attach), { private: true })).missing).toEqual([])
    expect((await problemsOf(may(attach), { where: 'user_installed' })).missing).toEqual([])
    expect((await problemsOf(may(), { where: 'bot_dm' })).missing).toEqual([])
    expect((await problemsOf(may(view, attach, threads), { channelId: threadOf() })).missing).toEqual([])
    expect((await problemsOf(may(administrator))).missing).toEqual([])
  })
})

test('a thread of an age-restricted channel is age-restricted', async () => {
  let channelId = ''
  await using own = await startRig({
    before: ({ world }) => {
      const { id: parentId } = world.addChannel({ type: 0, guildId: world.guildId, nsfw: true })
      channelId = world.addChannel({ type: 11, guildId: world.guildId, parentId }).id
    },
  })
  own.standIn.command('/imagine', { prompt: 'a fox' }, { channelId })
  expect(placeOf((await own.accepted()).address).spoiler).toBe(true)
})

describe('two replicas with one token', () => {
  test('answer as one', async () => {
    await using other = await startRig({ beside: rig, userInstall: true })
    const { standIn } = rig
    const acks = () => standIn.sent('POST', routes.callback).map(({ status }) => status)
    const command = standIn.command('/imagine', { prompt: 'a fox' })
    await Promise.all([rig.accepted(), other.accepted()])
    expect(rig.studio.asks[0]?.eventKey).toBe(other.studio.asks[0]?.eventKey)
    expect(acks().sort()).toEqual([200, 400])
    // Whichever drives the job finds its message.
    await other.show(other.studio.jobs[0] as RigJob, { kind: 'queued', place: 1 })
    expect(said(command).text).toContain('a fox')
    const history = standIn.command('/images history', {})
    await eventually(() => acks().filter((status) => status !== null).length === 4, 'both answered')
    expect(await history.answered()).toBe(4)
    const help = standIn.say({ mentionsBot: true })
    await eventually(
      () => standIn.sent('POST', routes.messages).filter(({ status }) => status === 200).length === 2,
      'both said it',
    )
    expect(help.answers()).toHaveLength(1)
    expect([...rig.lines, ...other.lines].join()).not.toContain('not answered')
  })

  test('that come too late are silent', async () => {
    const { standIn } = rig
    standIn.fail({ method: 'POST', route: routes.callback, status: 404, code: 10_062 })
    standIn.command('/images help', {})
    await eventually(() => rig.lines.join().includes('interaction not answered'), 'it is logged')
    expect(standIn.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
  })
})

describe('an old command', () => {
  test('is not started: its sender was told that nobody answered', async () => {
    const { standIn, clock, studio } = rig
    standIn.command('/imagine', { prompt: 'too old' }, { at: clock.now() - 3_500 })
    standIn.command('/imagine', { prompt: 'in time' }, { at: clock.now() - 2_500 })
    const job = await rig.accepted()
    expect(job.ask.input.prompt).toBe('in time')
    expect(studio.asks).toHaveLength(1)
    expect(rig.lines.join()).toContain('too old to be answered')
    expect(standIn.sent('POST', routes.callback)).toHaveLength(1)
  })
})

describe('a machine whose clock is wrong', () => {
  test.each([60_000, -60_000])('by %i ms serves all the same, by Discord’s clock', async (clockError) => {
    await using own = await startRig({ clockError })
    const { standIn, clock } = own
    standIn.command('/imagine', { prompt: 'too old' }, { at: clock.now() - 5_500 })
    const command = standIn.command('/imagine', { prompt: 'in time' })
    const job = await own.accepted()
    expect(job.ask.input.prompt).toBe('in time')
    expect(await command.answered()).toBe(5)
    // The token is good for 14 minutes of Discord's.
    clock.advance(13.5 * 60_000)
    await own.show(job, { kind: 'queued', place: 1 })
    clock.advance(60_000)
    await own.show(job, { kind: 'queued', place: 1 })
    expect(standIn.sent('PATCH', /messages/).map(({ authorized }) => authorized)).toEqual([false, true])
  })
})

describe('the same event twice', () => {
  test('has the same key both times', async () => {
    const { standIn, studio } = rig
    const command = standIn.command('/imagine', { prompt: 'a fox' })
    await rig.accepted()
    // The studio knows it by its key and stays silent.
    studio.answerWith(async () => undefined)
    standIn.redeliver(command)
    await eventually(() => studio.asks.length === 2, 'it arrived twice')
    expect(studio.asks[0]?.eventKey).toBe(studio.asks[1]?.eventKey)
    expect(standIn.sent('POST', routes.callback)).toHaveLength(1)
  })
})

describe('what is not known', () => {
  test('a command of another version is answered with how to use the bot', async () => {
    rig.standIn.world.commands.push({ name: 'draw', type: 1 })
    const command = rig.standIn.command('/draw', {})
    expect(await command.answered()).toBe(4)
    expect(said(command)).toMatchObject({
      ephemeral: true,
      text: expect.stringContaining('/imagine a fox in the snow'),
    })
  })

  test('a studio that throws costs one command, not the process', async () => {
    rig.studio.answerWith(() => Promise.reject(new Error('boom')))
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    await eventually(() => rig.lines.join().includes('event not handled'), 'it is logged')
    expect(said(command)).toMatchObject({
      text: expect.stringContaining('Something went wrong on our side'),
      ephemeral: true,
    })
    rig.studio.answerWith(null)
    const next = rig.standIn.command('/imagine', { prompt: 'a cat', image: { name: 'a.png', bytes: png } })
    expect((await rig.accepted()).ask.input.prompt).toBe('a cat')
    expect(await next.answered()).toBe(5)
  })
})

describe('the log', () => {
  test('holds no token and no prompt', async () => {
    const { standIn } = rig
    standIn.fail({ method: 'POST', route: routes.callback, status: 404, code: 10_062 })
    const command = standIn.command('/imagine', { prompt: 'a very secret prompt' })
    await rig.accepted()
    const everything = rig.lines.join('\n')
    expect(everything).toContain('UnknownInteraction')
    expect(everything).not.toContain(command.token)
    expect(everything).not.toContain(standIn.botToken)
    expect(everything).not.toContain('secret prompt')
  })
})

const anyHead = {
  jobId: '0123456789abcdef0123456789abcdef',
  action: 'imagine',
  request: { prompt: 'a fox', aspectRatio: '1:1', quality: 'medium', count: 1, private: false, spoiler: false },
  inputCount: 0,
  inputNames: [],
  omitted: [],
  person: { id: '1', name: 'ann' },
  locale: 'en-US',
} as const
