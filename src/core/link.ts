import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Links that we give out: to pictures on our shelf, signed and expiring, `<base>/inputs/<id>?e=<unix seconds>&s=<signature>`,
 * and for callbacks, `<base>/callbacks/<job>.<n>.<signature>`.
 */
export interface Links {
  /** A link to `id` that works until `untilMs` (milliseconds since the epoch). */
  sign(id: string, untilMs: number): string
  /** Whether the parts of a link belong together and it has not expired. */
  verify(id: string, expires: string, signature: string, nowMs: number): boolean
  /** Where the image API may say that a task has ended: a path that nobody can guess. */
  callback(jobId: string, n: number): string
  /** The task that a callback's path speaks of; null for a path that we did not give out. */
  calledBack(path: string): { readonly jobId: string; readonly n: number } | null
}

/** `base` gives an origin without a trailing slash, known once the port is open; `key` holds at least 32 random bytes. */
export function createLinks(base: () => string, key: string): Links {
  const signature = (...parts: readonly string[]) =>
    createHmac('sha256', key).update(parts.join('\n')).digest('base64url')
  return {
    sign: (id, untilMs) => {
      const expires = String(Math.ceil(untilMs / 1000))
      return `${base()}/inputs/${encodeURIComponent(id)}?e=${expires}&s=${signature(id, expires)}`
    },
    verify: (id, expires, given, nowMs) =>
      isSame(signature(id, expires), given) && /^\d{1,12}$/.test(expires) && Number(expires) * 1000 > nowMs,
    callback: (jobId, n) => `${base()}/callbacks/${jobId}.${n}.${signature('callback', jobId, String(n))}`,
    calledBack: (path) => {
      const [jobId = '', n = '', given = ''] = path.split('.')
      if (!/^\d{1,2}$/.test(n) || !isSame(signature('callback', jobId, n), given)) return null
      return { jobId, n: Number(n) }
    },
  }
}

/** In a time that tells nothing about where they differ. */
function isSame(expected: string, given: string): boolean {
  const left = Buffer.from(expected)
  const right = Buffer.from(given)
  return left.length === right.length && timingSafeEqual(left, right)
}
