import { describe, expect, test } from 'vitest'
import { dataOf, startRig } from './rig.ts'

const good = { model: 'gpt-image-1-5', prompt: 'A fox in the snow' }

describe('on submit', () => {
  test.each([400, 401, 402, 403, 429, 455, 500, 503])('refuses with %d in the documented form', async (status) => {
    const { simulator, post } = await startRig()
    simulator.behave({ on: 'submit', do: 'refuse', status, retryAfter: 7, times: 1 })
    const answered = await post(good)
    expect(answered.status).toBe(status)
    expect(answered.headers.get('retry-after')).toBe('7')
    expect(answered.body).toEqual({ error: { code: status, message: expect.any(String), type: expect.any(String) } })
    expect((await post(good)).status).toBe(200)
    expect(simulator.posts()).toMatchObject([{ answer: status, taskId: null }, { answer: 200 }])
  })

  test('refuses inside HTTP 200', async () => {
    const { simulator, post } = await startRig()
    simulator.behave({ on: 'submit', do: 'refuse', status: 402, enveloped: true })
    expect(await post(good)).toMatchObject({
      status: 200,
      body: { code: 402, message: 'Insufficient credits', data: null },
    })
  })

  test('follows what was switched on first, each its number of times, each for its prompts', async () => {
    const { simulator, post } = await startRig()
    simulator.behave(
      { on: 'submit', do: 'refuse', status: 500, times: 2, prompt: 'fox' },
      { on: 'submit', do: 'refuse', status: 503 },
    )
    const statuses: number[] = []
    for (const prompt of ['a cat', 'a fox', 'a fox', 'a fox']) statuses.push((await post({ ...good, prompt })).status)
    expect(statuses).toEqual([503, 500, 500, 503])
    simulator.reset()
    expect((await post(good)).status).toBe(200)
    expect(simulator.posts()).toHaveLength(1)
  })

  test('answers bare', async () => {
    const { simulator, post } = await startRig()
    simulator.behave({ on: 'submit', do: 'bare', status: 502 })
    const answered = await post(good)
    expect(answered).toMatchObject({ status: 502, body: {} })
    expect(answered.text).toContain('<html>')
    expect(simulator.posts()).toMatchObject([{ answer: 502, taskId: null }])
  })

  test.each(['hang', 'reset'] as const)('%s: nothing is taken', async (act) => {
    const { simulator, base } = await startRig()
    simulator.behave({ on: 'submit', do: act })
    await expect(send(base, 700)).rejects.toThrow(act === 'hang' ? /abort|timeout/i : /fetch failed/)
    expect(simulator.posts()).toMatchObject([{ answer: act, taskId: null }])
  })

  test.each([
    ['hang', /abort|timeout/i, 'hang'],
    ['reset', /fetch failed/, 'reset'],
    ['bare', null, 500],
    ['no_id', null, 200],
  ] as const)('loses the answer of what it took: %s', async (how, thrown, recorded) => {
    const { simulator, base, look } = await startRig()
    simulator.behave({ on: 'submit', do: 'lose', how })
    if (thrown === null) expect(JSON.stringify(await send(base, 5000))).not.toContain('task_id')
    else await expect(send(base, 700)).rejects.toThrow(thrown)
    const [post] = simulator.posts()
    expect(post).toMatchObject({ answer: recorded, taskId: expect.stringMatching(/^n42/) })
    expect((await look(String(post?.taskId))).status).toBe(200)
  })

  test('answers late', async () => {
    const { simulator, post, clock } = await startRig()
    simulator.behave({ on: 'submit', do: 'delay', ms: 5000 })
    const answered = post(good)
    const first = await Promise.race([
      answered.then(() => 'answered'),
      new Promise((r) => setTimeout(r, 100, 'waiting')),
    ])
    expect(first).toBe('waiting')
    await clock.advance(5000)
    expect((await answered).status).toBe(200)
  })

  test('answers in other shapes', async () => {
    const { simulator, post } = await startRig()
    for (const shape of ['flat', 'data_id', 'camel'] as const)
      simulator.behave({ on: 'submit', do: 'shape', shape, times: 1 })
    const id = expect.stringMatching(/^n42/)
    expect((await post(good)).body).toEqual({
      id,
      status: 'pending',
      model: 'gpt-image-1-5',
      created_at: expect.any(Number),
    })
    expect((await post(good)).body).toEqual({ code: 200, message: 'success', data: { id, status: 'queued' } })
    expect((await post(good)).body).toEqual({ code: 200, msg: 'success', data: { taskId: id } })
  })

  test('limits tasks in flight and submits a second', async () => {
    const { simulator, post, clock } = await startRig()
    simulator.behave({ on: 'submit', do: 'limit', inFlight: 2 })
    const statuses = async (count: number) => {
      const all: number[] = []
      for (let i = 0; i < count; i += 1) all.push((await post(good)).status)
      return all
    }
    expect(await statuses(3)).toEqual([200, 200, 429])
    await clock.advance(10_000)
    expect(await statuses(1)).toEqual([200])
    simulator.reset()
    simulator.behave({ on: 'submit', do: 'limit', perSecond: 2 })
    expect(await statuses(3)).toEqual([200, 200, 429])
    await clock.advance(1000)
    expect(await statuses(1)).toEqual([200])
  })

  test('refuses callbacks', async () => {
    const { simulator, post } = await startRig()
    simulator.behave({ on: 'submit', do: 'refuse_callbacks' })
    const answered = await post({ ...good, callback_url: 'http://127.0.0.1:1/' })
    expect(answered).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('callback_url') } },
    })
    expect((await post(good)).status).toBe(200)
  })
})

describe('on task', () => {
  test('lasts as long as it is told, and is failed once', async () => {
    const { simulator, take, ended, look, clock } = await startRig()
    simulator.behave({ on: 'task', do: 'last', ms: 60_000, times: 1 }, { on: 'task', do: 'fail', times: 1 })
    const slow = await take('A fox in the snow')
    await clock.advance(59_999)
    expect(dataOf((await look(slow)).body)).toMatchObject({ status: 'IN_PROGRESS', progress: 99 })
    await clock.advance(1)
    expect(dataOf((await look(slow)).body).status).toBe('failed')
    expect((await ended(await take('Another'))).status).toBe('completed')
  })
})

async function send(base: string, patience: number): Promise<unknown> {
  const response = await fetch(`${base}/images/generations`, {
    method: 'POST',
    headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
    body: JSON.stringify(good),
    signal: AbortSignal.timeout(patience),
  })
  return response.text()
}
