import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { ImageApi } from '../../src/core/ports.ts'
import { orderOf } from '../contract/image-api.ts'
import {
  type ApiServer,
  bytes,
  cut,
  hang,
  hangUp,
  html,
  json,
  raw,
  redirect,
  reset,
  stall,
  startApiServer,
  startSilentServer,
} from '../fakes/api-server.ts'
import { clientOf, key, openCall } from './client-of.ts'

let server: ApiServer
let client: ReturnType<typeof clientOf>
let api: ImageApi

beforeEach(async () => {
  server = await startApiServer()
  client = clientOf(server.origin)
  api = client.api
})
afterEach(async () => {
  await client.api.close()
  await server.idle()
  await server.close()
  expect(client.text()).not.toContain(key)
})

const order = orderOf({ prompt: 'a red fox, "Bean & Brew"' })
const submit = () => api.submit(order, openCall())
const error = (code: number, message: string, type = 'error') => ({ error: { code, message, type } })

describe('what is posted', () => {
  it('is the documented request, with the key, once', async () => {
    server.script(
      json(200, { code: 200, message: 'success', data: { task_id: 'n42abcd_gptimg', status: 'IN_PROGRESS' } }),
    )
    const call = openCall()
    expect(await api.submit(order, call)).toEqual({ kind: 'taken', taskId: 'n42abcd_gptimg' })
    expect(call.asked()).toBe(1)
    expect(server.posts()).toBe(1)
    const [seen] = server.seen
    expect(seen).toMatchObject({ method: 'POST', path: '/api/v1/images/generations' })
    expect(seen?.headers).toMatchObject({ authorization: `Bearer ${key}`, 'content-type': 'application/json' })
    expect(JSON.parse(seen?.body ?? '')).toEqual({
      model: 'gpt-image-1-5',
      prompt: 'a red fox, "Bean & Brew"',
      aspect_ratio: '1:1',
      quality: 'medium',
    })
  })

  it('carries the pictures of an edit', async () => {
    server.script(json(200, { code: 200, data: { task_id: 'n1' } }))
    const urls = ['https://bot.example/inputs/1?e=1&s=a', 'https://bot.example/inputs/2?e=1&s=b']
    await api.submit(orderOf({ aspectRatio: '3:2', quality: 'high' }, urls), openCall())
    expect(JSON.parse(server.seen[0]?.body ?? '')).toMatchObject({
      aspect_ratio: '3:2',
      quality: 'high',
      input_urls: urls,
    })
  })

  it('goes to the configured path, with or without a trailing slash', async () => {
    const other = clientOf(server.origin, { baseUrl: `${server.origin}/` })
    server.script(json(200, { task_id: 'x' }))
    await other.api.submit(order, openCall())
    expect(server.seen[0]?.path).toBe('/images/generations')
    await other.api.close()
  })

  it('comes on a fresh connection each time, which then ends', async () => {
    server.script(json(200, { data: { task_id: 'x' } }, { connection: 'keep-alive' }))
    for (let i = 0; i < 3; i += 1) await submit()
    expect(server.seen.map(({ connection }) => connection)).toEqual([1, 2, 3])
    expect(server.seen.map(({ headers }) => headers.connection)).toEqual(['close', 'close', 'close'])
    await server.idle()
  })
})

describe('taken', () => {
  it.each([
    ['the documented envelope', { code: 200, message: 'success', data: { task_id: 'id-1', status: 'IN_PROGRESS' } }],
    ['the older flat shape', { id: 'id-1', status: 'pending', model: 'gpt-image-1-5', created_at: 1 }],
    ['flat with task_id', { task_id: 'id-1' }],
    ['camel case in the envelope', { code: 200, msg: 'success', data: { taskId: 'id-1', recordId: 'id-9' } }],
    ['camel case, flat', { taskId: 'id-1' }],
    ['an id in the envelope', { success: true, data: { id: 'id-1', state: 'queued' } }],
    ['a list', { code: 200, data: [{ task_id: 'id-1', status: 'submitted' }] }],
    ['a code in text', { code: '200', data: { task_id: 'id-1' } }],
    ['code 0', { code: 0, data: { task_id: 'id-1' } }],
    ['no error said twice', { id: 'id-1', error: null, status: 'pending' }],
    // A task id is a fact, whatever stands around it.
    ['an id beside another code', { code: 500, message: 'late', data: { task_id: 'id-1' } }],
    ['unknown extra fields', { code: 200, data: { task_id: 'id-1', new: { a: [1] } }, trace: 'x', error: null }],
  ])('%s', async (_, body) => {
    server.script(json(200, body))
    expect(await submit()).toEqual({ kind: 'taken', taskId: 'id-1' })
  })

  it('with a number as id, and with 201 and 202', async () => {
    server.script(json(201, { data: { task_id: 42 } }), json(202, { data: { task_id: 'later' } }))
    expect(await submit()).toEqual({ kind: 'taken', taskId: '42' })
    expect(await submit()).toEqual({ kind: 'taken', taskId: 'later' })
  })
})

describe('refused', () => {
  it.each([
    [400, error(400, 'Invalid parameters', 'invalid_request'), 'invalid_request'],
    [422, error(422, 'prompt: too long'), 'invalid_request'],
    [400, error(400, 'Your prompt violates our content policy'), 'content_rejected'],
    [
      400,
      { error: { code: 'content_policy_violation', message: 'no', type: 'invalid_request_error' } },
      'content_rejected',
    ],
    [422, { code: 422, msg: 'The prompt was flagged by moderation' }, 'content_rejected'],
    [403, error(403, 'Content policy violation', 'content_policy'), 'content_rejected'],
    [403, error(403, 'This key may not use this model', 'forbidden'), 'key_rejected'],
    [401, error(401, 'Invalid API key', 'unauthorized'), 'key_rejected'],
    [402, error(402, 'Insufficient credits', 'insufficient_credits'), 'credits_exhausted'],
    [404, error(404, 'No such endpoint'), 'unexpected_answer'],
    [405, {}, 'unexpected_answer'],
    [413, { error: 'too large' }, 'invalid_request'],
    [451, {}, 'content_rejected'],
    [455, error(455, 'Maintenance'), 'maintenance'],
    // HTTP 200 around the API's own code.
    [200, { code: 400, message: 'Invalid parameters' }, 'invalid_request'],
    [200, { code: 401, msg: 'You do not have access' }, 'key_rejected'],
    [200, { code: 402, msg: 'Credits insufficient', data: null }, 'credits_exhausted'],
    [200, { code: 403, message: 'sensitive content' }, 'content_rejected'],
    [200, { code: 422, message: 'nsfw prompt' }, 'content_rejected'],
    [200, { code: 455, msg: 'Service unavailable' }, 'maintenance'],
    [200, { code: 500, msg: 'Server error' }, 'upstream_unavailable'],
    [200, { code: 503, msg: 'busy' }, 'maintenance'],
    [200, { code: '400', message: 'text for a number' }, 'invalid_request'],
    [200, error(400, 'Invalid parameters', 'invalid_request'), 'invalid_request'],
    [200, { error: { message: 'bad ratio', type: 'invalid_request_error' } }, 'invalid_request'],
    [200, { error: 'rejected by the safety system' }, 'content_rejected'],
    [200, { id: 'req_1', error: { code: 402, message: 'no credits' } }, 'credits_exhausted'],
  ])('HTTP %i %j: %s', async (status, body, code) => {
    server.script(json(status, body))
    expect(await submit()).toMatchObject({ kind: 'refused', failure: { code } })
    expect(server.posts()).toBe(1)
  })

  it('by a page of something in between: one request was blocked, not the key', async () => {
    server.script(html(403), html(401), html(404), html(400), cut(401, '{"err', 500))
    const codes = []
    for (let i = 0; i < 5; i += 1) codes.push(await submit())
    expect(codes.map((answer) => answer.kind)).toEqual(Array(5).fill('refused'))
    expect(codes.map((answer) => 'failure' in answer && answer.failure.code)).toEqual([
      'unexpected_answer',
      'key_rejected',
      'unexpected_answer',
      'invalid_request',
      'key_rejected',
    ])
  })

  it('with the API’s words, but not with the prompt, quotes or the key', async () => {
    const message = `Invalid key ${key}: prompt a red fox, "Bean & Brew" is bad, see https://x.example/help?sig=abc`
    server.script(json(400, error(400, message, 'invalid_request')))
    const answer = await submit()
    expect(answer).toMatchObject({ failure: { detail: expect.stringContaining('Invalid key …: prompt … is bad') } })
    for (const secret of [key, 'red fox', 'sig=abc']) expect(JSON.stringify(answer)).not.toContain(secret)
  })
})

describe('not taken', () => {
  it.each([
    [429, error(429, 'Too many requests', 'rate_limited'), { 'retry-after': '7' }, 'rate_limited', 7000],
    [429, error(429, 'Too many requests'), {}, 'rate_limited', null],
    [429, { error: 'slow down' }, { 'retry-after': '0.5' }, 'rate_limited', 500],
    [503, error(503, 'Overloaded', 'unavailable'), { 'retry-after': 'soon' }, 'maintenance', null],
    [503, { code: 503, msg: 'maintenance' }, {}, 'maintenance', null],
    [200, { code: 429, msg: 'frequency limited' }, { 'retry-after': '2' }, 'rate_limited', 2000],
  ])('HTTP %i %j %j', async (status, body, headers, code, retryAfterMs) => {
    server.script(json(status, body, headers as Record<string, string>))
    expect(await submit()).toMatchObject({ kind: 'not_taken', failure: { code }, retryAfterMs })
    expect(server.posts()).toBe(1)
  })

  it('until an HTTP date, by the answer’s own clock', async () => {
    const date = 'Tue, 01 Jul 2025 10:00:00 GMT'
    const until = 'Tue, 01 Jul 2025 10:00:30 GMT'
    server.script(json(429, error(429, 'slow down'), { date, 'retry-after': until }))
    expect(await submit()).toMatchObject({ kind: 'not_taken', retryAfterMs: 30_000 })
  })

  it('when nobody listens', async () => {
    const gone = await startApiServer()
    await gone.close()
    const other = clientOf(gone.origin)
    const call = openCall()
    expect(await other.api.submit(order, call)).toEqual({
      kind: 'not_taken',
      failure: { code: 'upstream_unavailable', detail: 'ECONNREFUSED' },
      retryAfterMs: null,
    })
    expect(call.asked()).toBe(0)
    await other.api.close()
  })

  it('when the name is unknown', async () => {
    const other = clientOf('http://no-such-host.invalid', { timeouts: { submitMs: 5000, lookMs: 500, resultMs: 500 } })
    expect(await other.api.submit(order, openCall())).toMatchObject({
      kind: 'not_taken',
      failure: { code: 'upstream_unavailable' },
    })
    await other.api.close()
  })

  it('when TLS fails: nothing was sent', async () => {
    const other = clientOf(server.origin.replace('http:', 'https:'))
    expect(await other.api.submit(order, openCall())).toMatchObject({ kind: 'not_taken' })
    expect(server.posts()).toBe(0)
    await other.api.close()
  })

  it('when the connection is not made in time', async () => {
    const silent = await startSilentServer()
    const other = clientOf(silent.origin)
    const call = openCall()
    expect(await other.api.submit(order, call)).toMatchObject({
      kind: 'not_taken',
      failure: { code: 'upstream_unavailable' },
    })
    expect(call.asked()).toBe(0)
    await other.api.close()
    await silent.close()
  })
})

describe('unknown', () => {
  it.each([
    ['429 without the API’s JSON', html(429)],
    ['429 with another’s JSON', json(429, { message: 'no healthy upstream' })],
    ['503 without the API’s JSON', html(503)],
    ['503 with a text for an error', json(503, { error: 'upstream connect error' })],
    ['503 that names a task', json(503, { error: { code: 503, message: 'x' }, data: { task_id: 'id-1' } })],
    ['503 cut short', cut(503, '{"error":{"co', 500)],
    ['500 with JSON', json(500, error(500, 'Internal error'))],
    ['502', html(502)],
    ['504', html(504)],
    ['200 without a task id', json(200, { code: 200, message: 'success', data: {} })],
    ['200 with an empty id', json(200, { code: 200, data: { task_id: '' } })],
    ['200 with no id', json(200, { code: 200, data: { task_id: null } })],
    ['200 with an id that is too long', json(200, { data: { task_id: 'x'.repeat(257) } })],
    ['200 with an id that is a path', json(200, { data: { task_id: '..' } })],
    ['200 with a page', html(200)],
    ['200 with nothing', bytes(200, '')],
    ['200 with half JSON', bytes(200, '{"code":200,"data":{"task_')],
    ['200 with JSON that is no object', json(200, ['id-1'])],
    ['200 with null', json(200, null)],
    ['200 cut in the middle', cut(200, '{"code":200,"data":{"task_id":"id-', 100)],
    ['200 that stalls in the middle', stall(200, '{"code":200,', 100)],
    [
      '200 with a content-length too long',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"task_id":"x"}', undefined, true),
    ],
    ['200 with 2 MB of JSON', json(200, { data: { task_id: 'id-1' }, padding: 'x'.repeat(2_000_000) })],
    ['204', raw('HTTP/1.1 204 No Content\r\n\r\n')],
    ['a redirect', redirect('/elsewhere', 307)],
    ['a reset after the request', reset],
    ['a hang-up after the request', hangUp],
    ['no answer at all', hang],
    ['headers that never end', raw('HTTP/1.1 200 OK\r\nx: y')],
    ['something that is not HTTP', raw('SSH-2.0-OpenSSH\r\n')],
  ])('%s', async (_, reply) => {
    server.script(reply)
    const answer = await submit()
    expect(answer).toMatchObject({ kind: 'unknown', failure: { code: 'outcome_unknown' } })
    expect(server.posts()).toBe(1)
    expect(JSON.stringify(answer)).not.toContain(key)
  })

  it('when the server resets the connection as soon as it is made', async () => {
    const rude = await startApiServer({ onConnection: (socket) => socket.resetAndDestroy() })
    const other = clientOf(rude.origin)
    const call = openCall()
    const answer = await other.api.submit(order, call)
    // A race: called "not taken" only where the reset was there before the connection was.
    expect(answer.kind).toBe(call.asked() === 0 ? 'not_taken' : 'unknown')
    expect(rude.posts()).toBe(0)
    expect(rude.connections.made).toBe(1)
    await other.api.close()
    await rude.close()
  })

  it('logs what the answer looked like, without the prompt and the key', async () => {
    const body = { code: 200, data: { state: 'odd', note: `${key} a red fox, "Bean & Brew"`, url: 'https://x/?s=1' } }
    server.script(json(200, body), html(502, `<p>${key} a red fox, "Bean & Brew"</p>${'x'.repeat(5000)}`))
    await submit()
    await submit()
    expect(client.lines.map(({ level }) => level)).toEqual(['warn', 'warn'])
    expect(client.lines[0]?.fields).toEqual({
      status: 200,
      body: '{code:200,data:{state:"odd",note:text(45),url:text(14)}}',
    })
    expect(client.text()).not.toContain('red fox')
    expect(client.text().length).toBeLessThan(1000)
  })
})

it('never follows a redirect: neither the key nor the POST goes to another host', async () => {
  const other = await startApiServer()
  other.script(json(200, { task_id: 'stolen' }))
  for (const status of [301, 302, 303, 307, 308]) {
    server.script(redirect(`${other.origin}/api/v1/images/generations`, status))
    expect((await submit()).kind).toBe('unknown')
  }
  expect(other.connections.made).toBe(0)
  expect(server.posts()).toBe(5)
  await other.close()
})

describe('the gate', () => {
  it('closes before the POST and after the connection', async () => {
    const answer = api.submit(order, {
      signal: new AbortController().signal,
      gate: () => {
        throw new AppError('not_ours')
      },
    })
    await expect(answer).rejects.toMatchObject({ code: 'not_ours' })
    await server.idle()
    expect(server.connections.made).toBe(1)
    expect(server.seen.length).toBe(0)
  })
})

describe('an abort', () => {
  it('before anything was sent throws the reason', async () => {
    const call = openCall(AbortSignal.abort(new Error('stopped')))
    await expect(api.submit(order, call)).rejects.toThrow('stopped')
    expect(server.connections.made).toBe(0)
  })

  it('while connecting throws the reason, and the connection ends', async () => {
    const silent = await startSilentServer()
    const other = clientOf(silent.origin, { timeouts: { submitMs: 60_000, lookMs: 500, resultMs: 500 } })
    const stop = new AbortController()
    const call = openCall(stop.signal)
    const submitting = other.api.submit(order, call)
    await silent.connected
    stop.abort(new Error('stopped'))
    await expect(submitting).rejects.toThrow('stopped')
    await silent.left()
    expect(call.asked()).toBe(0)
    await other.api.close()
    await silent.close()
  })

  it('in the gate throws the reason', async () => {
    const stop = new AbortController()
    const submitting = api.submit(order, {
      signal: stop.signal,
      gate: () => {
        stop.abort(new Error('stopped'))
        stop.signal.throwIfAborted()
      },
    })
    await expect(submitting).rejects.toThrow('stopped')
    expect(server.posts()).toBe(0)
  })

  it('after the POST may have been sent is an unknown outcome', async () => {
    server.script(hang)
    const stop = new AbortController()
    const submitting = api.submit(order, openCall(stop.signal))
    await server.arrived(1)
    stop.abort(new Error('stopped'))
    expect(await submitting).toMatchObject({ kind: 'unknown', failure: { code: 'outcome_unknown' } })
    expect(server.posts()).toBe(1)
  })
})

it('is waited for by close', async () => {
  let release = () => {}
  server.script(async ({ response }) => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"task_id":"kept"}')
  })
  const submitting = submit()
  await server.arrived(1)
  let closed = false
  const closing = client.api.close().then(() => {
    closed = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(closed).toBe(false)
  release()
  expect(await submitting).toEqual({ kind: 'taken', taskId: 'kept' })
  await closing
})
