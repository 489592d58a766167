import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parsePress, parseShortcut } from '../../src/slack/interaction.ts'
import { parseCommand, parseMessage, toAsk, wishOf } from '../../src/slack/parse.ts'

function fixture(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../fixtures/slack/${name}.json`), 'utf8'))
}

const none = { inputs: [], omitted: [], parent: null }
const workspace = { team: 'T0123ABCD', enterprise: null }
const heard = { workspace, botUserId: 'U0BOT' }

function message(name: string, more: object = {}, event: object = {}) {
  const body = fixture(name)
  return parseMessage({ ...body, ...more, event: { ...(body.event as object), ...event } }, heard)
}

describe('a slash command', () => {
  it('becomes a request with everything that its answer needs', () => {
    const asked = parseCommand(fixture('slash-command'), workspace, 1_000)
    if (asked === null) throw new Error('not understood')
    const ask = toAsk(asked, none, 5)
    expect(ask).toMatchObject({
      eventKey: 'slack:1234567890.1234567890.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      surface: 'slack',
      workspace: 'T0123ABCD',
      channel: 'C0123ABCD',
      person: { id: 'U0123ABCD', name: 'ann' },
      action: 'imagine',
      input: { prompt: 'a red fox & a hen', aspectRatio: '3:2' },
      receivedAt: 5,
    })
    expect(ask.address.secret).toEqual({ responseUrl: fixture('slash-command').response_url, issuedAt: 1_000, uses: 0 })
    expect(JSON.stringify(ask.address.at)).not.toContain('hooks.slack.com')
  })

  it.each([{}, { text: 1 }, { response_url: undefined }])('that is none is left alone (%j)', (more) => {
    const payload = { ...(Object.keys(more).length === 0 ? {} : fixture('slash-command')), ...more }
    expect(parseCommand(payload, workspace, 0)).toBeNull()
  })
})

describe('a mention', () => {
  it('becomes an edit of its pictures', () => {
    const asked = message('app-mention')
    expect(asked).toMatchObject({
      eventKey: 'slack:Ev0123ABCD',
      origin: {
        team: 'T0123ABCD',
        channel: 'C0123ABCD',
        thread: '1763800000.000100',
        user: 'U0123ABCD',
        response: null,
      },
      words: 'make it #blue and send it to @bob',
      direct: false,
    })
    expect(asked?.inputs).toEqual([
      { kind: 'remote', name: 'cat.png', at: { file: 'F0123ABCD', ...workspace } },
      { kind: 'remote', name: 'F0456ABCD', at: { file: 'F0456ABCD', ...workspace } },
    ])
    expect(asked?.omitted).toEqual([{ name: 'notes.pdf', why: 'not_a_picture' }])
    // No URL of a file is kept: it is asked for when it is needed.
    expect(JSON.stringify(asked)).not.toContain('files.slack.com')
  })

  it.each([
    { edited: { user: 'U0', ts: '1.1' } },
    { bot_id: 'B0OTHER' },
    { user: 'U0BOT' },
    { user: undefined },
    { subtype: 'bot_message' },
    { type: 'reaction_added' },
  ])('that is not for us is left alone (%j)', (event) => {
    expect(message('app-mention', {}, event)).toBeNull()
  })
})

describe('a direct message', () => {
  it('becomes an edit of its picture', () => {
    const asked = message('message-im')
    if (asked === null) throw new Error('not understood')
    expect(toAsk(asked, none, 0)).toMatchObject({
      action: 'edit',
      input: { prompt: 'make it blue' },
      inputs: [{ name: 'IMG_1.HEIC' }],
      address: { secret: null, at: { route: 'channel' } },
    })
  })

  it('that is shown outside its thread too is one like any other', () => {
    expect(message('message-im', {}, { subtype: 'thread_broadcast', files: [] })?.words).toBe('make it blue')
    expect(message('message-im', {}, { subtype: 'channel_topic' })).toBeNull()
  })

  it('has its own pictures before those of the thread', () => {
    const asked = message('message-im')
    if (asked === null) throw new Error('not understood')
    const pointed = {
      inputs: [{ kind: 'remote' as const, name: 'other', at: { file: 'F1' } }],
      omitted: [],
      parent: null,
    }
    expect(toAsk(asked, pointed, 0).inputs).toHaveLength(1)
    expect(toAsk({ ...asked, inputs: [] }, pointed, 0)).toMatchObject({ action: 'edit', inputs: [{ name: 'other' }] })
  })

  it('keeps the shape of the result that it is about, unless it says another', () => {
    const asked = message('message-im', {}, { files: [], subtype: undefined, text: 'make it night' })
    if (asked === null) throw new Error('not understood')
    const request = {
      prompt: 'a fox',
      aspectRatio: '3:2',
      quality: 'medium',
      count: 1,
      private: false,
      spoiler: false,
    } as const
    const pointed = { inputs: [], omitted: [], parent: { id: 'job1', request } }
    expect(toAsk(asked, pointed, 0).input).toEqual({ prompt: 'make it night', aspectRatio: '3:2' })
    expect(toAsk({ ...asked, words: 'make it night --ar 2:3' }, pointed, 0).input.aspectRatio).toBe('2:3')
  })

  it.each([
    [' Help! ', 'help'],
    ['history', 'history'],
    ['Usage?', 'usage'],
    ['help an old lady', null],
    ['usages', null],
  ])('that says %j is told from one that asks for a picture', (text, wish) => {
    const asked = message('message-im', {}, { files: [], subtype: undefined, text })
    expect(asked === null ? undefined : wishOf(asked)).toBe(wish)
    const picture = message('message-im', {}, { text })
    expect(picture === null ? undefined : wishOf(picture)).toBeNull()
  })
})

describe('a pressed button', () => {
  it('says whose press it is, where, and what it does', () => {
    expect(parsePress(fixture('block-actions'), workspace, 1_000)).toEqual({
      eventKey: `slack:${fixture('block-actions').trigger_id}`,
      workspace,
      person: { id: 'U0123ABCD', name: 'ann' },
      origin: {
        ...{ ...workspace, channel: 'C0123ABCD', thread: '1763800000.000100', user: 'U0123ABCD' },
        response: { responseUrl: fixture('block-actions').response_url, issuedAt: 1_000, uses: 0 },
      },
      triggerId: fixture('block-actions').trigger_id,
      button: { action: 'cancel', jobId: '0123456789abcdef0123456789abcdef', from: null },
    })
  })

  it('that is a link is left alone', () => {
    const link = { type: 'button', action_id: 'link', url: 'https://x.slack.com/', action_ts: '1' }
    const body = { type: 'block_actions', user: { id: 'U1' }, trigger_id: 't', actions: [link] }
    expect(parsePress(body, workspace, 0)).toBeNull()
    expect(parsePress({ ...body, actions: [{ ...link, action_id: 'paint' }] }, workspace, 0)?.button).toBeNull()
  })

  it('of an unknown form is left alone', () => {
    expect(parsePress({}, workspace, 0)).toBeNull()
    expect(parsePress({ ...fixture('block-actions'), actions: [] }, workspace, 0)).toBeNull()
  })
})

describe('a shortcut', () => {
  it('of an unknown form is left alone', () => {
    expect(parseShortcut({}, heard, 0)).toBeNull()
  })
})
