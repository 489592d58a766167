import { createHmac, timingSafeEqual } from 'node:crypto'

/** Signed, expiring links to pictures on our shelf: `<base>/inputs/<id>?e=<unix seconds>&s=<signature>`. */
export interface Links {
  /** A link to `id` that works until `untilMs` (milliseconds since the epoch). */
  sign(id: string, untilMs: number): string
  /** Whether the parts of a link belong together and it has not expired. */
  verify(id: string, expires: string, signature: string, nowMs: number): boolean
}

/** `base` gives an origin without a trailing slash, known once the port is open; `key` holds at least 32 random bytes. */
export function createLinks(base: () => string, key: string): Links {
  const signature = (id: string, expires: string) =>
    createHmac('sha256', key).update(`${id}\n${expires}`).digest('base64url')
  return {
    sign: (id, untilMs) => {
      const expires = String(Math.ceil(untilMs / 1000))
      return `${base()}/inputs/${encodeURIComponent(id)}?e=${expires}&s=${signature(id, expires)}`
    },
    verify: (id, expires, given, nowMs) => {
      const expected = Buffer.from(signature(id, expires))
      const actual = Buffer.from(given)
      if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) return false
      return /^\d{1,12}$/.test(expires) && Number(expires) * 1000 > nowMs
    },
  }
}
