import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHandClock, type HandClock } from './hand-clock.ts'
import { messageEvent } from './saying.ts'
import { type CommandOptions, type StandIn, startStandIn } from './stand-in.ts'

// The judge is judged: each rule that it holds others to is broken here once, by hand, without any of the bot's code.

let standIn: StandIn
let clock: HandClock

beforeEach(async () => {
  clock = createHandClock()
  standIn = await startStandIn({ now: clock.now })
  standIn.world.commands = [
    { name: 'imagine', type: 1, options: [{ type: 3, name: 'prompt', required: true, max_length: 10 }] },
  ]
})
// Broken rules make `stop` fail, which is what most of these tests want.
afterEach(() => standIn.stop().catch(() => undefined))

const mentions = { allowed_mentions: { parse: [] } }

interface Answer {
  readonly status: number
  readonly code: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  more: { bot?: boolean; form?: FormData } = {},
): Promise<Answer> {
  const response = await fetch(`${standIn.apiUrl}/v10${path}`, {
    method,
    headers: {
      'user-agent': 'DiscordBot (test, 1)',
      ...(more.bot === true && { authorization: `Bot ${standIn.botToken}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(more.form !== undefined ? { body: more.form } : body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const json = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  return { status: response.status, code: Number(json.code ?? 0), headers: response.headers, body: json }
}

function opened(options: CommandOptions = {}) {
  const command = standIn.command('/imagine', { prompt: 'a fox' }, options)
  const callback = (body: object, query = '?with_response=true') =>
    ask('POST', `/interactions/${command.id}/${command.token}/callback${query}`, body)
  const original = `/webhooks/${standIn.world.applicationId}/${command.token}/messages/@original`
  const message = () => {
    const found = command.message()
    if (found === null) throw new Error('no message')
    return found
  }
  return { command, callback, original, message }
}

function formWith(payload: object, files: Readonly<Record<string, string>>): FormData {
  const form = new FormData()
  form.append('payload_json', JSON.stringify(payload))
  for (const [name, text] of Object.entries(files))
    form.append(name, new Blob([text], { type: 'image/png' }), `${name.replace(/\W/g, '')}.png`)
  return form
}

describe('an interaction', () => {
  test('is answered once, and in time', async () => {
    const { callback } = opened()
    expect((await callback({ type: 5 })).body).toMatchObject({
      interaction: { response_message_loading: true, response_message_ephemeral: false },
    })
    expect(await callback({ type: 5 })).toMatchObject({ status: 400, code: 40_060 })
    const late = opened()
    clock.advance(3_001)
    expect(await late.callback({ type: 5 })).toMatchObject({ status: 404, code: 10_062 })
    expect((await opened().callback({ type: 5 }, '')).status).toBe(204)
    expect(standIn.violations).toEqual([])
  })

  test('has no reply to edit before it was answered, and a token for 15 minutes', async () => {
    const { callback, original } = opened()
    expect(await ask('PATCH', original, { content: 'x', ...mentions })).toMatchObject({ status: 404, code: 10_015 })
    await callback({ type: 5 })
    expect((await ask('PATCH', original, { content: 'x', ...mentions })).status).toBe(200)
    clock.advance(15 * 60_000 + 1)
    expect(await ask('PATCH', original, { content: 'x', ...mentions })).toMatchObject({ status: 401, code: 50_027 })
    expect(standIn.violations).toEqual([])
  })

  test.each([
    ['an unknown key', { type: 5, date: {} }, /unevaluated/],
    ['a defer with two flags', { type: 5, data: { flags: 68 } }, /exactly one flag/],
    ['a defer with content', { type: 5, data: { content: 'x' } }, /takes flags alone/],
    ['an update of nothing pressed', { type: 6 }, /answers no component/],
    ['words that may ping', { type: 4, data: { content: 'x' } }, /allowed_mentions is missing/],
  ])('answered with %s breaks the rules', async (_, body, rule) => {
    await opened().callback(body)
    expect(standIn.violations.join('\n')).toMatch(rule)
    await expect(standIn.stop()).rejects.toThrow(rule)
  })
})

describe('a message', () => {
  test('that is ephemeral is not seen by the bot’s own token', async () => {
    const { callback, message } = opened()
    await callback({ type: 5, data: { flags: 64 } })
    const path = `/channels/${message().channelId}/messages/${message().id}`
    expect(await ask('PATCH', path, { content: 'x', ...mentions }, { bot: true })).toMatchObject({
      status: 404,
      code: 10_008,
    })
  })

  test('is edited by the bot’s own token where the bot is', async () => {
    const { callback, message } = opened()
    await callback({ type: 5 })
    const { channelId, id } = message()
    const edit = (channel: string) =>
      ask('PATCH', `/channels/${channel}/messages/${id}`, { content: 'x', ...mentions }, { bot: true })
    expect((await edit(channelId)).status).toBe(200)
    expect(await edit('123456789012345678')).toMatchObject({ status: 404, code: 10_003 })
    expect(await edit(standIn.world.channelOf.user_installed)).toMatchObject({ status: 403, code: 50_001 })
    const channel = standIn.world.channels.get(channelId)
    if (channel !== undefined) channel.maySend = false
    const posted = await ask('POST', `/channels/${channelId}/messages`, { content: 'x', ...mentions }, { bot: true })
    expect(posted).toMatchObject({ status: 403, code: 50_013 })
  })

  test('keeps its files unless they are listed anew', async () => {
    const { callback, original, message } = opened()
    await callback({ type: 5 })
    const form = formWith(
      { ...mentions, attachments: [{ id: 0, filename: 'files0.png', description: 'alt' }] },
      { 'files[0]': 'bytes' },
    )
    await ask('PATCH', original, undefined, { form })
    const [file] = message().files
    expect(file).toMatchObject({ filename: 'files0.png', description: 'alt', contentType: 'image/png' })
    await ask('PATCH', original, { content: 'x', ...mentions })
    await ask('PATCH', original, { attachments: [{ id: file?.id }], ...mentions })
    expect(message().files).toEqual([file])
    await ask('PATCH', original, { attachments: [], ...mentions })
    expect(message().files).toEqual([])
    expect(standIn.violations).toEqual([])
  })

  test('with too large a file is refused', async () => {
    const { callback, original } = opened({ uploadBytes: 4 })
    await callback({ type: 5 })
    const form = formWith({ ...mentions, attachments: [{ id: 0 }] }, { 'files[0]': 'bytes' })
    expect(await ask('PATCH', original, undefined, { form })).toMatchObject({ status: 413, code: 40_005 })
  })

  test('with the same nonce is the same message', async () => {
    const path = `/channels/${standIn.world.channelOf.guild}/messages`
    const post = () => ask('POST', path, { content: 'x', nonce: 'n', enforce_nonce: true, ...mentions }, { bot: true })
    expect((await post()).body.id).toBe((await post()).body.id)
    clock.advance(6 * 60_000)
    await post()
    expect(standIn.world.messages.size).toBe(2)
  })

  test.each([
    ['a misspelt key', { contents: 'x', ...mentions }, {}, /unevaluated/],
    ['2001 characters', { content: 'x'.repeat(2_001), ...mentions }, {}, /2000/],
    ['mentions left to Discord', { content: 'x' }, {}, /allowed_mentions/],
    ['mentions allowed', { content: 'x', allowed_mentions: { parse: ['users'] } }, {}, /not empty/],
    ['files that are not listed', mentions, { 'files[0]': 'x' }, /without attachments/],
    ['a file listed that is not there', { attachments: [{ id: 3 }], ...mentions }, {}, /names no uploaded/],
    [
      'too long an alt text',
      { attachments: [{ id: 0, description: 'x'.repeat(1_025) }], ...mentions },
      { 'files[0]': 'x' },
      /description/,
    ],
    ['a part of another name', { attachments: [{ id: 0 }], ...mentions }, { file: 'x' }, /a part named file/],
    [
      'a button without custom_id',
      { ...mentions, components: [{ type: 1, components: [{ type: 2, style: 2, label: 'x' }] }] },
      {},
      /custom_id/,
    ],
    [
      '6 rows',
      {
        ...mentions,
        components: Array.from({ length: 6 }, (_, i) => ({
          type: 1,
          components: [{ type: 2, style: 2, label: 'x', custom_id: `${i}` }],
        })),
      },
      {},
      /5 rows/,
    ],
    [
      'components v2 without their flag',
      { ...mentions, components: [{ type: 10, content: 'x' }] },
      {},
      /without their flag/,
    ],
    [
      'content with components v2',
      { ...mentions, content: 'x', flags: 32_768, components: [{ type: 10, content: 'x' }] },
      {},
      /together with components v2/,
    ],
    [
      'a picture of an embed that is not uploaded',
      { ...mentions, embeds: [{ image: { url: 'attachment://a.png' } }] },
      {},
      /names no uploaded/,
    ],
  ])('with %s breaks the rules', async (_, body, files, rule) => {
    const { callback, original } = opened()
    await callback({ type: 5 })
    if (Object.keys(files).length === 0) await ask('PATCH', original, body)
    else await ask('PATCH', original, undefined, { form: formWith(body, files) })
    expect(standIn.violations.join('\n')).toMatch(rule)
  })

  test('knows whom it would ping, escaped or not', async () => {
    const path = `/channels/${standIn.world.channelOf.guild}/messages`
    await ask('POST', path, { content: '\\@everyone <@1>', nonce: 'n', enforce_nonce: true }, { bot: true })
    expect([...standIn.world.messages.values()].map(({ pings }) => pings)).toEqual([['user 1', '@everyone']])
  })
})

describe('an answer to a message', () => {
  const reference = (message_id: string, more: object = {}) => ({ message_reference: { message_id, ...more } })
  const post = (body: object, channel = standIn.world.channelOf.guild) =>
    ask(
      'POST',
      `/channels/${channel}/messages`,
      { content: 'x', nonce: 'n', enforce_nonce: true, ...body },
      { bot: true },
    )

  test('is a reply, and pings whom it answers unless it says otherwise', async () => {
    const { id, posted, answers } = standIn.say({ content: 'hello' })
    const { body } = await post({ ...reference(id), ...mentions })
    expect(body).toMatchObject({ type: 19, message_reference: { message_id: id } })
    await post({ ...reference(id), nonce: 'o' })
    expect(answers().map(({ pings }) => pings)).toEqual([[], [`user ${posted.author.id}`]])
  })

  test('needs the question, or says that it does not', async () => {
    const { id, posted } = standIn.say({ content: 'hello' })
    posted.deleted = true
    expect(await post({ ...reference(id), ...mentions })).toMatchObject({ status: 400, code: 50_035 })
    const { status, body } = await post({ ...reference(id, { fail_if_not_exists: false }), ...mentions })
    expect([status, body.type]).toEqual([200, 0])
  })

  test('needs the right to read what was said before', async () => {
    const channel = standIn.world.addChannel({ type: 0, guildId: standIn.world.guildId, mayReadHistory: false }).id
    const { id } = standIn.say({ content: 'hello', channel })
    expect(await post({ ...reference(id), ...mentions }, channel)).toMatchObject({ status: 403, code: 160_002 })
  })

  test('with a misspelt reference breaks the rules', async () => {
    await post({ message_reference: { messageId: '1' }, ...mentions })
    expect(standIn.violations.join()).toMatch(/message_reference/)
  })
})

describe('what the bot hears of a message', () => {
  const messages = (1 << 9) | (1 << 12)
  const content = 1 << 15
  const heard = (saying: Parameters<StandIn['say']>[0], intents = messages) => {
    const { posted } = standIn.say({ content: 'words', embeds: [{ type: 'link' }], ...saying })
    return messageEvent(standIn.world, posted, intents, saying)
  }
  const empty = { content: '', embeds: [], attachments: [] }
  const attachments = [{ name: 'a.png', bytes: Buffer.from('a') }]

  test('depends on its intents', () => {
    expect(heard({}, 1 << 12)).toBeNull()
    expect(heard({ where: 'bot_dm' }, 1 << 9)).toBeNull()
    expect(heard({ where: 'user_installed' })).toBeNull()
    expect(heard({ attachments })).toMatchObject(empty)
    expect(heard({}, messages | content)).toMatchObject({ content: 'words', mentions: [] })
    expect(heard({ where: 'bot_dm' })).toMatchObject({ content: 'words' })
    expect(heard({ mentionsBot: true })).toMatchObject({ mentions: [{ id: standIn.world.bot.id }] })
  })

  test('judges each message by itself', () => {
    const { posted } = standIn.say({ content: 'mine', attachments })
    expect(heard({ mentionsBot: true, replyTo: posted })).toMatchObject({
      content: expect.stringContaining('words'),
      referenced_message: empty,
    })
  })

  test('of a reply without a mention is nothing where a command is answered', async () => {
    const { callback, message } = opened()
    await callback({ type: 5 })
    expect(heard({ replyTo: message() })).toMatchObject({ ...empty, mentions: [] })
    await ask(
      'POST',
      `/channels/${standIn.world.channelOf.guild}/messages`,
      { content: 'x', nonce: 'n', enforce_nonce: true, ...mentions },
      { bot: true },
    )
    const ordinary = [...standIn.world.messages.values()].find(({ nonce }) => nonce === 'n')
    if (ordinary === undefined) throw new Error('no message')
    expect(heard({ replyTo: ordinary })).toMatchObject({ content: 'words', mentions: [{ bot: true }] })
    expect(heard({ replyTo: ordinary, ping: false })).toMatchObject({ ...empty, mentions: [] })
  })
})

describe('the API', () => {
  test('limits edits, and says so in every answer', async () => {
    const { callback, original } = opened()
    await callback({ type: 5 })
    const answers: Answer[] = []
    for (let i = 0; i < 6; i += 1) answers.push(await ask('PATCH', original, { content: 'x', ...mentions }))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429])
    expect(answers.map(({ headers }) => headers.get('x-ratelimit-remaining'))).toEqual(['4', '3', '2', '1', '0', '0'])
    expect(Number(answers[5]?.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('wants the bot’s token where it is needed, and not elsewhere', async () => {
    expect((await ask('GET', '/gateway/bot')).status).toBe(401)
    expect(standIn.violations).toEqual(['GET /gateway/bot: no Authorization'])
    expect((await ask('GET', '/gateway/bot', undefined, { bot: true })).status).toBe(200)
    expect(standIn.violations).toHaveLength(1)
    const { callback } = opened()
    await callback({ type: 5 })
    expect(standIn.violations).toHaveLength(1)
  })

  test('has no other paths', async () => {
    expect((await ask('GET', '/nonsense', undefined, { bot: true })).status).toBe(404)
    expect(standIn.violations).toEqual(['GET /nonsense: no such path in Discord’s API'])
  })

  test('sees wrong commands', async () => {
    const command = {
      name: 'Imagine',
      description: 'x',
      options: [
        { type: 3, name: 'a', description: 'x' },
        { type: 3, name: 'b', description: 'x', required: true },
      ],
    }
    await ask('PUT', `/applications/${standIn.world.applicationId}/commands`, [command], { bot: true })
    expect(standIn.violations.join('\n')).toMatch(/command name Imagine[\s\S]*a required option after/)
  })
})

describe('Discord’s client', () => {
  test('does not send what the command does not take', () => {
    expect(() => standIn.command('/imagine', {})).toThrow('prompt is missing')
    expect(() => standIn.command('/imagine', { prompt: 'x'.repeat(11) })).toThrow('too long')
    expect(() => standIn.command('/imagine', { prompt: 1 })).toThrow('another type')
    expect(() => standIn.command('/imagine', { prompt: 'x', other: 1 })).toThrow('no option other')
    expect(() => standIn.command('/draw', {})).toThrow('no command /draw')
  })

  test('presses only buttons that are there', async () => {
    const { callback, message } = opened()
    await callback({ type: 5 })
    expect(() => standIn.press(message(), 'Cancel')).toThrow('no button Cancel')
  })
})

describe('the CDN', () => {
  test('serves signed links for a day', async () => {
    const file = standIn.world.addFile({
      filename: 'a.png',
      contentType: 'image/png',
      description: null,
      bytes: Buffer.from('bytes'),
      channelId: '1',
      ephemeral: true,
    })
    const link = standIn.world.link(file)
    expect(await (await fetch(link)).text()).toBe('bytes')
    expect((await fetch(link.replace(/hm=./, 'hm=x'))).status).toBe(404)
    clock.advance(86_400_001)
    expect((await fetch(link)).status).toBe(404)
  })
})
