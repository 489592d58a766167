import { readFileSync } from 'node:fs'
import type { APIInteraction } from 'discord.js'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { placeOf } from '../../src/discord/address.ts'
import { customIdOf, readCustomId } from '../../src/discord/custom-id.ts'
import { type Arrival, parseInteraction } from '../../src/discord/parse.ts'
import { timeOf } from '../../src/discord/snowflake.ts'

interface Loose {
  [key: string]: unknown
}

/** A payload of Discord's, tokens replaced; `change` makes another of it. */
function fixture(name: string, change: (payload: Loose) => void = () => undefined): APIInteraction {
  const text = readFileSync(new URL(`../fixtures/discord/${name}.json`, import.meta.url), 'utf8')
  const payload = JSON.parse(text) as Loose
  change(payload)
  return payload as unknown as APIInteraction
}

function imagine(interaction: APIInteraction): Extract<Arrival, { kind: 'imagine' }> {
  const arrival = parseInteraction(interaction, 17)
  if (arrival.kind !== 'imagine') throw new Error(`a ${arrival.kind}`)
  return arrival
}

function withPrompt(prompt: unknown, more: readonly Loose[] = []): APIInteraction {
  return fixture('command', (payload) => {
    payload.data = { id: '1', name: 'imagine', type: 1, options: [{ name: 'prompt', type: 3, value: prompt }, ...more] }
  })
}

describe('a command in a server', () => {
  test('becomes a request with its options and its flags', () => {
    const { ask, caller } = imagine(fixture('command'))
    expect(ask).toMatchObject({
      eventKey: 'discord:1441787346935906305',
      surface: 'discord',
      workspace: '290926798626357999',
      channel: '1423456789012345678',
      person: { id: '80351110224678912', name: 'Nelly **the** fox' },
      locale: 'de',
      action: 'imagine',
      parentId: null,
      input: { prompt: 'a fox in the snow', aspectRatio: '3:2', quality: 'high', count: 2, private: true },
      inputs: [],
      problems: [],
      receivedAt: 17,
    })
    expect(caller.door).toEqual({
      interactionId: '1441787346935906305',
      applicationId: '1400000000000000001',
      token: 'aW50ZXJhY3Rpb246MTQ0MTc4NzM0NjkzNTkwNjMwNTpyZXBsYWNlZA',
    })
  })

  test('keeps the token apart from the rest of the address', () => {
    const { ask } = imagine(fixture('command'))
    expect(JSON.stringify(ask.address.at)).not.toContain('aW50')
    expect(placeOf(ask.address)).toEqual({
      version: 2,
      applicationId: '1400000000000000001',
      channelId: '1423456789012345678',
      messageId: null,
      ephemeral: true,
      guildId: '290926798626357999',
      botReaches: true,
      uploadBytes: 10_485_760,
      replyTo: null,
      spoiler: false,
      secret: {
        token: 'aW50ZXJhY3Rpb246MTQ0MTc4NzM0NjkzNTkwNjMwNTpyZXBsYWNlZA',
        issuedAt: timeOf('1441787346935906305'),
      },
    })
    // The example of Discord's reference.
    expect(timeOf('175928847299117063')).toBe(Date.UTC(2016, 3, 30, 11, 18, 25, 796))
  })

  test('has its pictures in the order of the options, wherever they stand', () => {
    const { ask } = imagine(fixture('command-with-pictures'))
    expect(ask.action).toBe('edit')
    expect(ask.inputs.map(({ name }) => name)).toEqual(['cat.png', 'hat.webp'])
    expect(ask.inputs[0]).toMatchObject({
      kind: 'remote',
      at: { size: 48_213, contentType: 'image/png', url: expect.stringContaining('https://cdn.discordapp.com/') },
    })
    expect(placeOf(ask.address).uploadBytes).toBe(52_428_800)
  })

  test('lets an option count before a flag', () => {
    const more = [{ name: 'aspect_ratio', type: 3, value: '1:1' }]
    expect(imagine(withPrompt('a fox --ar 3:2 --hq', more)).ask.input).toEqual({
      prompt: 'a fox',
      aspectRatio: '1:1',
      quality: 'high',
    })
  })
})

describe('a command elsewhere', () => {
  test('in the bot’s own messages is reached by the bot, whoever installed it', () => {
    const { ask } = imagine(fixture('command-in-dm'))
    expect(ask).toMatchObject({ workspace: '@me', person: { name: 'Nelly' } })
    expect(placeOf(ask.address)).toMatchObject({ guildId: null, botReaches: true, ephemeral: false })
  })

  test('that says only what it must is one all the same', () => {
    const bare = fixture('command', (payload) => {
      for (const key of ['channel', 'locale', 'app_permissions', 'context', 'attachment_size_limit'])
        delete payload[key]
      payload.channel_id = '1423456789012345678'
      payload.authorizing_integration_owners = {}
    })
    const { ask, caller } = imagine(bare)
    expect(ask).toMatchObject({ locale: 'en-US', channel: '1423456789012345678', problems: [] })
    expect(caller.locale).toBe('en-US')
    expect(placeOf(ask.address)).toMatchObject({ botReaches: true, uploadBytes: 10_485_760, spoiler: false })
  })

  test('is read as people read it', () => {
    const { ask } = imagine(withPrompt('<@80351110224678912> as <:fox:1423456789012345678> in <#1423456789012345678>'))
    expect(ask.input.prompt).toBe('@someone as :fox: in #channel')
  })

  test('where only its user installed it is not reached by the bot', () => {
    const { ask } = imagine(fixture('command-user-installed'))
    expect(ask.person.name).toBe('Nelly')
    expect(placeOf(ask.address)).toMatchObject({ guildId: '290926798626357999', botReaches: false })
  })
})

describe('bad input', () => {
  test('unknown flags and values are problems', () => {
    expect(imagine(withPrompt('a fox --foo --ar 9:9')).ask.problems).toMatchObject([
      { kind: 'unknown_flag', flag: '--foo' },
      { kind: 'flag_value_unknown', flag: '--ar', value: '9:9' },
    ])
  })

  test('a choice of another version is a problem, not a default', () => {
    const more = [
      { name: 'aspect_ratio', type: 3, value: '16:9' },
      { name: 'quality', type: 3, value: 'ultra' },
    ]
    expect(imagine(withPrompt('a fox', more)).ask.problems).toMatchObject([
      { kind: 'flag_value_unknown', flag: 'aspect_ratio', value: '16:9' },
      { kind: 'flag_value_unknown', flag: 'quality', value: 'ultra' },
    ])
  })

  test.each([
    ['notes.txt', 'text/plain; charset=utf-8', true],
    ['page.html', 'text/html', true],
    ['drawing.svg', 'image/svg+xml', true],
    ['film.mp4', 'video/mp4', true],
    ['archive', undefined, true],
    ['picture.png', 'text/plain', false],
    ['photo.HEIC', undefined, false],
    ['photo.heic', 'application/octet-stream', false],
    ['whatever', 'image/jpeg', false],
    ['moving.gif', 'image/gif', false],
  ])('%s of type %s', (filename, contentType, refused) => {
    const interaction = fixture('command-with-pictures', (payload) => {
      const data = payload.data as { resolved: { attachments: Record<string, Loose> } }
      for (const attachment of Object.values(data.resolved.attachments)) {
        attachment.filename = filename
        if (contentType === undefined) delete attachment.content_type
        else attachment.content_type = contentType
      }
    })
    const problem = { kind: 'not_a_picture', name: filename }
    expect(imagine(interaction).ask.problems).toEqual(refused ? [problem, problem] : [])
  })

  test('an attachment that Discord does not describe is none', () => {
    const interaction = withPrompt('a fox', [{ name: 'image', type: 11, value: '1441787346935906307' }])
    expect(imagine(interaction).ask.inputs).toEqual([])
  })

  test('a command without a prompt, or with one of another type, is still a request for the studio to judge', () => {
    expect(imagine(withPrompt(undefined)).ask.input.prompt).toBe('')
    const none = fixture('command', (payload) => {
      payload.data = { id: '1', name: 'imagine', type: 1 }
    })
    expect(imagine(none).ask.input.prompt).toBe('')
  })

  test('an interaction of nobody is a failure, not a person', () => {
    const nobody = fixture('command', (payload) => {
      delete payload.member
    })
    expect(() => parseInteraction(nobody, 0)).toThrow(AppError)
  })
})

describe('a press', () => {
  test('of Cancel names its job and its person', () => {
    expect(parseInteraction(fixture('press-cancel'), 0)).toMatchObject({
      kind: 'press',
      button: { action: 'cancel', jobId: '0123456789abcdef0123456789abcdef' },
      person: { id: '80351110224678912', name: 'Nelly **the** fox' },
      mayManage: true,
      eventKey: 'discord:1441787346935906400',
      workspace: '290926798626357999',
      pressed: { messageId: '1441787346935906306', ephemeral: false },
      problems: [],
      caller: { locale: 'de' },
    })
  })

  test.each([
    ['8192', true],
    ['8', true],
    ['2048', false],
    ['0', false],
  ])('with permissions %s may manage others’ messages: %s', (permissions, mayManage) => {
    const press = fixture('press-cancel', (payload) => {
      payload.member = { ...(payload.member as Loose), permissions }
    })
    expect(parseInteraction(press, 0)).toMatchObject({ mayManage })
  })

  test.each(['', 'a0:cancel:abc', 'a1:explode:abc', 'a1:cancel:', 'a1:cancel:A/../b', `a1:cancel:${'a'.repeat(90)}`])(
    'of an unknown button %j is known as such',
    (custom_id) => {
      const press = fixture('press-cancel', (payload) => {
        payload.data = { custom_id, component_type: 2 }
      })
      expect(parseInteraction(press, 0).kind).toBe('unknown_press')
    },
  )

  test('carries its whole state', () => {
    const jobId = '0123456789abcdef0123456789abcdef'
    expect(readCustomId(customIdOf({ action: 'cancel', jobId }))).toEqual({ action: 'cancel', jobId })
  })
})

describe('what this version does not know', () => {
  test('another command', () => {
    const other = fixture('command', (payload) => {
      payload.data = { id: '1', name: 'draw', type: 1 }
    })
    expect(parseInteraction(other, 0).kind).toBe('help')
  })

  test('a menu entry of the same name', () => {
    const menu = fixture('command', (payload) => {
      payload.data = { id: '1', name: 'imagine', type: 3, target_id: '1' }
    })
    expect(parseInteraction(menu, 0).kind).toBe('help')
  })

  test('typing, a form, a ping', () => {
    const of = (type: number) =>
      fixture('command', (payload) => {
        payload.type = type
      })
    expect([4, 5, 1].map((type) => parseInteraction(of(type), 0).kind)).toEqual(['typing', 'unknown_press', 'none'])
  })
})
