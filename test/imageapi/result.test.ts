import { afterEach, beforeEach, expect, it } from 'vitest'
import { collect } from '../../src/media/collect.ts'
import { type ApiServer, bytes, html, redirect, stall, startApiServer } from '../fakes/api-server.ts'
import { clientOf } from './client-of.ts'

const never = new AbortController().signal
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(500, 7)])
let server: ApiServer
let client: ReturnType<typeof clientOf>

beforeEach(async () => {
  server = await startApiServer()
  client = clientOf(server.origin)
})
afterEach(async () => {
  await client.api.close()
  await server.idle()
  await server.close()
})

it('fetches a result of the API’s own origin, without the key', async () => {
  server.script(bytes(200, png))
  const open = await client.api.result(`${server.origin}/files/1.png?sig=x`).open(never)
  expect(open).toMatchObject({ type: 'image/png', size: png.length })
  expect(Buffer.from(await collect(open, 1000)).equals(png)).toBe(true)
  expect(server.seen[0]?.headers.authorization).toBeUndefined()
})

it.each([
  'http://127.0.0.1:1/a.png',
  'https://169.254.169.254/latest',
  'https://localhost/a.png',
  'file:///etc/passwd',
])('asks nothing else on this machine or its network: %s', async (url) => {
  await expect(client.api.result(url).open(never)).rejects.toMatchObject({ code: 'unexpected_answer' })
  server.script(redirect(url))
  await expect(client.api.result(`${server.origin}/1`).open(never)).rejects.toMatchObject({ code: 'unexpected_answer' })
})

it.each([
  ['expired', html(403), 'result_gone'],
  ['a page', html(200), 'result_not_picture'],
  ['more than 50 MB', stall(200, '', 50_000_001), 'result_too_large'],
  ['broken', html(502), 'upstream_unavailable'],
] as const)('says what became of a result: %s', async (_, reply, code) => {
  server.script(reply)
  await expect(client.api.result(`${server.origin}/1`).open(never)).rejects.toMatchObject({ code })
})
