type Headers = Readonly<Record<string, string | string[] | undefined>>

// Longer than this nobody means; the caller's own patience decides anyway.
const longestMs = 24 * 60 * 60 * 1000

/**
 * The `Retry-After` of an answer in milliseconds, or null when there is none to understand. A date is taken relative to
 * the answer's own `Date`, so that a wrong clock on either side does no harm.
 */
export function retryAfterMs(headers: Headers): number | null {
  const value = single(headers['retry-after'])?.trim()
  if (value === undefined || value === '') return null
  if (/^\d+(\.\d+)?$/.test(value)) return bounded(Number(value) * 1000)
  const until = Date.parse(value)
  const sent = Date.parse(single(headers.date) ?? '')
  return Number.isNaN(until) || Number.isNaN(sent) ? null : bounded(until - sent)
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function bounded(ms: number): number {
  return Math.min(longestMs, Math.max(0, Math.ceil(ms)))
}
