import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { createImageApi } from '../../src/imageapi/client.ts'
import { collect } from '../../src/media/collect.ts'
import type { Behaviour } from '../../src/simulator/behaviour.ts'
import { createSimulator } from '../../src/simulator/server.ts'
import { failureShapes, resultShapes, submitShapes } from '../../src/simulator/shapes.ts'
import { orderOf, testImageApi } from '../contract/image-api.ts'
import { recordedLog, startRig } from './rig.ts'

const key = 'aio_contract'

testImageApi({
  create: async () => {
    const simulator = createSimulator({
      ...{ host: '127.0.0.1', port: 0, dir: null, key },
      ...{ clock: systemClock, random: Math.random, log: recordedLog() },
      durationMs: { min: 50, max: 150 },
    })
    return { baseUrl: await simulator.listen(), key, close: () => simulator.close() }
  },
})

describe('the product’s client and the simulator’s bad days', () => {
  const signal = new AbortController().signal
  const call = { signal, gate: () => undefined }

  /** `patienceMs`: short only where nothing is going to come. */
  const start = async (patienceMs = 10_000) => {
    const rig = await startRig({ pictures: 'plain' })
    const timeouts = { submitMs: patienceMs, lookMs: patienceMs, resultMs: patienceMs }
    const api = createImageApi(
      { baseUrl: rig.base, key, model: 'gpt-image-1-5', poolSize: 2, timeouts },
      { log: recordedLog() },
    )
    onTestFinished(() => api.close())
    return { ...rig, api }
  }

  test.each(submitShapes)('understands a submit answered as %s', async (shape) => {
    const { api, simulator } = await start()
    simulator.behave({ on: 'submit', do: 'shape', shape })
    const [answer] = [await api.submit(orderOf(), call)]
    expect(answer).toEqual({ kind: 'taken', taskId: simulator.posts()[0]?.taskId })
  })

  test.each(resultShapes.filter((shape) => shape !== 'none'))('understands a result as %s', async (result) => {
    const { api, simulator, take, clock } = await start()
    simulator.behave({ on: 'look', do: 'shape', result, completed: 'SUCCESS' })
    const id = await take('a red fox')
    expect(await api.look(id, signal)).toEqual({ state: 'working' })
    await clock.advance(10_000)
    const status = await api.look(id, signal)
    if (status.state !== 'completed') throw new Error(status.state)
    const bytes = await collect(await api.result(status.urls[0]).open(signal), 1_000_000)
    expect(bytes.length).toBeGreaterThan(100)
  })

  test.each(failureShapes)('understands a failure as %s', async (failure) => {
    const { api, simulator, take, clock } = await start()
    const policy = { code: 'content_policy_violation', message: 'Blocked by the content policy' }
    simulator.behave({ on: 'look', do: 'shape', failure, failed: 'FAILED' }, { on: 'task', do: 'fail', ...policy })
    const id = await take('a red fox')
    await clock.advance(10_000)
    const code = failure === 'none' ? 'upstream_failed' : 'content_rejected'
    expect(await api.look(id, signal)).toMatchObject({ state: 'failed', failure: { code } })
  })

  const patienceFor = (behaviour: Behaviour) => (JSON.stringify(behaviour).includes('hang') ? 700 : 10_000)

  const submit = (fields: object) => ({ on: 'submit', ...fields }) as Behaviour
  test.each([
    [submit({ do: 'refuse', status: 400 }), 'refused', 'invalid_request'],
    [submit({ do: 'refuse', status: 400, type: 'content_policy_violation' }), 'refused', 'content_rejected'],
    [submit({ do: 'refuse', status: 401 }), 'refused', 'key_rejected'],
    [submit({ do: 'refuse', status: 402 }), 'refused', 'credits_exhausted'],
    [submit({ do: 'refuse', status: 402, enveloped: true }), 'refused', 'credits_exhausted'],
    [submit({ do: 'refuse', status: 403 }), 'refused', 'key_rejected'],
    [submit({ do: 'refuse', status: 429, retryAfter: 1 }), 'not_taken', 'rate_limited'],
    [submit({ do: 'refuse', status: 455 }), 'refused', 'maintenance'],
    [submit({ do: 'refuse', status: 503 }), 'not_taken', 'maintenance'],
    [submit({ do: 'bare', status: 503 }), 'unknown', 'outcome_unknown'],
    [submit({ do: 'bare', status: 500 }), 'unknown', 'outcome_unknown'],
    [submit({ do: 'reset' }), 'unknown', 'outcome_unknown'],
    [submit({ do: 'hang' }), 'unknown', 'outcome_unknown'],
    [submit({ do: 'lose', how: 'reset' }), 'unknown', 'outcome_unknown'],
    [submit({ do: 'lose', how: 'hang' }), 'unknown', 'outcome_unknown'],
    [submit({ do: 'lose', how: 'bare' }), 'unknown', 'outcome_unknown'],
    [submit({ do: 'lose', how: 'no_id' }), 'unknown', 'outcome_unknown'],
  ])('%j is %s, %s, and posted once', async (behaviour, kind, code) => {
    const { api, simulator } = await start(patienceFor(behaviour))
    simulator.behave(behaviour)
    expect(await api.submit(orderOf(), call)).toMatchObject({ kind, failure: { code } })
    expect(simulator.posts()).toHaveLength(1)
  })

  test.each([
    [{ on: 'result', do: 'gone' }, 'result_gone'],
    [{ on: 'result', do: 'html' }, 'result_not_picture'],
    [{ on: 'result', do: 'empty' }, 'result_not_picture'],
    [{ on: 'result', do: 'short' }, 'upstream_unavailable'],
    [{ on: 'result', do: 'reset' }, 'upstream_unavailable'],
    [{ on: 'result', do: 'hang' }, 'upstream_unavailable'],
    [{ on: 'result', do: 'redirect' }, 'upstream_unavailable'],
    [{ on: 'result', do: 'redirect', to: 'http://10.0.0.1/a.png' }, 'unexpected_answer'],
  ] satisfies [Behaviour, string][])('%j is %s', async (behaviour, code) => {
    const { api, simulator, resultOf } = await start(patienceFor(behaviour))
    const url = await resultOf('a red fox')
    simulator.behave(behaviour)
    const fetched = api
      .result(url)
      .open(signal)
      .then((open) => collect(open, 1_000_000))
    await expect(fetched).rejects.toMatchObject({ code })
  })
})
