import { setImmediate as turn } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { OpenPicture } from '../../src/core/ports.ts'
import type { Network } from '../../src/media/admission.ts'
import { collect, discard } from '../../src/media/collect.ts'
import { type DownloadPolicy, inputCodes, remotePicture, resultCodes } from '../../src/media/download.ts'
import {
  type ApiServer,
  bytes,
  chunked,
  cut,
  hang,
  hangUp,
  html,
  raw,
  redirect,
  reset,
  stall,
  startApiServer,
  startSilentServer,
} from '../fakes/api-server.ts'
import { halves, tls } from './pictures.ts'

const never = new AbortController().signal
let png: Uint8Array
let server: ApiServer

beforeAll(async () => {
  png = await halves(400, 300).png({ compressionLevel: 0 }).toBuffer()
})
beforeEach(async () => {
  server = await startApiServer()
})
afterEach(async () => {
  // Whatever a test did: no connection of ours is left.
  await server.idle()
  await server.close()
})

function policy(more: Partial<DownloadPolicy> = {}): DownloadPolicy {
  return {
    hosts: [],
    origins: [server.origin],
    maxBytes: 1_000_000,
    codes: inputCodes,
    timeoutMs: 400,
    ...more,
  }
}

async function fetched(path = '/a.png?secret=s3cret', more: Partial<DownloadPolicy> = {}): Promise<Uint8Array> {
  return collect(await remotePicture(`${server.origin}${path}`, policy(more)).open(never), 10_000_000)
}

/** The error of a download, after a look at what it tells. */
async function failure(path?: string, more?: Partial<DownloadPolicy>): Promise<AppError> {
  const error = await fetched(path, more).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AppError)) throw new Error('expected an AppError', { cause: error })
  expect(error.message).not.toContain('s3cret')
  return error
}

describe('a picture', () => {
  it('comes as it is, with its type and size, and can be opened again', async () => {
    server.script(bytes(200, png, { 'content-type': 'text/plain' }))
    const picture = remotePicture(`${server.origin}/a.png`, policy())
    for (let i = 0; i < 2; i += 1) {
      const open = await picture.open(never)
      expect(open).toMatchObject({ type: 'image/png', size: png.length })
      expect(Buffer.from(await collect(open, 1_000_000)).equals(png)).toBe(true)
    }
    expect(server.seen[0]?.headers['accept-encoding']).toBe('identity')
  })

  it('comes without a content-length too', async () => {
    server.script(chunked([png.subarray(0, 3), png.subarray(3, 50), png.subarray(50)]))
    const open = await remotePicture(`${server.origin}/a.png`, policy()).open(never)
    expect(open).toMatchObject({ type: 'image/png', size: null })
    expect(Buffer.from(await collect(open, 1_000_000)).equals(png)).toBe(true)
  })

  it('is recognised when its first bytes come one by one', async () => {
    const rest = Promise.withResolvers<void>()
    server.script(async ({ response }) => {
      response.writeHead(200).write(png.subarray(0, 3))
      await rest.promise
      response.end(png.subarray(3))
    })
    const opening = remotePicture(`${server.origin}/a.png`, policy()).open(never)
    await server.arrived(1)
    for (let i = 0; i < 20; i += 1) await turn()
    rest.resolve()
    expect((await collect(await opening, 1_000_000)).length).toBe(png.length)
  })

  it('may be smaller than the bytes that its type is told from', async () => {
    const tiny = Buffer.from('GIF89a\x01\0\x01\0', 'latin1')
    server.script(bytes(200, tiny))
    expect(Buffer.from(await fetched()).equals(tiny)).toBe(true)
  })

  it('ends its connection when it is closed before the first byte was asked for', async () => {
    server.script(stall(200, png.subarray(0, 100), png.length))
    await discard(await remotePicture(`${server.origin}/a.png`, policy({ timeoutMs: 60_000 })).open(never))
    await server.idle()
  })

  it('ends its connection when it is closed in the middle', async () => {
    server.script(stall(200, png.subarray(0, 100), png.length))
    const open = await remotePicture(`${server.origin}/a.png`, policy({ timeoutMs: 60_000 })).open(never)
    for await (const chunk of open.body) {
      expect(chunk.length).toBe(100)
      break
    }
    await server.idle()
  })
})

describe('what is no picture', () => {
  it.each([
    ['a page that says it is a PNG', html(200, '<!doctype html><title>Sign in</title>'), 'input_not_picture'],
    ['a text', bytes(200, 'not a picture', { 'content-type': 'image/png' }), 'input_not_picture'],
    ['nothing', bytes(200, ''), 'input_empty'],
    ['nothing, in chunks', chunked([]), 'input_empty'],
    ['404', html(404), 'input_gone'],
    ['410', html(410), 'input_gone'],
    ['403', html(403), 'input_gone'],
    ['401', html(401), 'input_unreachable'],
    ['500', html(500), 'input_unreachable'],
    ['204', raw('HTTP/1.1 204 No Content\r\n\r\n'), 'input_unreachable'],
    ['a redirect to nowhere', bytes(302, ''), 'input_unreachable'],
    ['a redirect to something that is no URL', redirect('http://['), 'input_unreachable'],
    ['hung up on', hangUp, 'input_unreachable'],
    ['reset', reset, 'input_unreachable'],
    ['not HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), 'input_unreachable'],
  ] as const)('%s', async (_, reply, code) => {
    server.script(reply)
    expect((await failure()).code).toBe(code)
  })

  it('has other codes for results', async () => {
    server.script(html(404), html(200), html(502), bytes(200, ''))
    const codes = []
    for (let i = 0; i < 4; i += 1) codes.push((await failure('/', { codes: resultCodes })).code)
    expect(codes).toEqual(['result_gone', 'result_not_picture', 'upstream_unavailable', 'result_not_picture'])
  })

  it('tells how long to wait where the server does', async () => {
    server.script(bytes(503, '', { 'retry-after': '7' }))
    expect((await failure()).retryAfterMs).toBe(7000)
  })
})

describe('size', () => {
  it('refuses an announced size over the cap before the body', async () => {
    server.script(stall(200, '', 30_000_000))
    expect((await failure()).code).toBe('input_too_large')
  })

  it('stops a stream of 30 MB without a content-length at the cap', async () => {
    let sent = 0
    server.script(
      chunked(
        (function* () {
          yield png
          const block = Buffer.alloc(64 * 1024)
          for (; sent < 30_000_000; sent += block.length) yield block
        })(),
      ),
    )
    const open = await remotePicture(`${server.origin}/`, policy()).open(never)
    let got = 0
    const reading = (async () => {
      for await (const chunk of open.body) got += chunk.length
    })()
    await expect(reading).rejects.toMatchObject({ code: 'input_too_large' })
    expect(got).toBeLessThanOrEqual(1_000_000)
    expect(sent).toBeLessThan(30_000_000)
  })

  it('takes a body of exactly the cap', async () => {
    server.script(bytes(200, png))
    expect((await fetched('/', { maxBytes: png.length })).length).toBe(png.length)
    expect((await failure('/', { maxBytes: png.length - 1 })).code).toBe('input_too_large')
  })

  it('fails a body shorter than announced', async () => {
    server.script(cut(200, png.subarray(0, 5000), png.length))
    expect((await failure()).code).toBe('input_unreachable')
    server.script(raw(`HTTP/1.1 200 OK\r\ncontent-length: ${png.length}\r\n\r\n`, png.subarray(0, 5000), true))
    expect((await failure()).code).toBe('input_unreachable')
  })

  it.each([1, 300_000])('fails a body longer than announced by %i bytes', async (surplus) => {
    const long = Buffer.concat([png, Buffer.alloc(surplus)])
    server.script(raw(`HTTP/1.1 200 OK\r\ncontent-length: ${png.length}\r\n\r\n`, long))
    expect((await failure()).code).toBe('input_unreachable')
  })

  it('fails a chunked body that breaks off', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\n'
    server.script(raw(head, Buffer.concat([png.subarray(0, 100), Buffer.from('\r\n')]), true))
    expect((await failure()).code).toBe('input_unreachable')
  })

  it.each(['abc', '-5', '1e3', '12, 13'])('refuses the content-length %s', async (length) => {
    server.script(raw(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`, png, true))
    expect((await failure()).code).toBe('input_unreachable')
  })

  it('refuses a compressed body', async () => {
    server.script(bytes(200, png, { 'content-encoding': 'gzip' }))
    expect((await failure()).code).toBe('input_unreachable')
  })
})

describe('time', () => {
  it.each([
    ['the headers', hang],
    ['the first byte', stall(200, '', 5000)],
    ['more of the body', stall(200, Buffer.from('GIF89a'.padEnd(100)), 5000)],
  ])('does not wait for ever for %s', async (_, reply) => {
    server.script(reply)
    expect((await failure()).code).toBe('input_unreachable')
  })

  it('stops with the signal before, while waiting and while streaming', async () => {
    const stop = new AbortController()
    server.script(hang)
    const waiting = remotePicture(`${server.origin}/`, policy({ timeoutMs: 60_000 })).open(stop.signal)
    await server.arrived(1)
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(remotePicture(`${server.origin}/`, policy()).open(stop.signal)).rejects.toThrow('enough')
    expect(server.seen.length).toBe(1)

    const later = new AbortController()
    server.script(stall(200, png.subarray(0, 5000), png.length))
    const open: OpenPicture = await remotePicture(`${server.origin}/`, policy({ timeoutMs: 60_000 })).open(later.signal)
    const reading = collect(open, 1_000_000)
    later.abort(new Error('enough now'))
    await expect(reading).rejects.toThrow('enough now')
  })
})

it('ends its connection when it is stopped while it connects', async () => {
  const silent = await startSilentServer()
  const stop = new AbortController()
  const patient = policy({ origins: [silent.origin], timeoutMs: 60_000 })
  const opening = remotePicture(`${silent.origin}/`, patient).open(stop.signal)
  await silent.connected
  stop.abort(new Error('enough'))
  await expect(opening).rejects.toThrow('enough')
  await silent.left()
  await silent.close()
})

describe('redirects', () => {
  it('are followed at most three times, and the headers are asked for anew each time', async () => {
    const asked: string[] = []
    const headers = (url: URL) => {
      asked.push(url.pathname)
      return url.pathname === '/1' ? { authorization: 'Bearer xoxb' } : { 'x-hop': url.pathname }
    }
    server.script(redirect('/2', 301), redirect('3', 307), redirect(`${server.origin}/4?x=1`, 308), bytes(200, png))
    expect((await fetched('/1', { headers })).length).toBe(png.length)
    expect(asked).toEqual(['/1', '/2', '/3', '/4'])
    expect(server.seen.map((one) => one.headers.authorization)).toEqual([
      'Bearer xoxb',
      undefined,
      undefined,
      undefined,
    ])
    expect(server.seen.map((one) => one.headers['x-hop'])).toEqual([undefined, '/2', '/3', '/4'])
  })

  it('are not followed a fourth time', async () => {
    server.script(redirect('/again'))
    expect((await failure()).code).toBe('input_unreachable')
    expect(server.seen.length).toBe(4)
  })

  it.each([
    'http://127.0.0.1:1/',
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://localhost/',
    'ftp://example.com/a.png',
    'file:///etc/passwd',
    'data:image/png;base64,iVBORw0KGgo=',
    'https://user:pass@example.com/',
  ])('are checked anew: %s', async (target) => {
    server.script(redirect(target))
    const error = await failure('/a.png?secret=s3cret', { hosts: 'public', codes: resultCodes })
    expect(error.code).toBe('unexpected_answer')
    expect(server.seen.length).toBe(1)
  })

  it('do not lead from a listed host to an unlisted one', async () => {
    server.script(redirect('https://elsewhere.example/a.png'))
    const error = await failure('/', { hosts: ['pictures.example'] })
    expect(error).toMatchObject({
      code: 'input_unreachable',
      detail: 'elsewhere.example: not one of the hosts allowed',
    })
  })
})

describe('what may be asked', () => {
  const refused = async (url: string, more: Partial<DownloadPolicy> = {}, network?: Network) => {
    const picture = remotePicture(url, policy({ hosts: 'public', codes: resultCodes, origins: [], ...more }), network)
    await expect(picture.open(never)).rejects.toMatchObject({ code: 'unexpected_answer' })
    expect(server.connections.made).toBe(0)
  }

  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://017700000001/',
    'https://0/',
    'https://10.1.2.3/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[fc00::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://localhost/',
    'https://localhost./',
    'http://1.1.1.1/',
    'http://example.com/',
    'https://u:p@1.1.1.1/',
    '//1.1.1.1/',
    'nonsense',
    '',
  ])('not %s', async (url) => {
    await refused(url)
  })

  it('not our own loopback server, unless its origin is configured', async () => {
    await refused(`${server.origin}/a.png`)
    await refused(`${server.origin}/a.png`, { origins: ['http://127.0.0.1:1'] })
  })

  it('not a name that leads to a private address, whatever else it leads to', async () => {
    const network: Network = {
      lookup: (_host, _options, callback) => callback(null, [{ address: '10.0.0.7', family: 4 }]),
      isPublic: (address) => address !== '10.0.0.7',
    }
    await refused('https://rebinding.example/', {}, network)
  })

  it.each([
    'https://example.com/',
    'https://notpictures.example/',
    'https://pictures.example.evil.example/',
    'https://pictures.example:8443/',
    'http://pictures.example/',
  ])('not %s when only pictures.example is listed', async (url) => {
    await refused(url, { hosts: ['pictures.example'] })
  })
})

describe('https', () => {
  const before = getCACertificates('default')
  let secure: ApiServer
  beforeAll(() => setDefaultCACertificates([...before, tls.cert]))
  afterAll(() => setDefaultCACertificates(before))
  beforeEach(async () => {
    secure = await startApiServer({ tls })
  })
  afterEach(() => secure.close())

  it('asks a public host at the address that was checked, and no other', async () => {
    const looked: string[] = []
    const network: Network = {
      // 127.0.0.1 stands in for a public address, 127.0.0.2 for a private one.
      lookup: (host, _options, callback) => {
        looked.push(host)
        callback(null, [
          { address: '127.0.0.2', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ])
      },
      isPublic: (address) => address === '127.0.0.1',
    }
    secure.script(bytes(200, png))
    const url = `https://pictures.example:${secure.host.split(':')[1]}/a.png?s=1`
    const open = await remotePicture(url, policy({ hosts: 'public' }), network).open(never)
    expect((await collect(open, 1_000_000)).length).toBe(png.length)
    expect(looked).toEqual(['pictures.example'])
    expect(secure.seen[0]?.path).toBe('/a.png?s=1')
    await secure.idle()
  })

  it('does not take a certificate for another name', async () => {
    const network: Network = {
      lookup: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
      isPublic: () => true,
    }
    secure.script(bytes(200, png))
    const url = `https://other.example:${secure.host.split(':')[1]}/a.png`
    await expect(remotePicture(url, policy({ hosts: 'public' }), network).open(never)).rejects.toMatchObject({
      code: 'input_unreachable',
    })
    expect(secure.seen.length).toBe(0)
  })
})
