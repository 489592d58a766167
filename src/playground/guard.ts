import type { RouteAnswer, RouteRequest } from '../core/ports.ts'

const loopback = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i

/**
 * The page spends the operator's key, so it answers only to itself. A Host that is no loopback name is a foreign page
 * whose name was pointed at this machine; an Origin other than the Host is a foreign page that posts here. The port may
 * be another than ours (a tunnel), for a browser's Host and Origin agree all the same. Null: come in.
 */
export function refusal({ method, headers }: RouteRequest): RouteAnswer | null {
  const host = headers.host ?? ''
  if (!loopback.test(host)) return forbidden
  if (method === 'POST' && headers.origin?.toLowerCase() !== `http://${host.toLowerCase()}`) return forbidden
  return null
}

const forbidden: RouteAnswer = {
  status: 403,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'Forbidden\n',
}
