import sharp from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grid } from '../../src/simulator/art/collage.ts'
import { bytes, html, type Reply, redirect, reset, startApiServer } from '../fakes/api-server.ts'
import { bytesOf, type Rig, startRig } from './rig.ts'

const square = (background: string, size = 300) =>
  sharp({ create: { width: size, height: size, channels: 3, background } })

const gif = await square('#ff0000', 20).gif().toBuffer()

async function host(...replies: readonly [Reply, ...Reply[]]) {
  const server = await startApiServer()
  onTestFinished(() => server.close())
  server.script(...replies)
  return server
}

function picture(body: Uint8Array): Reply {
  return bytes(200, body, { 'content-type': 'application/octet-stream' })
}

/** Waits for the task's end on the real clock: the downloads are real. */
async function ended(rig: Rig, id: string) {
  await rig.clock.advance(10_000)
  for (let i = 0; i < 600; i += 1) {
    const data = (await rig.look(id)).body.data as Record<string, unknown>
    if (data.status !== 'IN_PROGRESS') return data
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the task does not end')
}

async function edited(rig: Rig, prompt: string, inputs: readonly string[], fields = {}) {
  const data = await ended(rig, await rig.take(prompt, { input_urls: inputs, ...fields }))
  expect(data.status, JSON.stringify(data.error)).toBe('completed')
  return bytesOf(String((data.output as Record<string, unknown>).image_url))
}

/** Mean colour of the middle of the picture. */
async function middle(png: Buffer) {
  const { channels } = await sharp(
    await sharp(png).extract({ left: 412, top: 300, width: 200, height: 200 }).toBuffer(),
  ).stats()
  const [r = 0, g = 0, b = 0] = channels.map(({ mean }) => mean)
  return { r, g, b }
}

describe('an edit', () => {
  test.each(['png', 'jpeg', 'webp'] as const)('shows the picture it was given: %s', async (format) => {
    const rig = await startRig()
    const source = await host(picture(await square('#ff0000').toFormat(format).toBuffer()))
    const red = await middle(await edited(rig, 'make it nicer', [`${source.origin}/a`]))
    expect(red.r).toBeGreaterThan(red.b + 60)
    expect(red.r).toBeGreaterThan(red.g + 60)
    expect(source.seen).toHaveLength(1)
  })

  test('changes it: toned, or as the prompt says', async () => {
    const rig = await startRig()
    const source = await host(picture(await square('#2040ff').png().toBuffer()))
    const url = `${source.origin}/a.png`
    const toned = await middle(await edited(rig, 'make it nicer', [url]))
    expect(toned).not.toMatchObject({ r: 0x20, g: 0x40, b: 0xff })
    expect(toned.b).toBeGreaterThan(toned.r + 40)
    const grey = await middle(await edited(rig, 'in black and white', [url]))
    expect(Math.max(Math.abs(grey.r - grey.b), Math.abs(grey.r - grey.g))).toBeLessThan(2)
    const negative = await middle(await edited(rig, 'the negative of it', [url]))
    expect(negative.r).toBeGreaterThan(negative.b + 100)
    for (const prompt of ['sepia', 'blurred', 'upside down', 'mirrored', 'a pencil sketch', 'brighter', 'at night'])
      expect((await edited(rig, `${prompt} please`, [url])).length).toBeGreaterThan(1000)
  })

  test.each(['1:1', '2:3', '3:2'])('lays several out: %s', async (ratio) => {
    const rig = await startRig()
    const colours = ['#ff0000', '#00ff00', '#0000ff', '#ffff00', '#00ffff']
    const source = await host(...(await replies(colours)))
    const png = await edited(
      rig,
      'an album',
      colours.map((_, n) => `${source.origin}/${n}`),
      { aspect_ratio: ratio },
    )
    const seen = await strongColours(png)
    for (const hue of ['r', 'g', 'b', 'rg', 'gb']) expect(seen).toContain(hue)
  })

  test('takes 16, grey ones, transparent ones, tiny ones and ones on their side', async () => {
    const rig = await startRig()
    const tiny = await square('#ff0000', 1).png().toBuffer()
    const grey = await square('#888888').greyscale().jpeg().toBuffer()
    const clear = await sharp({ create: { width: 50, height: 900, channels: 4, background: '#00000000' } })
      .png()
      .toBuffer()
    const turned = await square('#00ff00').withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const deep = await square('#0000ff').toColourspace('rgb16').png().toBuffer()
    const cmyk = await square('#00ff00').toColourspace('cmyk').jpeg().toBuffer()
    const all = [tiny, grey, clear, turned, deep, cmyk]
    const source = await host(
      ...(Array.from({ length: 16 }, (_, i) => picture(all[i % all.length] ?? tiny)) as [Reply]),
    )
    const urls = Array.from({ length: 16 }, (_, n) => `${source.origin}/${n}`)
    expect((await edited(rig, 'all of them', urls)).length).toBeGreaterThan(1000)
    expect((await edited(rig, 'grey alone', [urls[1] ?? ''])).length).toBeGreaterThan(1000)
    expect(source.seen).toHaveLength(17)
  })

  test.each([
    ['a page', html(200), 'invalid_image', 'input_urls[0] is not a JPEG, PNG or WebP image'],
    ['a GIF', picture(gif), 'invalid_image', 'not a JPEG'],
    ['nothing', picture(Buffer.alloc(0)), 'invalid_image', 'not a JPEG'],
    ['half a PNG', picture(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB', 'base64')), 'invalid_image', 'not a JPEG'],
    ['404', html(404), 'image_unreachable', 'could not be downloaded'],
    ['500', html(500), 'image_unreachable', 'could not be downloaded'],
    ['a reset', reset, 'image_unreachable', 'could not be downloaded'],
    ['11 MB', bytes(200, Buffer.alloc(11_000_000, 0xff), {}), 'image_too_large', 'larger than 10 MB'],
    [
      'a redirect elsewhere',
      redirect('http://169.254.169.254/latest/meta-data'),
      'image_unreachable',
      'could not be downloaded',
    ],
  ] as const)('fails in words for %s, before its time and without its address', async (_name, reply, code, message) => {
    const rig = await startRig()
    const source = await host(reply as Reply)
    const id = await rig.take('make it nicer', { input_urls: [`${source.origin}/secret-name.png`] })
    const data = await ended(rig, id)
    expect(data).toMatchObject({
      status: 'failed',
      credits: 0,
      error: { code, message: expect.stringContaining(message) },
    })
    expect(JSON.stringify(data) + rig.log.lines.join()).not.toContain('secret-name')
  })

  test('names the input that will not do', async () => {
    const rig = await startRig()
    const source = await host(picture(await square('#ff0000').png().toBuffer()), html(200))
    const data = await ended(
      rig,
      await rig.take('make it nicer', { input_urls: [`${source.origin}/a`, `${source.origin}/b`] }),
    )
    expect(data.error).toMatchObject({ message: expect.stringContaining('input_urls[1]') })
  })

  test('asks only the origins that it may', async () => {
    const source = await host(picture(await square('#ff0000').png().toBuffer()))
    const other = await host(picture(await square('#ff0000').png().toBuffer()))
    const rig = await startRig({ allowedInputOrigins: [source.origin] })
    const stranger = await ended(rig, await rig.take('make it nicer', { input_urls: [`${other.origin}/a`] }))
    expect(stranger).toMatchObject({ status: 'failed', error: { code: 'image_unreachable' } })
    expect(other.seen).toHaveLength(0)
    const known = await ended(rig, await rig.take('make it nicer', { input_urls: [`${source.origin}/a`] }))
    expect(known.status).toBe('completed')
    const inside = await startRig()
    const { port } = new URL(source.origin)
    const seen = source.seen.length
    // The first of them is this machine all the same, as most systems connect it.
    for (const url of [
      `http://0.0.0.0:${port}/a`,
      'http://10.0.0.1/a.png',
      'http://[fd00::1]/a',
      'http://localhost.example/a',
    ])
      expect((await ended(inside, await inside.take('make it nicer', { input_urls: [url] }))).status).toBe('failed')
    expect(source.seen).toHaveLength(seen)
  })
})

test.each([2, 3, 5, 7, 12, 16])('a grid of %d covers its area without overlaps', (count) => {
  const area = { left: 10, top: 20, width: 900, height: 600 }
  const cells = grid(count, area)
  expect(cells).toHaveLength(count)
  for (const [i, a] of cells.entries()) {
    expect(a.left).toBeGreaterThanOrEqual(area.left)
    expect(a.top).toBeGreaterThanOrEqual(area.top)
    expect(a.left + a.width).toBeLessThanOrEqual(area.left + area.width)
    expect(a.top + a.height).toBeLessThanOrEqual(area.top + area.height)
    for (const b of cells.slice(i + 1))
      expect(a.left + a.width <= b.left || a.top + a.height <= b.top || b.left + b.width <= a.left).toBe(true)
  }
})

async function replies(colours: readonly string[]): Promise<[Reply, ...Reply[]]> {
  const all = await Promise.all(colours.map(async (colour) => picture(await square(colour).png().toBuffer())))
  return all as [Reply, ...Reply[]]
}

/** Which of the pure colours, by their strong channels, cover a visible part of the picture. */
async function strongColours(png: Buffer): Promise<string[]> {
  const { data, info } = await sharp(png)
    .removeAlpha()
    .resize(64, 64, { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const counts = new Map<string, number>()
  for (let i = 0; i < info.width * info.height; i += 1) {
    const [r = 0, g = 0, b = 0] = data.subarray(i * 3, i * 3 + 3)
    const most = Math.max(r, g, b)
    if (most - Math.min(r, g, b) < 70) continue
    const name = [r > most - 45 ? 'r' : '', g > most - 45 ? 'g' : '', b > most - 45 ? 'b' : ''].join('')
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].filter(([, count]) => count > 40).map(([name]) => name)
}
