import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLinks, type Links } from '../../src/core/link.ts'
import { mountInputs } from '../../src/http/inputs.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { createMemoryShelf } from '../playground/memory-shelf.ts'
import { createRecordedLog } from './recorded-log.ts'

const bytes = randomBytes(200_000)
const start = 1_800_000_000_000
let now = start
let server: HttpServer
let links: Links
let origin: string

beforeEach(async () => {
  now = start
  const clock = { now: () => now }
  const shelf = createMemoryShelf(clock)
  await shelf.put('pic-1', 'image/webp', one(bytes), 3_600_000)
  await shelf.put('none', 'image/png', one(new Uint8Array()), 3_600_000)
  const log = createRecordedLog()
  server = createHttpServer({ host: '127.0.0.1', port: 0, log })
  links = createLinks(() => origin, 'k'.repeat(64))
  mountInputs(server.routes, { shelf, clock, links })
  origin = (await server.listen()).origin
})
afterEach(() => server.close())

async function* one(part: Uint8Array) {
  yield part
}

async function get(url: string, init: RequestInit = {}) {
  const answer = await fetch(url, init)
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) }
}

test('a signed link gives the picture, with the type of the shelf', async () => {
  const { status, headers, bytes: got } = await get(links.sign('pic-1', now + 60_000))
  expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([200, 'image/webp', '200000'])
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('cache-control')).toBe('private')
  expect(got.equals(bytes)).toBe(true)
})

test('HEAD tells size and type, and sends nothing', async () => {
  const { status, headers, bytes: got } = await get(links.sign('pic-1', now + 60_000), { method: 'HEAD' })
  expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([200, 'image/webp', '200000'])
  expect(got).toHaveLength(0)
})

test('unknown, expired, forged and swapped links are one and the same 404', async () => {
  const good = links.sign('pic-1', now + 60_000)
  const url = new URL(good)
  const later = new URL(good)
  later.searchParams.set('e', String(Number(url.searchParams.get('e')) + 1000))
  const bad = [
    links.sign('nothing', now + 60_000),
    later.href,
    good.replace('pic-1', 'none'),
    createLinks(() => origin, 'x'.repeat(64)).sign('pic-1', now + 60_000),
    good.slice(0, -1),
    `${good}A`,
    `${origin}/inputs/pic-1`,
    `${origin}/inputs/pic-1?e=&s=`,
    good.replace('?', '?e=1&'),
  ]
  const answers: Awaited<ReturnType<typeof get>>[] = []
  for (const link of bad) answers.push(await get(link))
  now += 61_000
  answers.push(await get(good))
  for (const { status, bytes: body } of answers) expect([status, body.toString()]).toEqual([404, 'Not Found\n'])
  const header = (name: string) => new Set(answers.map(({ headers }) => headers.get(name)))
  expect([...header('content-type'), ...header('cache-control')]).toEqual(['text/plain; charset=utf-8', 'no-store'])
  for (const path of ['/inputs', '/inputs/']) expect((await get(`${origin}${path}`)).status).toBe(404)
})

test('a picture that left the shelf is gone although its link is still good', async () => {
  const link = links.sign('pic-1', now + 86_400_000)
  now += 3_600_001
  expect((await get(link)).status).toBe(404)
})

test.each([
  ['bytes=0-0', 206, 'bytes 0-0/200000', 0, 1],
  ['bytes=100-299', 206, 'bytes 100-299/200000', 100, 300],
  ['bytes=199990-', 206, 'bytes 199990-199999/200000', 199_990, 200_000],
  ['bytes=-5', 206, 'bytes 199995-199999/200000', 199_995, 200_000],
  ['bytes=-999999', 206, 'bytes 0-199999/200000', 0, 200_000],
  ['bytes=10-999999999', 206, 'bytes 10-199999/200000', 10, 200_000],
  ['bytes=200000-', 416, 'bytes */200000', 0, 0],
  ['bytes=-0', 416, 'bytes */200000', 0, 0],
  ['bytes=5-4', 200, null, 0, 200_000],
  ['bytes=0-1,5-6', 200, null, 0, 200_000],
  ['bytes=-', 200, null, 0, 200_000],
  ['pages=1-2', 200, null, 0, 200_000],
])('range %s', async (range, status, contentRange, from, to) => {
  const got = await get(links.sign('pic-1', now + 60_000), { headers: { range } })
  expect([got.status, got.headers.get('content-range')]).toEqual([status, contentRange])
  expect(got.bytes.equals(bytes.subarray(from, to))).toBe(true)
  if (status === 206) expect(got.headers.get('content-length')).toBe(String(to - from))
})

test('If-Range is answered whole, for there is no validator', async () => {
  const headers = { range: 'bytes=0-9', 'if-range': '"etag"' }
  expect((await get(links.sign('pic-1', now + 60_000), { headers })).status).toBe(200)
})

test('an empty picture has no range', async () => {
  expect((await get(links.sign('none', now + 60_000), { headers: { range: 'bytes=0-' } })).status).toBe(416)
})
