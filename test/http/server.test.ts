import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Route, RouteRequest } from '../../src/core/ports.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { createRecordedLog } from './recorded-log.ts'

const servers: HttpServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve(...routes: Partial<Route>[]) {
  const log = createRecordedLog()
  const server = createHttpServer({ host: '127.0.0.1', port: 0, log })
  servers.push(server)
  for (const route of routes) {
    const whole: Route = { method: 'GET', path: '/', maxBytes: 1000, handle: async () => ({ status: 204 }), ...route }
    server.routes.mount(whole)
  }
  return { log, server, ...(await server.listen()) }
}

async function read(request: RouteRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Sends raw bytes and gives back all that comes until the server closes or says `until`. */
async function raw(port: number, text: string, until: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.setEncoding('utf8')
  socket.write(text)
  for await (const chunk of socket) {
    heard += chunk
    if (until.test(heard)) break
  }
  socket.destroy()
  return heard
}

test('gives routes the method, path, parameters, query, headers and the raw body', async () => {
  const { origin } = await serve({
    method: 'POST',
    path: '/things/:id',
    handle: async (request) => {
      const { method, path, params, query, headers } = request
      const body = (await read(request)).toString('hex')
      return {
        status: 201,
        body: JSON.stringify({ method, path, params, q: query.get('q'), x: headers['x-own'], body }),
      }
    },
  })
  const answer = await fetch(`${origin}/things/a%20b?q=1%262&q=3`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-own': 'mine' },
    body: Buffer.from('{"not":json\xff', 'latin1'),
  })
  expect(answer.status).toBe(201)
  expect(await answer.json()).toEqual({
    method: 'POST',
    path: '/things/a%20b',
    params: { id: 'a b' },
    q: '1&2',
    x: 'mine',
    body: Buffer.from('{"not":json\xff', 'latin1').toString('hex'),
  })
})

test('a body without a content type, with any type or with none at all reaches the route', async () => {
  const { origin, port } = await serve({
    method: 'POST',
    handle: async (request) => ({ status: 200, body: String((await read(request)).length) }),
  })
  const post = async (init: RequestInit) => (await fetch(origin, { method: 'POST', ...init })).text()
  expect(await post({ body: new Uint8Array(7) })).toBe('7')
  expect(await post({ body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).toBe('3')
  expect(await post({})).toBe('0')
  const chunked = 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'
  expect(await raw(port, chunked, /\r\n\r\n5/)).toContain('200 OK')
})

test('answers 413 beyond maxBytes, announced or streamed, without reading on, and the connection stays usable', async () => {
  let given = 0
  const { origin, port } = await serve({
    method: 'POST',
    handle: async (request) => {
      for await (const chunk of request.body) given += chunk.length
      return { status: 200 }
    },
  })
  const announced = await fetch(origin, { method: 'POST', body: new Uint8Array(3_000_000) })
  expect(announced.status).toBe(413)
  expect(given).toBe(0)
  async function* endless() {
    for (let i = 0; i < 50; i += 1) yield new Uint8Array(600)
  }
  const streamed = await fetch(origin, { method: 'POST', body: endless(), duplex: 'half' } as RequestInit)
  expect(streamed.status).toBe(413)
  expect(given).toBeLessThanOrEqual(1000)
  const head = 'POST / HTTP/1.1\r\nhost: x\r\n'
  // The answer comes while the body is still on its way.
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  socket.write(`${head}transfer-encoding: chunked\r\n\r\n7d0\r\n${'z'.repeat(2000)}\r\n`)
  expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1.1 413/)
  for (let i = 0; i < 40; i += 1) socket.write(`10000\r\n${'z'.repeat(0x10000)}\r\n`)
  socket.write('0\r\n\r\n')
  socket.write(`${head}content-length: 2\r\n\r\nok`)
  expect(String(await once(socket, 'data'))).toMatch(/HTTP\/1.1 200 OK/)
  socket.destroy()
  const twice = `${head}content-length: 1001\r\n\r\n${'x'.repeat(1001)}${head}content-length: 1000\r\n\r\n${'y'.repeat(1000)}`
  const heard = await raw(port, twice, /200 OK/)
  expect(heard).toMatch(/^HTTP\/1.1 413[\s\S]*HTTP\/1.1 200 OK/)
})

test('a path that does not decode is answered 400 and the server goes on', async () => {
  const { port, origin } = await serve({ path: '/things/:id', handle: async () => ({ status: 200 }) })
  for (const path of ['/%', '/things/%E0%A4%A', '/things/%zz', '/%c0%af', '/things/%00%ff'])
    expect(await raw(port, `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`, /\r\n\r\n/)).toMatch(/^HTTP\/1.1 400 /)
  expect((await fetch(`${origin}/things/ok?broken=%`)).status).toBe(200)
  expect((await fetch(`${origin}/things/${'x'.repeat(300)}`)).status).toBe(414)
})

test('what is no HTTP at all, and heads that are too large, do not disturb it', async () => {
  const { port, origin } = await serve({ handle: async () => ({ status: 200 }) })
  expect(await raw(port, 'nonsense\r\n\r\n', /\r\n\r\n/)).toMatch(/^HTTP\/1.1 400 /)
  const huge = `GET / HTTP/1.1\r\nhost: x\r\nx-big: ${'x'.repeat(20_000)}\r\n\r\n`
  expect(await raw(port, huge, /\r\n\r\n/)).toMatch(/^HTTP\/1.1 431 /)
  expect((await fetch(origin)).status).toBe(200)
})

test('every answer carries the security headers, which a route may replace', async () => {
  const { origin } = await serve(
    { path: '/plain', handle: async () => ({ status: 200, body: 'x' }) },
    { path: '/own', handle: async () => ({ status: 200, headers: { 'cache-control': 'private' }, body: 'x' }) },
  )
  for (const path of ['/plain', '/own', '/nowhere']) {
    const { headers } = await fetch(`${origin}${path}`)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('cache-control')).toBe(path === '/own' ? 'private' : 'no-store')
  }
})

test('failures of a route become a bare status, and the log has them without the query', async () => {
  const { origin, log } = await serve(
    { path: '/broken', handle: async () => Promise.reject(new Error('with a secret-less message')) },
    { path: '/away', handle: async () => Promise.reject(new AppError('store_unavailable')) },
    { path: '/bad', handle: async () => Promise.reject(new AppError('invalid_request')) },
  )
  const broken = await fetch(`${origin}/broken?s=signature`)
  expect([broken.status, await broken.text()]).toEqual([500, 'Internal Server Error\n'])
  expect((await fetch(`${origin}/away`)).status).toBe(503)
  expect((await fetch(`${origin}/bad`)).status).toBe(400)
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  expect(JSON.stringify(log.lines)).not.toContain('signature')
})

test('streams with back-pressure: a reader that stops stops the source', async () => {
  let made = 0
  const { origin } = await serve({
    handle: async ({ signal }) => ({
      status: 200,
      body: (async function* () {
        while (!signal.aborted) {
          made += 1
          yield new Uint8Array(1_000_000)
        }
      })(),
    }),
  })
  const answer = await fetch(origin)
  const reader = answer.body?.getReader()
  await reader?.read()
  let before = -1
  // Socket buffers fill, then nothing more is made: wait for the count to stand still.
  while (made !== before) {
    before = made
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(made).toBeLessThan(60)
  await reader?.cancel()
})

test('a client that leaves aborts the signal and ends the body', async () => {
  const left = Promise.withResolvers<unknown>()
  const ended = Promise.withResolvers<void>()
  const { origin } = await serve({
    handle: async ({ signal }) => {
      signal.addEventListener('abort', () => left.resolve(signal.reason))
      return {
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
        body: (async function* () {
          try {
            yield ': here\n\n'
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
          } finally {
            ended.resolve()
          }
        })(),
      }
    },
  })
  const leave = new AbortController()
  const answer = await fetch(origin, { signal: leave.signal })
  expect(Buffer.from((await answer.body?.getReader().read())?.value ?? []).toString()).toBe(': here\n\n')
  leave.abort()
  expect(await left.promise).toBeInstanceOf(AppError)
  await ended.promise
})

test('a signal stays quiet after an answer that was sent whole', async () => {
  const signals: AbortSignal[] = []
  const { origin, server } = await serve({
    handle: async ({ signal }) => {
      signals.push(signal)
      return { status: 200, body: 'whole' }
    },
  })
  expect(await (await fetch(origin)).text()).toBe('whole')
  await server.close()
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
})

test('an upload that breaks off fails the body, not the process', async () => {
  const failed = Promise.withResolvers<unknown>()
  const { port } = await serve({
    method: 'POST',
    handle: async (request) => {
      await read(request).catch(failed.resolve)
      return { status: 204 }
    },
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf')
  setTimeout(() => socket.destroy(), 50)
  expect(await failed.promise).toMatchObject({ code: 'invalid_request' })
})

test('a body that fails midway is cut off, so that nobody takes it for whole', async () => {
  const { origin, log } = await serve({
    handle: async () => ({
      status: 200,
      headers: { 'content-length': '100' },
      body: (async function* () {
        yield 'part'
        throw new AppError('result_gone')
      })(),
    }),
  })
  await expect(fetch(origin).then((answer) => answer.text())).rejects.toThrow()
  expect(log.lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'answer broken off' }))
})

test('close ends event streams and idle connections at once', async () => {
  const { origin, port, server } = await serve({
    path: '/events',
    handle: async ({ signal }) => ({
      status: 200,
      body: (async function* () {
        yield 'data: 1\n\n'
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        yield 'data: bye\n\n'
      })(),
    }),
  })
  const idle = connect(port, '127.0.0.1')
  await once(idle, 'connect')
  const closed = once(idle.resume(), 'close')
  const stream = await fetch(`${origin}/events`)
  const text = stream.text()
  await server.close()
  expect(await text).toBe('data: 1\n\ndata: bye\n\n')
  await closed
  await expect(fetch(origin)).rejects.toThrow()
})

test('a port that is taken is named in words, with the variable that sets it', async () => {
  const { port } = await serve({})
  const second = createHttpServer({ host: '127.0.0.1', port, portVariable: 'METRICS_PORT', log: createRecordedLog() })
  servers.push(second)
  await expect(second.listen()).rejects.toMatchObject({
    code: 'configuration',
    detail: expect.stringMatching(new RegExp(`port ${port} is already in use.*METRICS_PORT`)),
  })
})
