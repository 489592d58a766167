import { describe, expect, test } from 'vitest'
import type { Ask } from '../../src/core/studio.ts'
import { localeOf } from '../../src/playground/locale.ts'
import { messageSchema, type PostedMessage, parseMessage } from '../../src/playground/parse.ts'
import { isPictureId, resultId, uploadId } from '../../src/playground/picture-id.ts'

const context = { locale: 'en', receivedAt: 5, parent: null }
const posted = (change: Partial<PostedMessage> = {}): PostedMessage => ({
  ...{ messageId: 'message-1', text: '/imagine a fox', pictures: [], replyTo: null },
  ...change,
})

function askOf(change: Partial<PostedMessage>): Ask {
  const parsed = parseMessage(posted(change), context)
  if (parsed.kind !== 'ask') throw new Error('help')
  return parsed.ask
}

test('a command, its flags, and everything else that an ask needs', () => {
  expect(askOf({ text: '  /imagine a fox in the snow --ar 3:2 --hq ' })).toEqual({
    eventKey: 'playground:message-1',
    surface: 'playground',
    workspace: 'local',
    channel: 'local',
    person: { id: 'you', name: 'You' },
    locale: 'en',
    action: 'imagine',
    parentId: null,
    source: null,
    input: { prompt: 'a fox in the snow', aspectRatio: '3:2', quality: 'high' },
    inputs: [],
    omitted: [],
    problems: [],
    address: { at: { messageId: 'message-1' }, secret: null },
    receivedAt: 5,
  })
})

test.each([
  ['a fox in the snow', 'a fox in the snow'],
  ['/imagine\na fox\n\nin the snow', 'a fox\n\nin the snow'],
  ['/IMAGINE a fox', 'a fox'],
  ['/imagine', ''],
  ['', ''],
  ['help the fox', 'help the fox'],
  ['/imagine help the fox', 'help the fox'],
  ['1/2 of a fox', '1/2 of a fox'],
  ['/r/foxes style', '/r/foxes style'],
  ['<b>@everyone</b> <!channel>', '<b>@everyone</b> <!channel>'],
])('%j asks for %j', (text, prompt) => {
  expect(askOf({ text }).input.prompt).toBe(prompt)
})

test.each(['/help', '/imagine help', '/imagine HELP ', '/draw a fox', '/команда'])('%j asks for help', (text) => {
  expect(parseMessage(posted({ text }), context)).toEqual({ kind: 'help' })
})

test('pictures make it an edit; the one replied to comes first and is the parent', () => {
  const upload = uploadId('abc')
  const ask = askOf({ pictures: [{ id: upload, name: 'dog.png' }], replyTo: { jobId: 'job1', n: 2 } })
  expect([ask.action, ask.parentId]).toEqual(['edit', 'job1'])
  expect(ask.inputs).toEqual([
    { kind: 'result', name: '2', jobId: 'job1', n: 2 },
    { kind: 'remote', name: 'dog.png', at: upload },
  ])
})

test('a reply keeps the shape of the picture that it is about, unless it says another', () => {
  const request = {
    prompt: 'x',
    aspectRatio: '3:2',
    quality: 'high',
    count: 2,
    private: false,
    spoiler: false,
  } as const
  const shape = (text: string) => {
    const replyTo = { jobId: 'job1', n: 1 }
    const parsed = parseMessage(posted({ text, replyTo }), { ...context, parent: { request } })
    return parsed.kind === 'ask' ? parsed.ask.input : null
  }
  expect(shape('make it night')).toEqual({ prompt: 'make it night', aspectRatio: '3:2' })
  expect(shape('make it night --ar 2:3')).toEqual({ prompt: 'make it night', aspectRatio: '2:3' })
})

test('what parsing found wrong with flags goes along', () => {
  expect(askOf({ text: 'a fox --shape round' }).problems).toEqual([{ kind: 'unknown_flag', flag: '--shape' }])
})

describe('what the page posts is checked', () => {
  test.each<[string, unknown]>([
    ['no object', 'text'],
    ['a field too many', { ...posted(), x: 1 }],
    ['a message id that could be markup', posted({ messageId: '<script>alert(1)' })],
    ['a picture that is not the playground’s', posted({ pictures: [{ id: 'job1-in1', name: '' }] })],
    ['a picture that is a path', posted({ pictures: [{ id: '../../etc/passwd', name: '' }] })],
    ['a result that can’t be', posted({ replyTo: { jobId: 'job1', n: 5 } })],
    ['a job that can’t be', posted({ replyTo: { jobId: '../x', n: 1 } })],
    ['a name without end', posted({ pictures: [{ id: uploadId('a'), name: 'x'.repeat(256) }] })],
  ])('%s', (_name, body) => {
    expect(messageSchema.safeParse(body).success).toBe(false)
  })

  test('seventeen pictures pass, for the core has words for them', () => {
    const pictures = Array.from({ length: 17 }, (_, i) => ({ id: uploadId(`${i}`), name: '' }))
    expect(messageSchema.safeParse(posted({ pictures })).success).toBe(true)
  })
})

test('only the playground’s own pictures are its pictures', () => {
  expect([uploadId('a1'), resultId('b2', 1)].map(isPictureId)).toEqual([true, true])
  expect(['', 'a1', 'b2-in1', 'playground-in-', 'playground-out-b2', 'playground-in-../x'].map(isPictureId)).toEqual(
    Array(6).fill(false),
  )
})

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['en-GB,en;q=0.9', 'en-GB'],
  ['xx, en;q=0.5', 'en'],
  ['*', 'en'],
  ['en;q=0', 'en'],
  ['__proto__', 'en'],
  ['valueOf', 'en'],
  ['=;;,q=', 'en'],
])('the language of %j is %j', (header, locale) => {
  expect(localeOf(header)).toBe(locale)
})
