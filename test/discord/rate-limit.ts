import { type Answer, tooMany } from './exchange.ts'
import type { Operation } from './openapi-check.ts'

/** Discord's limits of edits: 5 in 2 s for an interaction's token, 5 in 5 s for a channel. By the real time, as its clients count. */
export function createRateLimit(): (method: string, operation: Operation) => Answer | null {
  const buckets = new Map<string, number[]>()
  return (method, { path, params }) => {
    const webhook = params.webhook_token
    const channel = method === 'GET' ? undefined : params.channel_id
    if (webhook === undefined && channel === undefined) return null
    const key = webhook ?? channel ?? ''
    const windowMs = webhook === undefined ? 5_000 : 2_000
    const at = performance.now()
    const recent = (buckets.get(key) ?? []).filter((one) => one > at - windowMs)
    const first = recent[0] ?? at
    const resetAfter = Math.max(0.001, (first + windowMs - at) / 1000)
    const taken = recent.length < 5
    if (taken) recent.push(at)
    buckets.set(key, recent)
    const headers = {
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': String(5 - recent.length),
      'x-ratelimit-reset': String((Date.now() / 1000 + resetAfter).toFixed(3)),
      'x-ratelimit-reset-after': resetAfter.toFixed(3),
      'x-ratelimit-bucket': `${webhook === undefined ? 'channel' : 'webhook'}-${path.length}`,
    }
    return taken ? { status: 200, headers } : tooMany(resetAfter, headers)
  }
}
