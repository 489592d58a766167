import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
import { clientOf, key } from './client-of.ts'

const never = new AbortController().signal
const url = 'https://cdn.example/a.png?sig=s3cret'
let server: ApiServer
let client: ReturnType<typeof clientOf>

beforeEach(async () => {
  server = await startApiServer()
  client = clientOf(server.origin)
})
afterEach(async () => {
  await client.api.close()
  await server.idle()
  await server.close()
  expect(client.text()).not.toContain(key)
  expect(client.text()).not.toContain('s3cret')
})

const look = (taskId = 'n42abcd_gptimg') => client.api.look(taskId, never)
const answered = (body: unknown, status = 200) => {
  server.script(json(status, body))
  return look()
}
const data = (fields: object) => ({ code: 200, message: 'success', data: { task_id: 'n42abcd_gptimg', ...fields } })

describe('what is asked', () => {
  it('is the task, with the key', async () => {
    await answered(data({ status: 'IN_PROGRESS' }))
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/api/v1/tasks/n42abcd_gptimg' })
    expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${key}`)
  })

  it.each([
    ['a/b', 'a%2Fb'],
    ['../../admin', '..%2F..%2Fadmin'],
    ['a b?c#d', 'a%20b%3Fc%23d'],
    ['ü\r\nx: y', '%C3%BC%0D%0Ax%3A%20y'],
  ])('stays one path segment: %j', async (taskId, segment) => {
    server.script(json(200, data({ status: 'pending' })))
    await look(taskId)
    expect(server.seen[0]?.path).toBe(`/api/v1/tasks/${segment}`)
    expect(server.seen[0]?.headers.x).toBeUndefined()
  })

  it.each(['', ' ', '.', '..', 'x'.repeat(257), '\ud800'])('is not asked: the id %j', async (taskId) => {
    await expect(look(taskId)).rejects.toMatchObject({ code: 'task_unknown' })
    expect(server.seen.length).toBe(0)
  })

  it('comes over kept connections, no more than the pool has', async () => {
    server.script(json(200, data({ status: 'pending' })))
    await Promise.all(Array.from({ length: 40 }, () => look()))
    await look()
    expect(server.seen.length).toBe(41)
    expect(server.connections.made).toBeLessThanOrEqual(4)
  })
})

describe('working', () => {
  it.each([
    'IN_PROGRESS',
    'in_progress',
    'In Progress',
    'pending',
    'QUEUED',
    'waiting',
    'queuing',
    'processing',
    'generating',
    'running',
  ])('%s', async (status) => {
    expect(await answered(data({ status }))).toEqual({ state: 'working' })
    expect(client.lines).toEqual([])
  })

  it.each([
    ['with progress as a number', data({ status: 'processing', progress: 45 })],
    ['with progress as text', data({ status: 'processing', progress: '45%', error: null, output: null })],
    ['as `state`', data({ state: 'generating' })],
    ['flat', { id: 'task_abc123', status: 'pending', model: 'gpt-image-1-5' }],
    ['flat with another success code', { code: 0, status: 'running' }],
    ['in a list', { code: 200, data: [{ status: 'queued' }] }],
    ['beside the envelope’s own status', { status: 'success', data: { task_id: 'x', state: 'queued' } }],
    ['with inputs that are no results', data({ status: 'running', input_urls: [url], images: [] })],
  ])('%s', async (_, body) => {
    expect(await answered(body)).toEqual({ state: 'working' })
  })

  it('is believed of a word that nobody knows, and said in the log', async () => {
    expect(await answered(data({ status: 'UPSCALING', prompt: 'a red fox' }))).toEqual({ state: 'working' })
    expect(client.lines).toMatchObject([
      { level: 'warn', fields: { body: expect.stringContaining('status:"UPSCALING"') } },
    ])
    expect(client.text()).not.toContain('fox')
  })
})

describe('completed', () => {
  it.each(['completed', 'COMPLETED', 'SUCCESS', 'success', 'Succeeded', ' complete '])('%s', async (status) => {
    expect(await answered(data({ status, output: { image_url: url } }))).toEqual({ state: 'completed', urls: [url] })
  })

  const second = 'http://cdn.example/b.png'
  it.each([
    ['data.output.image_url', data({ status: 'completed', output: { image_url: url } }), 1],
    ['data.output.image_urls', data({ status: 'completed', output: { image_urls: [url, second] } }), 2],
    ['data.output.images[].url', data({ status: 'completed', output: { images: [{ url }, { url: second }] } }), 2],
    ['data.output', data({ status: 'completed', output: [url, second] }), 2],
    ['data.output as text', data({ status: 'completed', output: url }), 1],
    ['data.result.images[].url', data({ status: 'completed', result: { images: [{ url }] } }), 1],
    ['data.result.url', data({ status: 'completed', result: { url } }), 1],
    ['data.resultUrls', data({ state: 'success', resultUrls: [url, second] }), 2],
    ['data.images of texts', data({ status: 'completed', images: [url] }), 1],
    ['data.images of objects', data({ status: 'completed', images: [{ url, width: 1024 }] }), 1],
    ['data.image_url', data({ status: 'completed', image_url: url }), 1],
    ['data.image_url as a list', data({ status: 'completed', image_url: [url, second] }), 2],
    ['data.resultJson', data({ state: 'success', resultJson: JSON.stringify({ resultUrls: [url, second] }) }), 2],
    ['data.resultJson as an object', data({ state: 'success', resultJson: { resultUrls: [url] } }), 1],
    ['data.response.resultUrls', data({ status: 'SUCCESS', response: { resultUrls: [url] } }), 1],
    ['flat output.image_url', { id: 'x', status: 'completed', output: { image_url: url } }, 1],
    ['status outside, result inside', { status: 'completed', data: { image_url: url } }, 1],
    ['status inside, result outside', { data: { status: 'completed' }, output: { image_url: url } }, 1],
    ['no status at all', { code: 200, data: { task_id: 'x', output: { image_url: url } } }, 1],
    ['the same twice', data({ status: 'completed', images: [url, url] }), 1],
    ['empty places before it', data({ status: 'completed', output: {}, result: null, images: [], image_url: url }), 1],
  ])('finds %s', async (_, body, count) => {
    expect(await answered(body)).toEqual({ state: 'completed', urls: [url, second].slice(0, count) })
  })

  it.each([
    ['no result', data({ status: 'completed' })],
    ['an empty list', data({ status: 'completed', output: { image_urls: [] } })],
    ['null', data({ status: 'completed', output: { image_url: null } })],
    ['something that is no web address', data({ status: 'completed', output: { image_url: 'file:///etc/passwd' } })],
    ['a relative address', data({ status: 'completed', image_url: '/a.png' })],
    ['an endless address', data({ status: 'completed', image_url: `https://x.example/${'y'.repeat(9000)}` })],
    ['broken resultJson', data({ status: 'completed', resultJson: '{"resultUrls":[' })],
    ['resultJson within resultJson', data({ status: 'completed', resultJson: { resultJson: { resultUrls: [url] } } })],
  ])('is no answer with %s', async (_, body) => {
    await expect(answered(body)).rejects.toMatchObject({ code: 'unexpected_answer' })
    expect(client.lines.length).toBe(1)
  })

  it('keeps no more URLs than a task can have', async () => {
    const images = Array.from({ length: 500 }, (_, i) => `https://cdn.example/${i}.png`)
    const status = await answered(data({ status: 'completed', images }))
    expect(status.state === 'completed' && status.urls.length).toBe(16)
  })
})

describe('failed', () => {
  it.each([
    ['FAILED', { error: 'generation failed' }, 'upstream_failed'],
    ['failed', { error: { code: 500, message: 'worker died' } }, 'upstream_failed'],
    ['failed', { error: { code: 'content_policy_violation', message: 'no' } }, 'content_rejected'],
    ['failed', { error: { code: 400, message: 'input image could not be read' } }, 'invalid_request'],
    ['error', { fail_reason: 'Your request was flagged by the safety system' }, 'content_rejected'],
    ['fail', { failCode: '422', failMsg: 'unsupported size' }, 'invalid_request'],
    ['fail', { failCode: 'E1', failMsg: 'sensitive words' }, 'content_rejected'],
    ['ERROR', { error_message: 'x' }, 'upstream_failed'],
    ['failed', { error: { code: 401, message: 'upstream key' } }, 'upstream_failed'],
    ['failed', { error: null }, 'upstream_failed'],
    ['cancelled', {}, 'upstream_failed'],
    ['expired', {}, 'upstream_failed'],
  ])('%s %j: %s', async (status, fields, code) => {
    expect(await answered(data({ status, ...fields }))).toMatchObject({ state: 'failed', failure: { code } })
  })

  it('flat, with a root error', async () => {
    const body = { id: 'x', status: 'failed', error: { message: `bad ${key}`, type: 'oops' } }
    const status = await answered(body)
    expect(status).toMatchObject({ state: 'failed', failure: { code: 'upstream_failed', detail: 'oops bad …' } })
  })

  it('in an envelope whose own code says so too', async () => {
    expect(await answered({ code: 501, msg: 'generate failed', data: { state: 'fail', failMsg: 'x' } })).toMatchObject({
      state: 'failed',
    })
  })
})

describe('what tells nothing', () => {
  it.each([
    [400, { error: { code: 400, message: 'bad id', type: 'invalid_request' } }, 'invalid_request'],
    [401, { error: { code: 401, message: 'Invalid API key', type: 'unauthorized' } }, 'key_rejected'],
    [402, { error: { code: 402, message: 'x' } }, 'credits_exhausted'],
    [404, { error: { code: 404, message: 'Task not found', type: 'not_found' } }, 'task_unknown'],
    [404, { message: 'no route' }, 'unexpected_answer'],
    [429, { error: { code: 429, message: 'slow down' } }, 'rate_limited'],
    [429, {}, 'rate_limited'],
    [455, {}, 'maintenance'],
    [500, { error: { code: 500, message: 'x' } }, 'upstream_unavailable'],
    [503, {}, 'maintenance'],
    [200, { code: 401, msg: 'x' }, 'key_rejected'],
    [200, { code: 404, msg: 'task not found', data: null }, 'task_unknown'],
    [200, { code: 429, msg: 'slow down' }, 'rate_limited'],
    // The question failed, not the task.
    [200, { status: 'error', message: 'too many requests' }, 'unexpected_answer'],
    [200, { status: 'error', code: 429, message: 'too many requests' }, 'rate_limited'],
    [200, { code: 503, msg: 'maintenance', data: { status: 'error' } }, 'maintenance'],
    [500, { data: { status: 'failed' } }, 'upstream_unavailable'],
    [200, { code: 500, msg: 'x' }, 'upstream_unavailable'],
    [200, {}, 'unexpected_answer'],
    [200, [], 'unexpected_answer'],
    [200, { code: 200, data: { status: 7 } }, 'unexpected_answer'],
  ])('HTTP %i %j: %s', async (status, body, code) => {
    await expect(answered(body, status)).rejects.toMatchObject({ code })
  })

  it('with how long to wait', async () => {
    server.script(json(429, { error: { code: 429, message: 'x' } }, { 'retry-after': '3' }))
    await expect(look()).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 3000 })
  })

  it.each([
    ['a page', html(200), 'unexpected_answer'],
    ['a 404 page of something in between', html(404), 'unexpected_answer'],
    ['502', html(502), 'upstream_unavailable'],
    ['half JSON', bytes(200, '{"code":200,'), 'unexpected_answer'],
    ['a redirect', redirect('https://elsewhere.example/'), 'unexpected_answer'],
    ['a cut', cut(200, '{"code":200,', 100), 'upstream_unavailable'],
    ['a stall', stall(200, '{"code":200,', 100), 'upstream_unavailable'],
    ['2 MB of JSON', json(200, { ...data({ status: 'pending' }), x: 'x'.repeat(2_000_000) }), 'upstream_unavailable'],
    ['a reset', reset, 'upstream_unavailable'],
    ['a hang-up', hangUp, 'upstream_unavailable'],
    ['no answer', hang, 'upstream_unavailable'],
    ['no HTTP', raw('SSH-2.0-OpenSSH\r\n'), 'upstream_unavailable'],
  ])('%s', async (_, reply, code) => {
    server.script(reply, json(200, data({ status: 'pending' })))
    const error = await look().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain(key)
    // Asked once: repeating is the poller's business. And the pool is as good as before.
    expect(server.seen.length).toBe(1)
    expect(await look()).toEqual({ state: 'working' })
  })

  it('nobody there', async () => {
    const gone = await startApiServer()
    await gone.close()
    const other = clientOf(gone.origin)
    await expect(other.api.look('x', never)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      detail: 'ECONNREFUSED',
    })
    await other.api.close()
  })
})

it('does not take the key to another host', async () => {
  const other = await startApiServer()
  server.script(redirect(`${other.origin}/api/v1/tasks/x`, 307))
  await expect(look()).rejects.toMatchObject({ code: 'unexpected_answer' })
  expect(other.connections.made).toBe(0)
  await other.close()
})

it('stops with the signal, before and while waiting', async () => {
  server.script(hang)
  const stop = new AbortController()
  const looking = client.api.look('x', stop.signal)
  await server.arrived(1)
  stop.abort(new Error('stopped'))
  await expect(looking).rejects.toThrow('stopped')
  await expect(client.api.look('x', stop.signal)).rejects.toThrow('stopped')
  expect(server.seen.length).toBe(1)
})

it('stops with the signal while it connects', async () => {
  const silent = await startSilentServer()
  const other = clientOf(silent.origin, { timeouts: { submitMs: 500, lookMs: 60_000, resultMs: 500 } })
  const stop = new AbortController()
  const looking = other.api.look('x', stop.signal)
  await silent.connected
  stop.abort(new Error('stopped'))
  await expect(looking).rejects.toThrow('stopped')
  await other.api.close()
  await silent.left()
  await silent.close()
})

it('is stopped by close', async () => {
  server.script(hang)
  const looking = look()
  await server.arrived(1)
  await Promise.all([expect(looking).rejects.toMatchObject({ code: 'upstream_unavailable' }), client.api.close()])
})

it('ends with close even while it connects', async () => {
  const silent = await startSilentServer()
  const other = clientOf(silent.origin, { timeouts: { submitMs: 500, lookMs: 60_000, resultMs: 500 } })
  const looking = expect(other.api.look('x', never)).rejects.toMatchObject({ code: 'upstream_unavailable' })
  await silent.connected
  await other.api.close()
  await looking
  await silent.left()
  await silent.close()
})
