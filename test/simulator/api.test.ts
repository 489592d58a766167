import { get } from 'node:http'
import { describe, expect, test } from 'vitest'
import { ask, bearer, bytesOf, dataOf, startRig, urlOf } from './rig.ts'

const good = { model: 'gpt-image-1-5', prompt: 'A fox in the snow' }

describe('submit', () => {
  test('answers exactly as the product page shows', async () => {
    const { post } = await startRig()
    const { status, body } = await post({ ...good, quality: 'medium', aspect_ratio: '1:1' })
    expect(status).toBe(200)
    expect(body).toEqual({
      code: 200,
      message: 'success',
      data: { task_id: expect.stringMatching(/^n42[a-z0-9]{20}_gptimg$/), status: 'IN_PROGRESS' },
    })
  })

  test.each([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['an empty bearer', { authorization: 'Bearer ' }],
  ])('401 with %s', async (_name, headers) => {
    const { post, look, simulator } = await startRig()
    const refused = { error: { code: 401, message: 'Invalid API key', type: 'authentication_error' } }
    expect(await post(good, headers)).toMatchObject({ status: 401, body: refused })
    expect(await look('n42x_gptimg', headers)).toMatchObject({ status: 401, body: refused })
    expect(simulator.posts()).toMatchObject([{ answer: 401, error: 'authentication_error', taskId: null }])
  })

  test('with a key of its own takes no other', async () => {
    const { post } = await startRig({ key: 'aio_mine' })
    expect((await post(good, { authorization: 'Bearer aio_yours' })).status).toBe(401)
    expect((await post(good, { authorization: 'Bearer aio_mine' })).status).toBe(200)
  })

  const urls = (count: number) => Array.from({ length: count }, (_, i) => `http://127.0.0.1:1/${i}.png`)
  test.each([
    ['model', { prompt: 'abc' }],
    ['model', { ...good, model: 'dall-e-3' }],
    ['prompt', { model: good.model }],
    ['prompt', { ...good, prompt: 42 }],
    ['prompt', { ...good, prompt: ' ab ' }],
    ['prompt', { ...good, prompt: 'x'.repeat(5001) }],
    ['aspect_ratio', { ...good, aspect_ratio: '16:9' }],
    ['quality', { ...good, quality: 'low' }],
    ['input_urls', { ...good, input_urls: 'http://127.0.0.1:1/a.png' }],
    ['input_urls', { ...good, input_urls: ['file:///etc/passwd'] }],
    ['input_urls', { ...good, input_urls: ['nonsense'] }],
    ['input_urls', { ...good, input_urls: urls(17) }],
    ['callback_url', { ...good, callback_url: 'ftp://127.0.0.1' }],
    ['object', []],
  ])('400 that names %s: %o', async (field, body) => {
    const { post, simulator } = await startRig()
    const answered = await post(body)
    expect(answered.status).toBe(400)
    expect(answered.body).toEqual({
      error: { code: 400, message: expect.stringContaining(field), type: 'invalid_request' },
    })
    expect(simulator.posts()).toMatchObject([{ answer: 400, taskId: null }])
  })

  test('400 for what is no JSON, 415 for another type, 413 for a huge body: all in the documented form', async () => {
    const { base, post, simulator } = await startRig()
    expect((await post('{"model":')).body).toMatchObject({ error: { code: 400, type: 'invalid_request' } })
    const typed = await ask(`${base}/images/generations`, { method: 'POST', headers: bearer, body: 'a=b' })
    expect(typed).toMatchObject({ status: 415, body: { error: { code: 415 } } })
    const huge = await post({ ...good, prompt: 'x'.repeat(2_000_000) })
    expect(huge).toMatchObject({ status: 413, body: { error: { code: 413 } } })
    expect(simulator.posts().map(({ answer }) => answer)).toEqual([400, 415, 413])
  })

  test('takes the limits themselves, the other model name and fields that it does not know', async () => {
    const { post } = await startRig()
    for (const body of [
      { ...good, prompt: 'abc' },
      { ...good, prompt: '狐'.repeat(5000), seed: 1 },
      { ...good, model: 'gpt-image-1.5-official', aspect_ratio: '2:3', quality: 'high' },
      { ...good, input_urls: [], callback_url: null },
      { ...good, input_urls: urls(16) },
    ])
      expect((await post(body)).status).toBe(200)
  })

  test('refuses what its content rule names, and only that', async () => {
    const { post } = await startRig()
    for (const prompt of ['a lot of gore', 'please REFUSE ME', 'NSFW art'])
      expect(await post({ ...good, prompt })).toMatchObject({
        status: 400,
        body: {
          error: { code: 400, type: 'content_policy_violation', message: expect.stringContaining('content policy') },
        },
      })
    expect((await post({ ...good, prompt: 'gorgeous gorse' })).status).toBe(200)
  })

  test('records every POST', async () => {
    const { take, post, simulator, clock } = await startRig()
    const id = await take('A fox in the snow')
    await clock.advance(5)
    await post({ ...good, prompt: 'x'.repeat(300), callback_url: 'http://127.0.0.1:1/', quality: 'best' })
    const [first, second] = simulator.posts()
    expect(first).toEqual({
      at: Date.UTC(2026, 0, 1),
      prompt: 'A fox in the snow',
      hash: '955b4d91ddc25f01039d4b1b1a55b30d5537286b353a9ce7815c4258580bdf91',
      inputs: 0,
      callback: false,
      answer: 200,
      error: null,
      taskId: id,
    })
    expect(second).toMatchObject({ at: Date.UTC(2026, 0, 1) + 5, callback: true, answer: 400, taskId: null })
    expect(second?.prompt).toHaveLength(200)
  })
})

describe('look', () => {
  test('IN_PROGRESS with rising progress, then completed with the result and its credits', async () => {
    const { take, look, clock } = await startRig({ random: () => 0 })
    const id = await take('A fox in the snow')
    const seen: unknown[] = []
    for (let i = 0; i < 3; i += 1) {
      const { body } = await look(id)
      expect(dataOf(body)).toMatchObject({ task_id: id, status: 'IN_PROGRESS' })
      seen.push(dataOf(body).progress)
      await clock.advance(1000)
    }
    expect(seen).toEqual([0, 33, 66])
    const { status, body } = await look(id)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      code: 200,
      message: 'success',
      data: { task_id: id, status: 'completed', credits: 10 },
    })
    expect(urlOf(dataOf(body))).toMatch(
      new RegExp(`^http://127\\.0\\.0\\.1:\\d+/results/${id}\\.png\\?expires=\\d+&signature=[\\w-]{32}$`),
    )
  })

  test('404 for a task that it does not know', async () => {
    const { look, simulator } = await startRig()
    expect(await look('n42nothing_gptimg')).toMatchObject({
      status: 404,
      body: { error: { code: 404, message: 'Task not found', type: 'not_found' } },
    })
    expect((await look('..%2f..%2fetc')).status).toBe(404)
    expect(simulator.looks()).toMatchObject({ n42nothing_gptimg: 1 })
  })

  test.each([
    ['medium', 0, 3000],
    ['medium', 0.999, 7545],
    ['high', 0, 5450],
    ['high', 0.999, 9995],
  ])('%s quality with chance %d takes %d ms', async (quality, chance, ms) => {
    const { take, look, clock } = await startRig({ random: () => chance })
    const id = await take('A fox in the snow', { quality })
    await clock.advance(ms - 1)
    expect(dataOf((await look(id)).body).status).toBe('IN_PROGRESS')
    await clock.advance(1)
    expect(dataOf((await look(id)).body)).toMatchObject({ status: 'completed', credits: quality === 'high' ? 28 : 10 })
  })

  test('forgets a task after 24 hours', async () => {
    const { take, ended, look, clock } = await startRig()
    const id = await take('A fox in the snow')
    const url = urlOf(await ended(id))
    await clock.advance(24 * 3_600_000)
    expect((await look(id)).status).toBe(404)
    expect((await ask(url)).status).toBe(404)
  })
})

describe('result links', () => {
  test('need their signature, and no key', async () => {
    const { resultOf } = await startRig({ pictures: 'plain' })
    const url = new URL(await resultOf('A fox in the snow'))
    expect((await bytesOf(url.href)).subarray(1, 4).toString()).toBe('PNG')
    const unsigned = new URL(url.pathname, url)
    expect((await ask(unsigned.href)).status).toBe(403)
    url.searchParams.set('signature', 'x'.repeat(32))
    expect((await ask(url.href)).status).toBe(403)
  })

  test('do not work before the picture is done', async () => {
    const { take, origin } = await startRig()
    const id = await take('A fox in the snow')
    expect((await ask(`${origin}/results/${id}.png`)).status).toBe(404)
  })

  test('give their size and type beforehand', async () => {
    const { resultOf } = await startRig({ pictures: 'plain' })
    const url = await resultOf('A fox in the snow')
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.headers.get('content-type')).toBe('image/png')
    expect(Number(head.headers.get('content-length'))).toBe((await bytesOf(url)).length)
  })
})

test('everything else is 404 in the documented form; control is off unless asked for', async () => {
  const { origin } = await startRig()
  for (const path of ['/', '/api/v1/models', '/simulator/posts', '/simulator/looks', '/simulator/behaviours'])
    expect(await ask(origin + path)).toMatchObject({ status: 404, body: { error: { code: 404 } } })
})

test('a page whose host was pointed at this machine gets nothing', async () => {
  const { base } = await startRig()
  const statusFor = (host: string) =>
    new Promise((resolve, reject) => {
      const request = get(`${base}/tasks/n42x_gptimg`, { headers: { ...bearer, host } })
      request.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject)
    })
  expect(await statusFor('evil.example:80')).toBe(403)
  expect(await statusFor('127.0.0.1.evil.example')).toBe(403)
  expect(await statusFor('localhost:1')).toBe(404)
})
