import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import type { PictureType } from '../../src/core/job.ts'
import { createConverter } from '../../src/media/convert.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { bombPng, halves, heic, isRed, noise, source } from './pictures.ts'

const never = new AbortController().signal
const converter = createConverter({ concurrency: 2 })

function convert(type: PictureType, bytes: Uint8Array) {
  return converter.fit(heldPicture({ type, bytes }), never)
}

async function sizeOf(bytes: Uint8Array) {
  const { format, width, height, orientation } = await sharp(bytes).metadata()
  return { format, width, height, orientation }
}

describe('what the image API takes', () => {
  it.each([
    ['image/png', () => halves(60, 40).png()],
    ['image/jpeg', () => halves(60, 40).jpeg().withMetadata({ orientation: 6 })],
    ['image/webp', () => halves(60, 40).webp()],
  ] as const)('passes unchanged: %s', async (type, make) => {
    const bytes = await make().toBuffer()
    const fitted = await convert(type, bytes)
    expect(fitted).toMatchObject({ type, converted: false })
    expect(Buffer.from(fitted.bytes).equals(bytes)).toBe(true)
  })

  it('passes unchanged: an animated WebP', async () => {
    const frames = await sharp(await gif(), { animated: true })
      .webp({ loop: 0 })
      .toBuffer()
    expect((await sharp(frames).metadata()).pages).toBe(2)
    const fitted = await convert('image/webp', frames)
    expect(fitted.converted).toBe(false)
    expect(fitted.bytes.length).toBe(frames.length)
  })

  it('is told by the bytes, whatever the source says', async () => {
    const bytes = await halves(60, 40).png().toBuffer()
    expect(await convert('image/heic', bytes)).toMatchObject({ type: 'image/png', converted: false })
  })
})

describe('what is converted', () => {
  it('a GIF: its first frame, without loss', async () => {
    const fitted = await convert('image/gif', await gif())
    expect(fitted).toMatchObject({ type: 'image/png', converted: true })
    expect(await sizeOf(fitted.bytes)).toMatchObject({ format: 'png', width: 60, height: 40 })
    expect(await isRed(fitted.bytes, 5, 5)).toBe(true)
    expect(await isRed(fitted.bytes, 55, 5)).toBe(false)
  })

  it('an AVIF', async () => {
    const fitted = await convert('image/avif', await halves(64, 48).avif().toBuffer())
    expect(fitted).toMatchObject({ type: 'image/jpeg', converted: true })
    expect(await sizeOf(fitted.bytes)).toMatchObject({ width: 64, height: 48 })
    expect(await isRed(fitted.bytes, 5, 5)).toBe(true)
    expect(await isRed(fitted.bytes, 60, 5)).toBe(false)
  })

  it('an AVIF with holes keeps them', async () => {
    const clear = sharp({ create: { width: 32, height: 32, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } } })
    const fitted = await convert('image/avif', await clear.avif().toBuffer())
    expect(fitted.type).toBe('image/webp')
    expect((await sharp(fitted.bytes).stats()).isOpaque).toBe(false)
  })

  it('a HEIC, in its own thread', async () => {
    const fitted = await convert('image/heic', heic)
    expect(fitted).toMatchObject({ type: 'image/jpeg', converted: true })
    expect(await sizeOf(fitted.bytes)).toMatchObject({ format: 'jpeg', width: 96, height: 64 })
    expect(await isRed(fitted.bytes, 10, 30)).toBe(true)
    expect(await isRed(fitted.bytes, 85, 30)).toBe(false)
  })

  it('a JPEG over 10 MB: turned upright', async () => {
    const bytes = await noise(2600, 2000)
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    expect(bytes.length).toBeGreaterThan(10_000_000)
    const fitted = await convert('image/jpeg', bytes)
    expect(fitted).toMatchObject({ type: 'image/jpeg', converted: true })
    expect(fitted.bytes.length).toBeLessThanOrEqual(10_000_000)
    expect(await sizeOf(fitted.bytes)).toMatchObject({ width: 2000, height: 2600, orientation: undefined })
  })

  it('a PNG over 10 MB with holes: keeps them', async () => {
    const bytes = await noise(1700, 1600, 4).png({ compressionLevel: 0 }).toBuffer()
    expect(bytes.length).toBeGreaterThan(10_000_000)
    const fitted = await convert('image/png', bytes)
    expect(fitted).toMatchObject({ type: 'image/webp', converted: true })
    expect(fitted.bytes.length).toBeLessThanOrEqual(10_000_000)
    expect((await sharp(fitted.bytes).stats()).isOpaque).toBe(false)
  })
})

describe('what is refused', () => {
  it('a decompression bomb, before it is decoded', async () => {
    const bomb = bombPng(30_000, 30_000)
    expect(bomb.length).toBeLessThan(1_000_000)
    await expect(convert('image/png', bomb)).rejects.toMatchObject({ code: 'input_too_many_pixels' })
  })

  it('a GIF whose header promises too much', async () => {
    const bytes = Buffer.from(
      'GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x4c\x01\0;',
      'latin1',
    )
    await expect(convert('image/gif', bytes)).rejects.toMatchObject({ code: 'input_too_many_pixels' })
  })

  it.each([
    ['image/png', () => halves(600, 400).png({ compressionLevel: 0 })],
    ['image/jpeg', () => noise(300, 200).jpeg()],
    ['image/webp', () => noise(300, 200).webp()],
    ['image/gif', () => noise(300, 200).gif()],
    ['image/avif', () => noise(300, 200).avif()],
  ] as const)('a file that is cut short or damaged: %s', async (type, make) => {
    const bytes = await make().toBuffer()
    await expect(convert(type, bytes.subarray(0, bytes.length / 2))).rejects.toMatchObject({
      code: 'input_not_picture',
    })
    await expect(convert(type, bytes.subarray(0, 70))).rejects.toMatchObject({ code: 'input_not_picture' })
  })

  it('a PNG with a wrong checksum', async () => {
    const bytes = await noise(100, 100).png().toBuffer()
    bytes.fill(0x55, 5000, 5100)
    await expect(convert('image/png', bytes)).rejects.toMatchObject({ code: 'input_not_picture' })
  })

  it.each([60, 200, heic.length - 40])('a HEIC cut at %i bytes', async (length) => {
    await expect(convert('image/heic', heic.subarray(0, length))).rejects.toMatchObject({ code: 'input_not_picture' })
  })

  it('a HEIC that promises too many pixels', async () => {
    const bytes = Buffer.from(heic)
    const sizes = bytes.indexOf('ispe')
    bytes.writeUInt32BE(20_000, sizes + 8)
    bytes.writeUInt32BE(20_000, sizes + 12)
    await expect(convert('image/heic', bytes)).rejects.toMatchObject({ code: 'input_too_many_pixels' })
  })

  it.each([
    ['', 'input_empty'],
    ['<html>sign in</html>', 'input_not_picture'],
    ['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'input_not_picture'],
  ])('what is no picture at all: %j', async (text, code) => {
    await expect(convert('image/png', Buffer.from(text))).rejects.toMatchObject({ code })
  })

  it('more than 20 MB, announced or not, without keeping it', async () => {
    const block = new Uint8Array(1_000_000)
    for (const size of [30_000_000, null]) {
      const { picture, counts } = source('image/png', Array(30).fill(block), size)
      await expect(converter.fit(picture, never)).rejects.toMatchObject({ code: 'input_too_large' })
      expect(counts.closed).toBe(1)
    }
  })

  it('lets the source speak for itself', async () => {
    const broken = { open: () => Promise.reject(new Error('as it was')) }
    await expect(converter.fit(broken, never)).rejects.toThrow('as it was')
  })
})

describe('work', () => {
  const converters: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const one of converters.splice(0)) await one.close()
  })

  it('is bounded: a slow source holds no decoding up, and many wait in line', async () => {
    const small = createConverter({ concurrency: 1 })
    converters.push(small)
    const door = Promise.withResolvers<void>()
    let open = 0
    const bytes = await halves(60, 40).png().toBuffer()
    const slow = {
      open: async () => {
        open += 1
        await door.promise
        return heldPicture({ type: 'image/png', bytes }).open(never)
      },
    }
    const slowOnes = Array.from({ length: 3 }, () => small.fit(slow, never))
    expect((await small.fit(heldPicture({ type: 'image/png', bytes }), never)).converted).toBe(false)
    const more = Array.from({ length: 5 }, () => small.fit(slow, never))
    await small.fit(heldPicture({ type: 'image/png', bytes }), AbortSignal.abort()).catch(() => undefined)
    expect(open).toBeLessThanOrEqual(4)
    door.resolve()
    await Promise.all([...slowOnes, ...more])
    expect(open).toBe(8)
  })

  it('stops with the signal, in a HEIC too', async () => {
    const stop = new AbortController()
    const fitting = converter.fit(heldPicture({ type: 'image/heic', bytes: heic }), stop.signal)
    setImmediate(() => stop.abort(new Error('enough')))
    await expect(fitting).rejects.toThrow('enough')
    await expect(converter.fit(heldPicture({ type: 'image/heic', bytes: heic }), stop.signal)).rejects.toThrow('enough')
  })

  it('ends with close, which waits for it', async () => {
    const closing = createConverter({ concurrency: 1 })
    const fitting = closing.fit(heldPicture({ type: 'image/heic', bytes: heic }), never)
    const ended = fitting.then(
      () => 'fitted',
      () => 'stopped',
    )
    await closing.close()
    expect(await ended).toBe('stopped')
    await expect(closing.fit(heldPicture({ type: 'image/heic', bytes: heic }), never)).rejects.toThrow()
  })

  it('leaves the event loop to others while it decodes', async () => {
    const bytes = await noise(4000, 3000).jpeg({ quality: 80 }).toBuffer()
    let turns = 0
    let over = false
    const count = () => {
      turns += 1
      if (!over) setImmediate(count)
    }
    count()
    await convert('image/jpeg', bytes)
    over = true
    expect(turns).toBeGreaterThan(10)
  })
})

/** Two frames: the halves, then all blue. */
async function gif(): Promise<Uint8Array> {
  const second = sharp({ create: { width: 60, height: 40, channels: 3, background: { r: 30, g: 30, b: 220 } } })
  const frames = [await halves(60, 40).png().toBuffer(), await second.png().toBuffer()]
  return sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
}
