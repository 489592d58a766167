import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InputRef } from '../../src/core/job.ts'
import type { OpenPicture, Picture } from '../../src/core/ports.ts'
import { collect } from '../../src/media/collect.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { type Rig, type RigJob, startRig } from './rig.ts'
import { type Invocation, routes, type StoredMessage } from './stand-in.ts'
import { noise, result, startJob } from './views.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig({ userInstall: true })
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const job = (options: Parameters<typeof startJob>[1] = {}) => startJob(rig, options)

const never = new AbortController().signal

describe('pictures handed in', () => {
  async function ref(
    bytes: Uint8Array,
    name = 'cat.png',
    contentType?: string | null,
  ): Promise<[Extract<InputRef, { kind: 'remote' }>, Invocation]> {
    const image = { name, bytes, ...(contentType !== undefined && { contentType }) }
    const command = rig.standIn.command('/imagine', { prompt: 'a hat', image })
    const { ask } = await rig.accepted(rig.studio.jobs.length + 1)
    const [input] = ask.inputs
    if (input?.kind !== 'remote') throw new Error('no picture')
    return [input, command]
  }

  async function bytesOf(picture: Picture): Promise<Uint8Array> {
    return collect(await picture.open(never), 50_000_000)
  }

  test('are fetched from where Discord keeps them, and are public there', async () => {
    const bytes = await noise()
    const [input] = await ref(bytes)
    const { picture, publicUrl } = rig.adapter.surface.input(input)
    expect(Buffer.from(await bytesOf(picture)).equals(bytes)).toBe(true)
    expect(await publicUrl(never)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ephemeral-attachments\/.*[?&]hm=/)
  })

  test.each([
    ['an HTML page', Buffer.from('<!doctype html><p>hello'), 'input_not_picture'],
    ['a text', Buffer.from('hello'), 'input_not_picture'],
    ['nothing', Buffer.alloc(0), 'input_empty'],
  ])('that are %s under a picture’s name are found out', async (_, bytes, code) => {
    const [input] = await ref(bytes)
    await expect(bytesOf(rig.adapter.surface.input(input).picture)).rejects.toMatchObject({ code })
  })

  test('that are larger than Discord said are found out', async () => {
    const [channelId = ''] = rig.standIn.world.channels.keys()
    const bytes = Buffer.alloc(30_000_000, 1)
    const file = { filename: 'cat.png', contentType: 'image/png', description: null, bytes, channelId, ephemeral: true }
    const url = rig.standIn.world.link(rig.standIn.world.addFile(file))
    const at = { url, size: 1_000, contentType: 'image/png' }
    const { picture } = rig.adapter.surface.input({ kind: 'remote', name: 'cat.png', at })
    await expect(bytesOf(picture)).rejects.toMatchObject({ code: 'input_too_large' })
  })

  test('that Discord no longer has are gone', async () => {
    const [input] = await ref(await noise())
    for (const file of rig.standIn.world.files.values()) file.removed = true
    await expect(bytesOf(rig.adapter.surface.input(input).picture)).rejects.toMatchObject({ code: 'input_gone' })
  })

  test.each([
    'https://evil.example/x.png',
    'http://169.254.169.254/latest/meta-data',
    'http://cdn.discordapp.com/x.png',
    'https://cdn.discordapp.com.evil.example/x.png',
    'file:///etc/passwd',
    'nonsense',
  ])('at %s are not fetched', async (url) => {
    const at = { url, size: 1, contentType: 'image/png' }
    const { picture, publicUrl } = rig.adapter.surface.input({ kind: 'remote', name: 'x.png', at })
    expect(await publicUrl(never)).toBeNull()
    await expect(bytesOf(picture)).rejects.toMatchObject({ code: 'input_unreachable' })
  })

  test('at Discord’s own hosts are public', async () => {
    const at = { url: 'https://cdn.discordapp.com/ephemeral-attachments/1/2/x.png?ex=1', size: 1, contentType: null }
    const { publicUrl } = rig.adapter.surface.input({ kind: 'remote', name: 'x.png', at })
    expect(await publicUrl(never)).toBe(at.url)
  })
})

describe('a picture of an earlier result', () => {
  async function shown(
    options: Parameters<typeof job>[0] = {},
  ): Promise<{ bytes: Uint8Array; job: RigJob; receipt: Awaited<ReturnType<Rig['show']>>; message: StoredMessage }> {
    const { accepted, message } = await job(options)
    const bytes = await noise()
    const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    return { bytes, job: accepted, receipt, message }
  }
  const open = (receipt: Awaited<ReturnType<Rig['show']>>, n = 1) =>
    rig.adapter.surface.picture(receipt, n).picture.open(never)
  const whole = async (opened: OpenPicture) => Buffer.from(await collect(opened, 50_000_000))

  test('is opened by its link while that is valid', async () => {
    const { bytes, receipt } = await shown()
    expect((await whole(await open(receipt))).equals(bytes)).toBe(true)
    expect(rig.standIn.sent('GET', routes.message)).toEqual([])
  })

  test('is found by its message when the link has expired', async () => {
    const { bytes, receipt } = await shown()
    rig.clock.advance(25 * 3_600_000)
    expect((await whole(await open(receipt))).equals(bytes)).toBe(true)
    expect(rig.standIn.sent('GET', routes.message)).toHaveLength(1)
  })

  test('is gone with its message', async () => {
    const { receipt, message } = await shown()
    rig.clock.advance(25 * 3_600_000)
    message.deleted = true
    await expect(open(receipt)).rejects.toMatchObject({ code: 'input_gone' })
  })

  test('that was private is gone with its link', async () => {
    const { receipt } = await shown({ private: true })
    rig.clock.advance(25 * 3_600_000)
    await expect(open(receipt)).rejects.toMatchObject({ code: 'input_gone' })
  })

  test('is public at a link that serves it for a while yet', async () => {
    const { receipt } = await shown()
    const url = () => rig.adapter.surface.picture(receipt, 1).publicUrl(never)
    const first = await url()
    expect(first).toMatch(/\/attachments\//)
    rig.clock.advance(23.5 * 3_600_000)
    // Half an hour is left of the first one.
    const second = await url()
    expect(second).toMatch(/\/attachments\//)
    expect(second).not.toBe(first)
    expect(rig.standIn.sent('GET', routes.message)).toHaveLength(1)
  })

  test('that was never shown is gone', async () => {
    const { receipt } = await shown()
    await expect(open(receipt, 2)).rejects.toMatchObject({ code: 'input_gone' })
  })
})
