import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { messagesFor } from '../../src/core/messages.ts'
import { uploadBytes } from '../../src/playground/limits.ts'
import { uploadId } from '../../src/playground/picture-id.ts'
import type { PageMessage } from '../../src/playground/render.ts'
import { openEvents } from './events.ts'
import { heldPng, pngLike } from './pictures.ts'
import { type PlaygroundServer, type PlaygroundServerOptions, startPlayground } from './server.ts'

const en = messagesFor('en')
const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function start(options: PlaygroundServerOptions = {}) {
  const server = await startPlayground(options)
  open.push(server)
  return server
}

async function follow(server: PlaygroundServer, headers: Record<string, string> = {}) {
  const events = await openEvents(server.origin, headers)
  open.push(events)
  return events
}

function post(
  { origin }: PlaygroundServer,
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  return fetch(`${origin}/playground/${path}`, {
    method: 'POST',
    headers: { origin, ...headers },
    ...(body === undefined ? {} : { body }),
  })
}

async function send(server: PlaygroundServer, change: object) {
  const message = { messageId: randomUUID(), text: 'a fox in the snow', pictures: [], replyTo: null, ...change }
  const answer = await post(server, 'messages', JSON.stringify(message), { 'content-type': 'application/json' })
  return { status: answer.status, ...((await answer.json()) as { notices: unknown[] }) }
}

async function upload(server: PlaygroundServer, bytes: Uint8Array<ArrayBuffer>, name = 'a.png') {
  const answer = await post(server, `pictures?name=${encodeURIComponent(name)}`, bytes)
  return { status: answer.status, ...((await answer.json()) as { id?: string; notices?: unknown[] }) }
}

const newestJob = (server: PlaygroundServer) => server.studio.jobs().at(-1)?.id ?? ''
const picturesOf = (message: PageMessage | undefined) => message?.answer.pictures ?? []

test('words become a job that every tab sees from queued to picture, byte for byte', async () => {
  const server = await start({ simulated: true })
  const tabs = [await follow(server), await follow(server)]
  for (const tab of tabs) {
    expect(tab.headers.get('content-type')).toContain('text/event-stream')
    expect(await tab.state()).toMatchObject({
      messages: [],
      earlier: false,
      simulated: true,
      words: { cancel: 'Cancel' },
    })
  }
  expect(await send(server, { messageId: 'message-1', text: '/imagine a fox --ar 3:2' })).toEqual({
    ...{ status: 202, notices: [] },
  })
  const id = newestJob(server)
  const picture = heldPng(400_000)
  for (const tab of tabs)
    expect(await tab.message()).toMatchObject({
      ...{ id, messageId: 'message-1', asked: { prompt: 'a fox' }, answer: { state: 'queued', line: en.queued(null) } },
    })
  await server.studio.turn(id, { kind: 'running', elapsedMs: 1000, remainingMs: 3000, late: false })
  for (const tab of tabs) expect((await tab.message()).answer).toMatchObject({ state: 'running', progress: 0.25 })
  await server.studio.turn(id, { kind: 'result', pictures: [picture] })
  for (const tab of tabs) {
    const [shown] = picturesOf(await tab.message(({ answer }) => answer.state === 'result'))
    const got = await fetch(`${server.origin}${shown?.src}`)
    expect([got.headers.get('content-type'), got.headers.get('x-content-type-options')]).toEqual([
      'image/png',
      'nosniff',
    ])
    expect(got.headers.get('content-disposition')).toBe('inline')
    expect(Buffer.from(await got.arrayBuffer()).equals(picture.bytes)).toBe(true)
    const saved = await fetch(`${server.origin}${shown?.download}`)
    expect(saved.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''a-fox.png")
    await saved.body?.cancel()
  }
})

test('posting the same message again is one job', async () => {
  const server = await start()
  const answers = await Promise.all([1, 2, 3].map(() => send(server, { messageId: 'message-1' })))
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
  expect(server.studio.jobs()).toHaveLength(1)
})

test('a picture is uploaded, then edited; a result is edited by replying to it', async () => {
  const server = await start()
  const { status, id } = await upload(server, pngLike(50_000), 'dog.png')
  expect(status).toBe(201)
  await send(server, { text: 'give it a hat', pictures: [{ id, name: 'dog.png' }] })
  const first = newestJob(server)
  expect(server.studio.asks.at(-1)).toMatchObject({ action: 'edit', parentId: null, inputs: [{ at: id }] })
  await server.studio.turn(first, { kind: 'result', pictures: [heldPng()] })
  await send(server, { text: 'now in blue', replyTo: { jobId: first, n: 1 } })
  expect(server.studio.asks.at(-1)).toMatchObject({
    ...{ action: 'edit', parentId: first, inputs: [{ kind: 'result', jobId: first, n: 1 }] },
  })
  const { messages } = await (await follow(server)).state()
  for (const { src } of messages.flatMap(({ asked }) => asked.pictures))
    expect((await fetch(`${server.origin}${src}`)).status).toBe(200)
  expect(messages.map(({ asked }) => asked.reply)).toEqual([false, true])
})

test('a reply to a picture that is not there is refused before anything is asked', async () => {
  const server = await start()
  const gone = { status: 422, notices: [[en.failed({ code: 'input_gone' })]] }
  expect(await send(server, { replyTo: { jobId: 'nobody', n: 1 } })).toEqual(gone)
  expect(await send(server, { pictures: [{ id: uploadId('unknown'), name: 'x' }] })).toEqual(gone)
  await send(server, {})
  expect(await send(server, { replyTo: { jobId: newestJob(server), n: 1 } })).toEqual(gone)
  expect(server.studio.asks).toHaveLength(1)
})

test.each([
  ['an HTML page', Buffer.from('<!doctype html><script>alert(1)</script>'), 415, 'input_not_picture'],
  ['a text file named .png', Buffer.from('hello, I am a picture'), 415, 'input_not_picture'],
  ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415, 'input_not_picture'],
  ['nothing', Buffer.alloc(0), 422, 'input_empty'],
  ['30 MB', pngLike(30 * 1024 * 1024), 413, 'input_too_large'],
] as const)('a file that is %s gets one clear sentence', async (_name, bytes, status, code) => {
  const server = await start()
  const sentence = [{ quoted: 'fox.png' }, ' ', en.failed({ code })]
  expect(await upload(server, bytes, 'fox.png')).toEqual({ status, notices: [sentence] })
  expect(await upload(server, bytes, '')).toEqual({ status, notices: [[en.failed({ code })]] })
  expect(server.shelf.ids()).toEqual([])
  expect((await upload(server, pngLike(100))).status).toBe(201)
})

test('a picture of exactly 20 MB is taken', async () => {
  const server = await start()
  const { status, id } = await upload(server, pngLike(uploadBytes))
  expect([status, await server.shelf.find(id ?? '')]).toEqual([201, { type: 'image/png', size: uploadBytes }])
})

test('seventeen pictures, empty words, unknown flags and a long prompt each get words, and nothing starts', async () => {
  const server = await start()
  const { id } = await upload(server, pngLike(100))
  const pictures = Array.from({ length: 17 }, () => ({ id, name: 'a.png' }))
  const many = await send(server, { pictures })
  expect(many).toEqual({ status: 422, notices: [en.problem({ kind: 'too_many_inputs', max: 16, given: 17 })] })
  for (const text of ['', '  ', '/imagine', 'ab', 'a fox --shape round', 'x'.repeat(5001), 'a fox --ar'])
    expect(await send(server, { text })).toMatchObject({ status: 422, notices: [expect.anything()] })
  expect(await send(server, { text: '/help' })).toEqual({
    status: 200,
    notices: en.help('/imagine').map((line) => [line]),
  })
  server.studio.refuseWith({ code: 'day_spent' })
  expect(await send(server, {})).toEqual({ status: 422, notices: [[en.failed({ code: 'day_spent' })]] })
  expect(server.studio.jobs()).toEqual([])
})

test('what is no message is answered 400', async () => {
  const server = await start()
  for (const body of ['', '{', '[]', '{"text":"a fox"}', Buffer.from([0xff, 0xfe])])
    expect((await post(server, 'messages', body)).status).toBe(400)
  expect((await post(server, 'messages', Buffer.alloc(600_000, 'x'))).status).toBe(413)
})

test('cancel: while it runs, when it is over, and for what is not there', async () => {
  const server = await start()
  const events = await follow(server)
  await send(server, {})
  const id = newestJob(server)
  expect((await post(server, `jobs/${id}/cancel`)).status).toBe(202)
  const { answer } = await events.message((message) => message.answer.state === 'cancelled')
  expect(answer).toMatchObject({ line: en.cancelled(0, false), cancellable: false })
  for (const [job, words] of [
    [id, en.cancelAnswer('finished')],
    ['nobody', en.cancelAnswer('unknown')],
  ] as const) {
    const again = await post(server, `jobs/${job}/cancel`)
    expect([again.status, await again.json()]).toEqual([409, { notices: [[words]] }])
  }
})

test('a tab that comes later, or comes back, sees it all: ended, running and waiting', async () => {
  const server = await start()
  for (const text of ['one fox', 'two foxes', 'three foxes', 'four foxes']) await send(server, { text })
  const [one = '', two = '', three = ''] = server.studio.jobs().map(({ id }) => id)
  await server.studio.turn(one, { kind: 'result', pictures: [heldPng()] })
  await server.studio.turn(two, { kind: 'failed', failure: { code: 'content_rejected' } })
  await server.studio.turn(three, { kind: 'running', elapsedMs: 500, remainingMs: 1500, late: false })
  const { messages } = await (await follow(server, { 'last-event-id': '17' })).state()
  expect(messages.map(({ asked, answer }) => [asked.prompt, answer.state])).toEqual([
    ['one fox', 'result'],
    ['two foxes', 'failed'],
    ['three foxes', 'running'],
    ['four foxes', 'queued'],
  ])
})

test('a restart keeps the conversation: results from their receipts, live ones in line', async () => {
  const before = await start()
  const partly = { kind: 'result', pictures: [heldPng()], failures: [{ code: 'upstream_failed' }] } as const
  await send(before, { text: 'two foxes --count 2' })
  await before.studio.turn(newestJob(before), partly)
  await send(before, { text: 'still running' })
  const after = await start({ studio: before.studio, shelf: before.shelf })
  const { messages } = await (await follow(after)).state()
  const [ended, live] = messages
  expect(ended?.answer).toMatchObject({ state: 'result', note: en.partly(1, 2, { code: 'upstream_failed' }) })
  expect((await fetch(`${after.origin}${picturesOf(ended)[0]?.src}`)).status).toBe(200)
  expect(live?.answer).toMatchObject({ state: 'queued', cancellable: true })
})

test('older messages come page by page', async () => {
  const server = await start()
  for (let i = 0; i < 65; i += 1) await send(server, { text: `fox ${i}` })
  const pages = [await (await follow(server)).state()]
  for (let page = pages[0]; page?.earlier === true; page = pages.at(-1)) {
    const url = `${server.origin}/playground/messages?before=${page.messages[0]?.id}`
    pages.push((await (await fetch(url)).json()) as (typeof pages)[0])
  }
  expect(pages.map(({ messages }) => messages.length)).toEqual([30, 30, 5])
  const prompts = pages.reverse().flatMap(({ messages }) => messages.map(({ asked }) => asked.prompt))
  expect(prompts).toEqual(Array.from({ length: 65 }, (_, i) => `fox ${i}`))
})

test('stopping ends the streams, and what comes then is told to come back', async () => {
  const server = await start()
  const events = await follow(server)
  await events.state()
  expect(server.adapter.intake.ready()).toBe(true)
  await server.adapter.intake.stop()
  await events.ended()
  expect(server.adapter.intake.ready()).toBe(false)
  expect((await fetch(`${server.origin}/playground/events`)).status).toBe(503)
  expect((await post(server, 'messages', '{}')).status).toBe(503)
})

test('only pictures of the playground are shown, and nothing is listed', async () => {
  const server = await start()
  async function* bytes() {
    yield pngLike(100)
  }
  await server.shelf.put('job1-in1', 'image/png', bytes(), 10_000)
  for (const path of [
    'pictures/job1-in1',
    'pictures/',
    'pictures',
    `pictures/${uploadId('x')}`,
    'pictures/..%2f..%2fx',
  ])
    expect((await fetch(`${server.origin}/playground/${path}`)).status).toBe(404)
})

test('the page comes with a policy that leaves nothing to foreign scripts, and is not sent twice', async () => {
  const { origin } = await start()
  const page = await fetch(`${origin}/`)
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  const policy = page.headers.get('content-security-policy') ?? ''
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", 'require-trusted-types-for'])
    expect(policy).toContain(part)
  expect(policy).not.toContain('unsafe')
  const html = await page.text()
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style/i)
  const files = [...html.matchAll(/(?:src|href)="(\/playground\/[^"#]+)"/g)].map(([, file]) => file)
  expect(files.length).toBeGreaterThanOrEqual(3)
  for (const file of files) expect((await fetch(`${origin}${file}`)).status).toBe(200)
  const again = await fetch(`${origin}/`, { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })
  expect(again.status).toBe(304)
})

/** fetch sets Host and Origin as it likes, so the hostile ones are written by hand. */
function status(port: number, method: string, path: string, headers: Record<string, string>): Promise<number> {
  const lines = Object.entries({ connection: 'close', 'content-length': '2', ...headers })
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n')
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${head}\r\n\r\n{}`))
    socket.once('data', (data) => {
      resolve(Number(data.toString('latin1').slice(9, 12)))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

test.each([
  ['its own page', 'POST', '127.0.0.1:PORT', 'http://127.0.0.1:PORT', 400],
  ['its own page by name', 'POST', 'localhost:PORT', 'http://localhost:PORT', 400],
  ['its own page by IPv6', 'POST', '[::1]:PORT', 'http://[::1]:PORT', 400],
  ['its own page through a tunnel', 'POST', 'localhost:9000', 'http://localhost:9000', 400],
  ['a foreign page', 'POST', '127.0.0.1:PORT', 'https://evil.test', 403],
  ['another port of this machine', 'POST', '127.0.0.1:PORT', 'http://127.0.0.1:1', 403],
  ['a page of another name of this machine', 'POST', '127.0.0.1:PORT', 'http://localhost:PORT', 403],
  ['a sandboxed page', 'POST', '127.0.0.1:PORT', 'null', 403],
  ['no page at all', 'POST', '127.0.0.1:PORT', '', 403],
  ['a rebound name', 'POST', 'evil.test:PORT', 'http://evil.test:PORT', 403],
  ['a rebound name that only reads', 'GET', 'evil.test', '', 403],
  ['a name that begins like ours', 'GET', '127.0.0.1.evil.test', '', 403],
  ['a name that ends like ours', 'GET', 'evil.localhost', '', 403],
  ['a trailing dot', 'GET', 'localhost.', '', 403],
])('%s: %s with Host %s and Origin %j', async (_name, method, host, origin, expected) => {
  const server = await start()
  const at = (text: string) => text.replace('PORT', String(server.port))
  const headers = { host: at(host), ...(origin === '' ? {} : { origin: at(origin) }) }
  const paths = method === 'POST' ? ['messages'] : ['events', 'messages', 'pictures/x', 'style.css', '']
  for (const path of paths) {
    const whole = path === '' ? '/' : `/playground/${path}`
    expect(await status(server.port, method, whole, headers)).toBe(expected)
  }
})

test('every POST is guarded', async () => {
  const { port } = await start()
  for (const path of ['messages', 'pictures', 'jobs/x/cancel'])
    expect(await status(port, 'POST', `/playground/${path}`, { host: `127.0.0.1:${port}` })).toBe(403)
})
