import type { Links } from '../core/link.ts'
import type { Clock, RouteAnswer, RouteRequest, Routes, Shelf } from '../core/ports.ts'

export interface InputsOptions {
  readonly shelf: Pick<Shelf, 'find' | 'read'>
  readonly links: Pick<Links, 'verify'>
  readonly clock: Pick<Clock, 'now'>
}

/**
 * `GET` and `HEAD /inputs/:id`: pictures on the shelf for whoever holds a signed link. Unknown, expired and forged
 * links are told apart by nobody.
 */
export function mountInputs(routes: Routes, options: InputsOptions): void {
  const path = '/inputs/:id'
  routes.mount({ method: 'GET', path, maxBytes: 0, handle: (request) => serve(request, options) })
  routes.mount({
    method: 'HEAD',
    path,
    maxBytes: 0,
    handle: async (request) => {
      const { status, headers } = await serve(request, options)
      return headers === undefined ? { status } : { status, headers }
    },
  })
}

async function serve(request: RouteRequest, { shelf, links, clock }: InputsOptions): Promise<RouteAnswer> {
  const id = request.params.id ?? ''
  const valid = links.verify(id, request.query.get('e') ?? '', request.query.get('s') ?? '', clock.now())
  const found = valid ? await shelf.find(id) : null
  if (found === null) return notFound
  const headers = { 'content-type': found.type, 'accept-ranges': 'bytes', 'cache-control': 'private' }
  const range = rangeOf(request, found.size)
  if (range === 'unsatisfiable')
    return { status: 416, headers: { 'accept-ranges': 'bytes', 'content-range': `bytes */${found.size}` } }
  if (range === null)
    return {
      status: 200,
      headers: { ...headers, 'content-length': String(found.size) },
      body: shelf.read(id, 0, found.size),
    }
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(range.to - range.from),
      'content-range': `bytes ${range.from}-${range.to - 1}/${found.size}`,
    },
    body: shelf.read(id, range.from, range.to),
  }
}

const notFound: RouteAnswer = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  body: 'Not Found\n',
}

/**
 * The one range asked for, `to` excluded; null for the whole: also where the header can't be read or asks for several,
 * which RFC 9110 (14.2) lets a server ignore, and for `If-Range`, as we give no validators.
 */
function rangeOf(
  { method, headers }: RouteRequest,
  size: number,
): { readonly from: number; readonly to: number } | 'unsatisfiable' | null {
  if (method !== 'GET' || headers['if-range'] !== undefined) return null
  const match = /^bytes=(\d*)-(\d*)$/i.exec(headers.range?.trim() ?? '')
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? '']
  if (match === null || (first === '' && last === '')) return null
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { from: size - length, to: size }
  }
  if (last !== '' && Number(last) < Number(first)) return null
  if (Number(first) >= size) return 'unsatisfiable'
  return { from: Number(first), to: last === '' ? size : Math.min(Number(last) + 1, size) }
}
