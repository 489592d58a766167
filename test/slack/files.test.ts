import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type Harness, startHarness } from './harness.ts'
import { draw } from './pictures.ts'

async function read(h: Harness, file: string, signal = new AbortController().signal): Promise<Buffer> {
  const { picture } = h.adapter.surface.input({ kind: 'remote', name: 'x', at: { file } })
  const { body } = await h.within(picture.open(signal))
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a picture handed in', () => {
  it('is read with the bot’s token, also after a redirect within Slack', async () => {
    await using h = await startHarness()
    const bytes = await draw('png', 200)
    const plain = h.slack.attach({ name: 'a b.png', bytes })
    expect((await read(h, plain)).equals(bytes)).toBe(true)
    const moved = h.slack.attach({ name: 'c.png', bytes, redirect: `${h.slack.origin}/files-moved/T-${plain}` })
    expect((await read(h, moved)).equals(bytes)).toBe(true)
  })

  it('that leads to another host is not followed there, and the token does not go along', async () => {
    const heard: (string | undefined)[] = []
    const stranger = createServer((request, response) => {
      heard.push(request.headers.authorization)
      response.end('hello')
    })
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const { port } = stranger.address() as AddressInfo
    try {
      await using h = await startHarness()
      const bytes = await draw('png')
      const file = h.slack.attach({ name: 'a.png', bytes, redirect: `http://127.0.0.1:${port}/take` })
      await expect(read(h, file)).rejects.toMatchObject({ code: 'input_unreachable' })
      expect(heard.filter((authorization) => authorization !== undefined)).toEqual([])
    } finally {
      await new Promise<void>((resolve) => stranger.close(() => resolve()))
    }
  })

  it('behind a sign-in page is not taken for something else, and the operator is told', async () => {
    await using h = await startHarness()
    const file = h.slack.attach({
      name: 'a.png',
      bytes: await draw('png'),
      redirect: `${h.slack.origin}/signin?redir=x`,
    })
    await expect(read(h, file)).rejects.toMatchObject({ code: 'input_unreachable' })
    expect(JSON.stringify(h.lines)).toContain('add the scope and install the app again')
  })

  it('that answers 200 and a page for people instead of the file is recognised', async () => {
    await using h = await startHarness()
    const file = h.slack.attach({ name: 'a.png', bytes: await draw('png') })
    const { picture } = h.adapter.surface.input({ kind: 'remote', name: 'x', at: { file } })
    // The scope is taken away between the look and the download.
    h.slack.onLook(() => h.slack.revoke('files:read'))
    await expect(h.within(picture.open(new AbortController().signal))).rejects.toMatchObject({
      code: 'input_unreachable',
    })
    expect(JSON.stringify(h.lines)).toContain('add the scope and install the app again')
  })

  it('without the scope to read files is refused', async () => {
    await using h = await startHarness({ without: ['files:read'] })
    const file = h.slack.attach({ name: 'a.png', bytes: await draw('png') })
    await expect(read(h, file)).rejects.toMatchObject({
      code: 'permission_missing',
      detail: 'Slack: missing_scope (needed: files:read)',
    })
  })

  it.each([
    ['a page', '<!DOCTYPE html><html>hello</html>', 'input_not_picture'],
    ['a text', 'just words, sixty-four bytes of them at the very least, and more', 'input_not_picture'],
    ['nothing', '', 'input_empty'],
  ])('that is %s named .png is refused', async (_name, bytes, code) => {
    await using h = await startHarness()
    const file = h.slack.attach({ name: 'a.png', mimetype: 'image/png', bytes: Buffer.from(bytes) })
    await expect(read(h, file)).rejects.toMatchObject({ code })
  })

  it('of 30 MB is refused', async () => {
    await using h = await startHarness()
    const bytes = Buffer.concat([await draw('png'), Buffer.alloc(30_000_000)])
    const file = h.slack.attach({ name: 'a.png', bytes })
    await expect(read(h, file)).rejects.toMatchObject({ code: 'input_too_large' })
  })

  it.each(['file_not_found', 'file_deleted', 'not_visible'])('(%s) is gone', async (error) => {
    await using h = await startHarness()
    const file = h.slack.attach({ name: 'a.png', bytes: await draw('png') })
    h.slack.fail('files.info', { error }, { error }, { error }, { error })
    await expect(read(h, file)).rejects.toMatchObject({ code: 'input_gone' })
  })

  it('whose event came before it is asked for again', async () => {
    await using h = await startHarness()
    const bytes = await draw('png')
    const file = h.slack.attach({ name: 'a.png', bytes })
    h.slack.fail('files.info', { error: 'file_not_found' }, { error: 'not_visible' })
    expect((await read(h, file)).equals(bytes)).toBe(true)
  })

  it('that Slack has not processed yet is asked for again, and not for ever', async () => {
    await using h = await startHarness()
    const bytes = await draw('png')
    expect((await read(h, h.slack.attach({ name: 'a.png', bytes, looks: 3 }))).equals(bytes)).toBe(true)
    await expect(read(h, h.slack.attach({ name: 'b.png', bytes, looks: 99 }))).rejects.toMatchObject({
      code: 'input_gone',
    })
  })

  it('whose handle is not ours is gone', async () => {
    await using h = await startHarness()
    expect(() => h.adapter.surface.input({ kind: 'remote', name: 'x', at: { url: 'https://example.com' } })).toThrow(
      'input_gone',
    )
    const address = { at: {}, secret: null }
    expect(() => h.adapter.surface.picture({ address, messageKey: null, files: [] }, 1)).toThrow('input_gone')
  })

  it('is not read on after an abort', async () => {
    await using h = await startHarness()
    const ending = new AbortController()
    const reason = new Error('stop')
    ending.abort(reason)
    await expect(read(h, h.slack.attach({ name: 'a.png', bytes: await draw('png') }), ending.signal)).rejects.toBe(
      reason,
    )
  })
})
