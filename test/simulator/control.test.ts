import { describe, expect, test } from 'vitest'
import { directivesIn, withoutDirectives } from '../../src/simulator/directive.ts'
import { ask, dataOf, startRig } from './rig.ts'

describe('over HTTP', () => {
  const post = (url: string, body: unknown) =>
    ask(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

  test('switches behaviours, shows the records, resets', async () => {
    const rig = await startRig({ control: true })
    const behaviours = [
      { on: 'submit', do: 'refuse', status: 503, times: 1 },
      { on: 'task', do: 'last', ms: 100 },
    ]
    expect((await post(`${rig.origin}/simulator/behaviours`, behaviours)).body).toEqual({ behaviours })
    expect((await rig.post({ model: 'gpt-image-1-5', prompt: 'A fox' })).status).toBe(503)
    const id = await rig.take('A fox')
    await rig.look(id)
    expect((await ask(`${rig.origin}/simulator/posts`)).body).toMatchObject({
      posts: [
        { prompt: 'A fox', answer: 503, error: 'service_unavailable', taskId: null },
        { answer: 200, taskId: id },
      ],
    })
    expect((await ask(`${rig.origin}/simulator/looks`)).body).toEqual({ looks: { [id]: 1 } })
    expect((await ask(`${rig.origin}/simulator/lags`)).body).toEqual({ lags: {} })
    expect((await ask(`${rig.origin}/simulator/behaviours`)).body).toEqual({ behaviours: behaviours.slice(1) })
    expect((await post(`${rig.origin}/simulator/reset`, {})).status).toBe(200)
    expect((await ask(`${rig.origin}/simulator/posts`)).body).toEqual({ posts: [] })
    expect((await ask(`${rig.origin}/simulator/behaviours`)).body).toEqual({ behaviours: [] })
    expect((await rig.look(id)).status).toBe(200)
  })

  test('tell how late the end of a task was first told', async () => {
    const rig = await startRig({ control: true, durationMs: ({ prompt }) => prompt.length * 100 })
    const id = await rig.take('A fox')
    await rig.clock.advance(499)
    await rig.look(id)
    await rig.clock.advance(251)
    await rig.look(id)
    await rig.clock.advance(100)
    await rig.look(id)
    expect((await ask(`${rig.origin}/simulator/lags`)).body).toEqual({ lags: { [id]: 250 } })
  })

  test.each([
    ['on', {}],
    ['on', { on: 'lunch', do: 'hang' }],
    ['do', { on: 'look', do: 'lose' }],
    ['status', { on: 'submit', do: 'refuse' }],
    ['status', { on: 'submit', do: 'bare', status: 9000 }],
    ['ms', { on: 'task', do: 'last', ms: -1 }],
    ['how', { on: 'submit', do: 'lose', how: 'gently' }],
    ['tiems', { on: 'submit', do: 'hang', tiems: 1 }],
    ['object', 'hang'],
  ])('says what is wrong: %s', async (field, behaviour) => {
    const { origin } = await startRig({ control: true })
    const answered = await post(`${origin}/simulator/behaviours`, [behaviour])
    expect(answered.status).toBe(400)
    expect(answered.body).toEqual({ problems: [expect.stringContaining(field)] })
    expect((await ask(`${origin}/simulator/behaviours`)).body).toEqual({ behaviours: [] })
  })
})

describe('directives in a prompt', () => {
  test('are followed for that prompt alone', async () => {
    const { take, ended, post } = await startRig()
    expect((await ended(await take('a fox [sim:fail=the pen broke]'))).error).toMatchObject({
      message: 'the pen broke',
    })
    expect((await ended(await take('a fox'))).status).toBe('completed')
    const prompt = 'a fox [sim:429*2]'
    const statuses: number[] = []
    for (let i = 0; i < 3; i += 1) statuses.push((await post({ model: 'gpt-image-1-5', prompt })).status)
    expect(statuses).toEqual([429, 429, 200])
    expect((await post({ model: 'gpt-image-1-5', prompt: 'a cat [SIM:402]' })).status).toBe(402)
  })

  test('last as long as they say', async () => {
    const { take, look, clock } = await startRig()
    const slow = await take('a fox [sim:slow=20]')
    const stuck = await take('a fox [sim:stuck]')
    await clock.advance(20_000)
    expect(dataOf((await look(slow)).body).status).toBe('completed')
    expect(dataOf((await look(stuck)).body).status).toBe('IN_PROGRESS')
  })

  test.each([
    ['[sim:refuse]', [{ on: 'submit', do: 'refuse', status: 400, type: 'content_policy_violation' }]],
    ['[sim:429]', [{ on: 'submit', do: 'refuse', status: 429, type: 'rate_limit_exceeded', retryAfter: 2 }]],
    ['[sim:bare=503]', [{ on: 'submit', do: 'bare', status: 503 }]],
    ['[sim:lose]', [{ on: 'submit', do: 'lose', how: 'reset' }]],
    ['[sim:lose=no_id]', [{ on: 'submit', do: 'lose', how: 'no_id' }]],
    ['[sim:look=500*3]', [{ on: 'look', do: 'refuse', status: 500, type: 'server_error', times: 3 }]],
    ['[sim:shape=resultJson]', [{ on: 'look', do: 'shape', result: 'resultJson' }]],
    ['[sim:shape=flat]', [{ on: 'look', do: 'shape', result: 'flat', failure: 'flat' }]],
    [
      '[sim:result=html] [sim:slow]',
      [
        { on: 'result', do: 'html' },
        { on: 'task', do: 'last', ms: 45_000 },
      ],
    ],
  ])('%s', (prompt, behaviours) => {
    expect(directivesIn(`a fox ${prompt}`)).toEqual(behaviours)
    expect(withoutDirectives(`a fox ${prompt}`)).toBe('a fox')
  })

  test.each([
    '[sim:nonsense]',
    '[sim:bare=20]',
    '[sim:slow=never]',
    '[sim:shape=round]',
    '[sim:result=large*]',
    '[sim:]',
  ])('leaves %s alone', (prompt) => {
    expect(directivesIn(prompt)).toEqual([])
    expect(withoutDirectives(prompt)).toBe(prompt)
  })
})
