import { readFileSync } from 'node:fs'
import type { APIMessage, GatewayMessageCreateDispatchData } from 'discord.js'
import { describe, expect, test } from 'vitest'
import type { InputRef, JobFacts } from '../../src/core/job.ts'
import { addressOf, placeOf } from '../../src/discord/address.ts'
import { type Heard, type Listener, type Meant, parseMessage, toAsk, wantsHelp } from '../../src/discord/message.ts'
import { results } from '../../src/discord/pointed.ts'

const me = '1400000000000000009'
const listener: Listener = {
  ...{ me, applicationId: '1400000000000000001', apiUrl: 'https://discord.com/api' },
  standingIn: () => null,
}
/** Nothing but its own pictures. */
const asked = (found: Heard, parent: Meant['parent'] = null, more: readonly InputRef[] = []) =>
  toAsk(found, { pointed: [...found.own, ...results(more)], parent }, 17)

/** A payload of Discord's, signatures replaced, with changes. */
function fixture(
  name: string,
  change: Partial<GatewayMessageCreateDispatchData> = {},
): GatewayMessageCreateDispatchData {
  const text = readFileSync(new URL(`../fixtures/discord/${name}.json`, import.meta.url), 'utf8')
  return { ...(JSON.parse(text) as GatewayMessageCreateDispatchData), ...change }
}

const reply = (change: Partial<GatewayMessageCreateDispatchData> = {}) => fixture('message-reply-to-result', change)
const dm = (change: Partial<GatewayMessageCreateDispatchData> = {}) => fixture('message-in-dm-with-picture', change)

function heard(message: GatewayMessageCreateDispatchData) {
  const found = parseMessage(message, listener)
  if (found?.kind !== 'heard') throw new Error('not heard')
  return found
}

const promptOf = (content: string, change: Partial<GatewayMessageCreateDispatchData> = {}) =>
  asked(heard(reply({ content, ...change }))).input.prompt

describe('a reply that mentions the bot', () => {
  test('is a request with the words besides the mention', () => {
    const found = heard(reply())
    expect(found.repliedTo).toMatchObject({
      ...{ channelId: '1423456789012345678', messageId: '1441787347716046969', sight: 'seen' },
      pointed: [{ ref: { kind: 'remote', name: 'imagine-0123456789abcdef0123456789abcdef-1.png' } }],
    })
    const parent = { id: '0123456789abcdef', request: { aspectRatio: '3:2', spoiler: true } } as JobFacts
    const inputs = [{ kind: 'result' as const, name: 'imagine-1', jobId: parent.id, n: 1 }]
    expect(asked(found, parent, inputs)).toMatchObject({
      eventKey: 'discord:message:1441787816856502303',
      surface: 'discord',
      workspace: '290926798626357999',
      channel: '1423456789012345678',
      person: { id: '80351110224678912', name: 'Nelly **the** fox' },
      locale: 'en-US',
      action: 'edit',
      parentId: '0123456789abcdef',
      source: null,
      input: { prompt: 'make it night', quality: 'high', aspectRatio: '3:2', spoiler: true },
      inputs,
      problems: [],
      receivedAt: 17,
    })
  })

  test('keeps the shape of what it changes unless the words say otherwise', () => {
    const found = heard(reply({ content: `<@${me}> wider --ar 1:1` }))
    const parent = { id: 'a', request: { aspectRatio: '3:2' } } as JobFacts
    expect(asked(found, parent).input.aspectRatio).toBe('1:1')
  })

  test('has an address without any secret, which answers the message', () => {
    const { address } = asked(heard(reply()))
    expect(placeOf(address)).toEqual({
      version: 2,
      applicationId: '1400000000000000001',
      channelId: '1423456789012345678',
      messageId: null,
      ephemeral: false,
      guildId: '290926798626357999',
      botReaches: true,
      uploadBytes: 10_485_760,
      replyTo: '1441787816856502303',
      spoiler: false,
      secret: null,
    })
  })

  test('with pictures of its own is about those', () => {
    const found = heard(reply({ attachments: dm().attachments }))
    expect(asked(found).inputs).toMatchObject([{ kind: 'remote', name: 'cat.png' }])
  })

  test.each([
    ['deleted', null],
    ['untold', undefined],
    ['hidden', { type: 0, content: '', attachments: [], embeds: [], components: [] }],
    ['seen', { type: 0, content: 'words', attachments: [], embeds: [], components: [] }],
    ['seen', { type: 7, content: '', attachments: [], embeds: [] }],
    ['seen', { type: 0, content: '', attachments: [], embeds: [], sticker_items: [{ id: '1' }] }],
  ])('knows that what it answers is %s', (sight, referenced) => {
    const message = reply({ referenced_message: referenced as unknown as APIMessage })
    expect(heard(message).repliedTo).toMatchObject({ sight, pointed: [] })
  })

  test('sees pictures in embeds where Discord itself serves them, and in forwards', () => {
    const at = 'https://cdn.discordapp.com/attachments/1/2/embedded.png?ex=1'
    const ref = { kind: 'remote', name: 'embedded.png', at: { url: at, size: 0, contentType: null } }
    const embedded = { kind: 'picture', ref }
    const embeds = [
      { image: { url: at } },
      { image: { url: 'https://example.com/a.png' } },
      { image: { url: 'http://cdn.discordapp.com/a.png' } },
      { image: { url: 'attachment://a.png' } },
      { type: 'image', thumbnail: { url: at } },
      { type: 'link', thumbnail: { url: at } },
    ]
    const base = { type: 0, content: '', attachments: [], embeds: [], components: [] }
    const seen = (referenced: object) =>
      heard(reply({ referenced_message: { ...base, ...referenced } as unknown as APIMessage })).repliedTo?.pointed
    expect(seen({ embeds })).toEqual([
      embedded,
      { kind: 'useless', omitted: { name: 'a.png', why: 'not_visible' } },
      { kind: 'useless', omitted: { name: 'a.png', why: 'not_visible' } },
      embedded,
    ])
    const proxied = [{ image: { url: 'https://example.com/a.png', proxy_url: at } }]
    expect(seen({ embeds: proxied })).toMatchObject([{ kind: 'picture', ref: { name: 'a.png', at: { url: at } } }])
    const { message_snapshots } = fixture('message-forwarded-to-dm')
    expect(seen({ message_snapshots })).toMatchObject([{ ref: { name: 'dog.png' } }])
    const components = [
      {
        type: 17,
        components: [
          { type: 12, items: [{ media: { url: at } }] },
          { type: 10, content: 'words' },
        ],
      },
      { type: 9, components: [], accessory: { type: 11, media: { url: at } } },
    ]
    expect(seen({ components })).toEqual([embedded, embedded])
  })
})

describe('a direct message', () => {
  test('needs no mention', () => {
    const ask = asked(heard(dm()))
    expect(ask).toMatchObject({
      workspace: '@me',
      person: { name: 'Nelly' },
      action: 'edit',
      parentId: null,
      input: { prompt: 'make the cat blue' },
      inputs: [{ kind: 'remote', name: 'cat.png' }],
    })
    expect(ask.input.aspectRatio).toBeUndefined()
  })

  test('may be a forwarded picture', () => {
    expect(asked(heard(fixture('message-forwarded-to-dm'))).inputs).toMatchObject([{ name: 'dog.png' }])
  })

  test('with a file that is no picture is a problem', () => {
    const [file] = dm().attachments
    const attachments = file === undefined ? [] : [{ ...file, filename: 'notes.txt', content_type: 'text/plain' }]
    expect(asked(heard(dm({ attachments }))).problems).toEqual([{ kind: 'not_a_picture', name: 'notes.txt' }])
  })

  test('is private already', () => {
    expect(asked(heard(dm({ content: 'a fox --private' }))).problems).toEqual([])
  })
})

describe('what is not for the bot', () => {
  const { author } = reply()
  test.each([
    ['of a bot', { author: { ...author, bot: true } }],
    ['of Discord', { author: { ...author, system: true } }],
    ['of a webhook', { webhook_id: '1400000000000000011' }],
    ['of its own', { author: { ...author, id: me } }],
    ['that mentions nobody', { mentions: [], referenced_message: null }],
    ['for everyone', { mentions: [], referenced_message: null, mention_everyone: true, content: '@everyone a fox' }],
    [
      'for a role of the bot',
      {
        mentions: [],
        referenced_message: null,
        mention_roles: ['1400000000000000010'],
        content: '<@&1400000000000000010> a fox',
      },
    ],
    ['that arrives empty', { content: '' }],
    ['of white space', { content: ' \n ' }],
    ['that somebody joined', { type: 7 }],
    ['that something was pinned', { type: 6 }],
    ['that a command was used', { type: 20 }],
  ] as const)('a message %s', (_, change) => {
    expect(parseMessage(reply(change as unknown as Partial<GatewayMessageCreateDispatchData>), listener)).toBeNull()
  })
})

describe('a reply to the bot that does not mention it', () => {
  const unmentioned = (change: object) =>
    parseMessage(reply({ mentions: [], ...change } as Partial<GatewayMessageCreateDispatchData>), listener)

  test('may be for it: what it answers decides', () => {
    expect(unmentioned({ content: 'make it night' })).toMatchObject({ kind: 'heard', called: false })
    const asking = unmentioned({ content: 'help' })
    expect(asking?.kind === 'heard' && wantsHelp(asking)).toBe(true)
  })

  test('is unread where Discord shows nothing of it', () => {
    expect(unmentioned({ content: '' })).toMatchObject({
      kind: 'unread',
      person: { id: '80351110224678912' },
      place: { replyTo: '1441787816856502303' },
    })
  })

  test('is nothing when it is a sticker, or a picture alone', () => {
    expect(unmentioned({ content: '', sticker_items: [{ id: '1', name: 'x', format_type: 1 }] })).toBeNull()
    expect(unmentioned({ content: '', attachments: dm().attachments })).toBeNull()
  })
})

describe('a place that the bot knows', () => {
  const standing = { held: 1n << 11n, thread: false, ageRestricted: true }
  const ask = (held: bigint, thread = false) => {
    const found = parseMessage(reply(), { ...listener, standingIn: () => ({ ...standing, held, thread }) })
    if (found?.kind !== 'heard') throw new Error('not heard')
    return toAsk(found, { pointed: [], parent: null }, 0)
  }

  test.each([
    ['everything', [11n, 15n], false, []],
    ['no files', [11n], false, ['attach_files']],
    ['no words', [15n], false, ['send_messages']],
    ['no words in threads', [11n], true, ['send_in_threads', 'attach_files']],
    ['a thread', [38n, 15n], true, []],
    ['administrators', [3n], false, []],
  ] as const)('allows %s', (_, bits, thread, permissions) => {
    const held = bits.reduce((all: bigint, bit) => all | (1n << bit), 0n)
    const problem = { kind: 'permission_missing', permissions }
    expect(ask(held, thread).problems).toEqual(permissions.length === 0 ? [] : [problem])
  })

  test('and that is age-restricted hides its pictures', () => {
    expect(placeOf(ask(0n).address).spoiler).toBe(true)
  })
})

describe('the words', () => {
  test.each([
    [`<@${me}> a fox`, 'a fox'],
    [`<@!${me}>, a fox`, 'a fox'],
    [`a fox <@${me}>`, 'a fox'],
    [`draw <@${me}> a fox\nin the snow`, 'draw a fox\nin the snow'],
    [`<@${me}> <@${me}> a fox`, 'a fox'],
    [`<@${me}> /imagine a fox`, 'a fox'],
    [`<@${me}> /imagined a fox`, '/imagined a fox'],
    [`<@${me}> a <:fox_face:1441787346935906305> and <a:snow:1441787346935906306>`, 'a :fox_face: and :snow:'],
    [`<@${me}> for <@80351110224678912> and <@!1441787346935906399>`, 'for @--hq and @someone'],
    [`<@${me}> <@&1441787346935906305> in <#1441787346935906305>`, '@role in #channel'],
    [`<@${me}> as </images help:1441787346935906305> says`, 'as /images help says'],
    [`<@${me}> 1 < 2 > <b> <@> <@abc> @everyone`, '1 < 2 > <b> <@> <@abc> @everyone'],
  ])('of %j are %j', (content, prompt) => {
    const [bot] = reply().mentions
    const named = { ...reply().author, member: { nick: '--hq' } } as never
    const mentions = bot === undefined ? [] : [bot, named]
    expect(promptOf(content, { mentions })).toBe(prompt)
    expect(asked(heard(reply({ content, mentions }))).input.quality).toBeUndefined()
  })

  test.each([
    [`<@${me}>`, true],
    [`<@${me}> help`, true],
    [`<@${me}> Help!`, true],
    [`<@${me}> /imagine`, true],
    [`<@${me}> help the fox`, false],
  ])('%j ask for help: %s', (content, wanted) => {
    expect(wantsHelp(heard(reply({ content })))).toBe(wanted)
  })

  test('can’t make the answer private in a server', () => {
    const { problems } = asked(heard(reply({ content: `<@${me}> a fox --private` })))
    expect(problems).toEqual([{ kind: 'private_needs_command', command: '/imagine' }])
  })
})

test('a message that says only what it must is heard', () => {
  const { id, author, mentions, channel_id, guild_id, message_reference } = reply()
  const answered = { id: '1441787347716046969', channel_id, author: { id: me }, content: '', type: 0, attachments: [] }
  const bare = { id, author, mentions, channel_id, guild_id, message_reference, type: 19, content: `<@${me}> at night` }
  const whole = { ...bare, attachments: [], referenced_message: answered }
  const found = heard(whole as unknown as GatewayMessageCreateDispatchData)
  expect(found).toMatchObject({ words: 'at night', own: [], repliedTo: { pointed: [], sight: 'hidden' } })
})

test('an address of the first version is read as one of an interaction', () => {
  const place = placeOf(asked(heard(reply())).address)
  const { replyTo: _, ...at } = addressOf(place).at as Record<string, never>
  expect(placeOf({ at: { ...at, version: 1 }, secret: null })).toEqual({ ...place, replyTo: null })
})
