import { afterEach, expect, test } from 'vitest'
import { counters, timings } from '../../src/core/ports.ts'
import { mountHealth, mountMetrics, type Readiness } from '../../src/http/health.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { createRecordedLog } from './recorded-log.ts'

let server: HttpServer | undefined
afterEach(() => server?.close())

async function serve(readiness: () => Promise<Readiness>) {
  const metrics = createMetrics()
  server = createHttpServer({ host: '127.0.0.1', port: 0, log: createRecordedLog() })
  mountHealth(server.routes, { readiness })
  mountMetrics(server.routes, metrics)
  return { metrics, ...(await server.listen()) }
}

test('every counter and timing of the core has its series, in seconds', async () => {
  const { metrics, origin } = await serve(async () => ({ ready: true, parts: {} }))
  for (const name of counters) metrics.meter.count(name, { surface: 'playground' })
  for (const name of timings) metrics.meter.time(name, 250)
  const answer = await fetch(`${origin}/metrics`)
  expect(answer.headers.get('content-type')).toContain('text/plain')
  const text = await answer.text()
  for (const name of counters) expect(text).toContain(`imagine_${name}_total{surface="playground"} 1`)
  for (const name of timings) {
    expect(text).toContain(`imagine_${name}_seconds_sum 0.25`)
    expect(text).toContain(`imagine_${name}_seconds_count 1`)
  }
  expect(text).toContain('imagine_process_resident_memory_bytes')
  expect(text.match(/^# TYPE (?!imagine_)/gm)).toBeNull()
})

test('labels split the series; one that nobody declared is left out', async () => {
  const { meter, text } = createMetrics()
  meter.count('jobs_ended', { surface: 'slack', outcome: 'result' })
  meter.count('jobs_ended', { surface: 'slack', outcome: 'failed' })
  meter.count('jobs_ended', { surface: 'slack', outcome: 'failed', person: 'U123' })
  meter.count('status_queries', { answer: 'working' })
  const series = await text()
  expect(series).toContain('imagine_jobs_ended_total{surface="slack",outcome="failed"} 2')
  expect(series).toContain('imagine_status_queries_total{answer="working"} 1')
  expect(series).not.toContain('U123')
})

test('two processes’ worth of metrics do not share a registry', async () => {
  const [one, two] = [createMetrics(), createMetrics()]
  one.meter.count('jobs_accepted')
  expect(await two.text()).not.toMatch(/^imagine_jobs_accepted_total 1$/m)
})

test('health says alive; readiness says each part and 503 while one is missing', async () => {
  let ready = false
  const { origin } = await serve(async () => ({ ready, parts: { store: 'ok', slack: ready ? 'ok' : 'connecting' } }))
  expect((await fetch(`${origin}/healthz`)).status).toBe(200)
  const before = await fetch(`${origin}/readyz`)
  expect([before.status, await before.json()]).toEqual([
    503,
    { ready: false, parts: { store: 'ok', slack: 'connecting' } },
  ])
  ready = true
  expect((await fetch(`${origin}/readyz`)).status).toBe(200)
})

test('a readiness that can’t be told is not ready, and the process still alive', async () => {
  const { origin } = await serve(() => Promise.reject(new Error('no store')))
  expect((await fetch(`${origin}/readyz`)).status).toBe(500)
  expect((await fetch(`${origin}/healthz`)).status).toBe(200)
})
