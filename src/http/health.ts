import type { Routes } from '../core/ports.ts'
import type { Metrics } from './metrics.ts'

export interface Readiness {
  readonly ready: boolean
  /** Each part (the store, each chat) in a word or two: `ok`, `connecting`, … */
  readonly parts: Readonly<Record<string, string>>
}

const json = { 'content-type': 'application/json; charset=utf-8' }

/** `/healthz`: the process answers. `/readyz`: requests can be taken now (200) or not (503), part by part. */
export function mountHealth(routes: Routes, { readiness }: { readonly readiness: () => Promise<Readiness> }): void {
  routes.mount({
    method: 'GET',
    path: '/healthz',
    maxBytes: 0,
    handle: async () => ({ status: 200, headers: json, body: '{"status":"ok"}\n' }),
  })
  routes.mount({
    method: 'GET',
    path: '/readyz',
    maxBytes: 0,
    handle: async () => {
      const { ready, parts } = await readiness()
      return { status: ready ? 200 : 503, headers: json, body: `${JSON.stringify({ ready, parts })}\n` }
    },
  })
}

/** `/metrics`, for Prometheus. */
export function mountMetrics(routes: Routes, metrics: Pick<Metrics, 'text' | 'contentType'>): void {
  routes.mount({
    method: 'GET',
    path: '/metrics',
    maxBytes: 0,
    handle: async () => ({
      status: 200,
      headers: { 'content-type': metrics.contentType },
      body: await metrics.text(),
    }),
  })
}
