import { describe, expect, test } from 'vitest'
import { type Body, bytesOf, dataOf, startRig } from './rig.ts'

const plain = { pictures: 'plain' } as const

describe('on look', () => {
  test.each([401, 404, 429, 455, 500, 503])('refuses with %d, then tells the truth', async (status) => {
    const { simulator, take, look } = await startRig()
    const id = await take('A fox in the snow')
    simulator.behave({ on: 'look', do: 'refuse', status, times: 1, retryAfter: 3 })
    const answered = await look(id)
    expect(answered).toMatchObject({ status, body: { error: { code: status } } })
    expect(answered.headers.get('retry-after')).toBe('3')
    expect((await look(id)).status).toBe(200)
    expect(simulator.looks()).toEqual({ [id]: 2 })
  })

  test('bare, silent, late, and with nothing to say', async () => {
    const { simulator, take, look, base, clock } = await startRig()
    const id = await take('A fox in the snow')
    simulator.behave({ on: 'look', do: 'bare', status: 500, times: 1 })
    expect((await look(id)).text).toContain('<html>')
    simulator.behave({ on: 'look', do: 'reset', times: 1 })
    await expect(look(id)).rejects.toThrow(/fetch failed/)
    simulator.behave({ on: 'look', do: 'hang', times: 1 })
    const hanging = fetch(`${base}/tasks/${id}`, {
      headers: { authorization: 'Bearer x' },
      signal: AbortSignal.timeout(200),
    })
    await expect(hanging).rejects.toThrow(/timeout/i)
    simulator.behave({ on: 'look', do: 'say_nothing', times: 1 })
    expect((await look(id)).body).toEqual({ code: 200, message: 'success', data: {} })
    simulator.behave({ on: 'look', do: 'delay', ms: 100, times: 1 })
    const late = look(id)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await clock.advance(100)
    expect((await late).status).toBe(200)
  })

  test('limits looks a second, at one task and at all', async () => {
    const { simulator, take, look, clock } = await startRig()
    const ids = [await take('A fox in the snow'), await take('Another fox')]
    simulator.behave({ on: 'look', do: 'limit', perTask: 3, perSecond: 5 })
    const statuses: number[] = []
    for (const id of [0, 0, 0, 0, 1, 1, 1]) statuses.push((await look(ids[id] ?? '')).status)
    expect(statuses).toEqual([200, 200, 200, 429, 200, 200, 429])
    await clock.advance(1000)
    expect((await look(ids[0] ?? '')).status).toBe(200)
  })

  test.each([
    ['output', (data: Body) => (data.output as Body).image_url],
    ['output_urls', (data: Body) => (data.output as { image_urls: string[] }).image_urls[0]],
    ['result_images', (data: Body) => (data.result as { images: Body[] }).images[0]?.url],
    ['result_url', (data: Body) => (data.result as Body).url],
    ['resultUrls', (data: Body) => (data.resultUrls as string[])[0]],
    ['images', (data: Body) => (data.images as string[])[0]],
    ['image_objects', (data: Body) => (data.images as Body[])[0]?.url],
    ['image_url', (data: Body) => data.image_url],
    ['resultJson', (data: Body) => (JSON.parse(String(data.resultJson)) as { resultUrls: string[] }).resultUrls[0]],
  ] as const)('result as %s', async (result, read) => {
    const { simulator, take, ended, look } = await startRig(plain)
    const id = await take('A fox in the snow')
    await ended(id)
    simulator.behave({ on: 'look', do: 'shape', result, completed: 'SUCCESS' })
    const data = dataOf((await look(id)).body)
    expect(data.status).toBe('SUCCESS')
    expect((await bytesOf(String(read(data)))).length).toBeGreaterThan(100)
  })

  test('result flat and without a URL, other words between', async () => {
    const { simulator, take, ended, look } = await startRig(plain)
    const waiting = await take('A fox in the snow')
    simulator.behave({ on: 'look', do: 'shape', working: 'queued', progress: false, times: 1 })
    const { body } = await look(waiting)
    expect(dataOf(body).status).toBe('queued')
    expect(dataOf(body)).not.toHaveProperty('progress')
    await ended(waiting)
    simulator.behave({ on: 'look', do: 'shape', result: 'flat', times: 1 }, { on: 'look', do: 'shape', result: 'none' })
    expect((await look(waiting)).body).toMatchObject({
      id: waiting,
      status: 'completed',
      output: { image_url: expect.any(String) },
    })
    expect(JSON.stringify((await look(waiting)).body)).not.toContain('http')
  })

  test.each([
    ['error', { error: { code: 'oops', message: 'It broke' } }],
    ['error_text', { error: 'It broke' }],
    ['fail_reason', { fail_reason: 'It broke' }],
    ['failMsg', { failCode: 'oops', failMsg: 'It broke' }],
  ] as const)('failure as %s', async (failure, fields) => {
    const { simulator, take, ended, look } = await startRig()
    simulator.behave({ on: 'task', do: 'fail', code: 'oops', message: 'It broke' })
    const id = await take('A fox in the snow')
    await ended(id)
    simulator.behave({ on: 'look', do: 'shape', failure, failed: 'ERROR' })
    expect(dataOf((await look(id)).body)).toMatchObject({ status: 'ERROR', credits: 0, ...fields })
  })

  test('failure flat and without a reason', async () => {
    const { simulator, take, ended, look } = await startRig()
    simulator.behave({ on: 'task', do: 'fail' })
    const id = await take('A fox in the snow')
    await ended(id)
    simulator.behave(
      { on: 'look', do: 'shape', failure: 'flat', times: 1 },
      { on: 'look', do: 'shape', failure: 'none' },
    )
    expect((await look(id)).body).toMatchObject({ id, status: 'failed', error: { code: 'generation_failed' } })
    expect(dataOf((await look(id)).body)).toEqual({
      ...{ task_id: id, model: 'gpt-image-1-5', created_at: expect.any(Number), status: 'failed', credits: 0 },
    })
  })
})
