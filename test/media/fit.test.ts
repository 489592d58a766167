import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { PictureType } from '../../src/core/job.ts'
import { fitUpload } from '../../src/media/fit.ts'
import { createHolding } from '../../src/media/holding.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { bombPng, halves, heic, isRed, noise, source } from './pictures.ts'

const never = new AbortController().signal
const usual: readonly PictureType[] = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

async function upload(type: PictureType, bytes: Uint8Array, maxBytes: number, types = usual) {
  const holding = createHolding()
  try {
    return await fitUpload(await heldPicture({ type, bytes }).open(never), { maxBytes, types }, holding, never)
  } finally {
    holding.leave()
  }
}

describe('fitUpload', () => {
  it('leaves a picture that fits as it is', async () => {
    const bytes = await halves(60, 40).png().toBuffer()
    const fitted = await upload('image/png', bytes, bytes.length)
    expect(fitted).toMatchObject({ type: 'image/png', reduced: false })
    expect(Buffer.from(fitted.bytes).equals(bytes)).toBe(true)
  })

  it('first tries without loss, and says that it was made smaller', async () => {
    const bytes = await halves(600, 400).png({ compressionLevel: 0 }).toBuffer()
    const fitted = await upload('image/png', bytes, 20_000)
    expect(fitted).toMatchObject({ type: 'image/png', reduced: true })
    const [before, after] = await Promise.all([bytes, fitted.bytes].map((one) => sharp(one).raw().toBuffer()))
    expect(before !== undefined && after?.equals(before)).toBe(true)
  })

  it('writes another type where its own is not taken', async () => {
    const fitted = await upload('image/avif', await halves(60, 40).avif().toBuffer(), 100_000)
    expect(fitted).toMatchObject({ type: 'image/png', reduced: false })
    const fromHeic = await upload('image/heic', heic, 100_000)
    expect(fromHeic).toMatchObject({ type: 'image/png', reduced: false })
    expect(await isRed(fromHeic.bytes, 10, 10)).toBe(true)
    expect((await upload('image/webp', await halves(60, 40).webp().toBuffer(), 100_000, ['image/jpeg'])).type).toBe(
      'image/jpeg',
    )
  })

  it('then gives up quality, then size', async () => {
    const bytes = await noise(800, 600).png().toBuffer()
    const worse = await upload('image/png', bytes, 600_000)
    expect(worse).toMatchObject({ type: 'image/jpeg', reduced: true })
    expect(worse.bytes.length).toBeLessThanOrEqual(600_000)
    expect(await sharp(worse.bytes).metadata()).toMatchObject({ width: 800, height: 600 })
    const smaller = await upload('image/png', bytes, 50_000)
    expect(smaller.reduced).toBe(true)
    expect(smaller.bytes.length).toBeLessThanOrEqual(50_000)
    const { width, height } = await sharp(smaller.bytes).metadata()
    expect(width).toBeLessThan(800)
    expect(width / height).toBeCloseTo(4 / 3, 1)
  })

  it('puts holes on white where only JPEG is taken', async () => {
    const clear = sharp({ create: { width: 40, height: 40, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
    const fitted = await upload('image/png', await clear.png().toBuffer(), 10_000, ['image/jpeg'])
    expect(fitted.type).toBe('image/jpeg')
    expect((await sharp(fitted.bytes).stats()).channels.every(({ min }) => min > 250)).toBe(true)
  })

  it.each([
    ['nothing is small enough', () => noise(400, 400).png().toBuffer(), 50, usual, 'result_too_large'],
    ['no type taken can be written', () => noise(40, 40).png().toBuffer(), 50, ['image/gif'], 'result_too_large'],
    ['it has too many pixels', () => Promise.resolve(bombPng(30_000, 30_000)), 50, usual, 'result_too_large'],
    [
      'it is damaged',
      async () => (await noise(400, 400).png().toBuffer()).subarray(0, 9000),
      5000,
      usual,
      'result_not_picture',
    ],
  ] as const)('refuses when %s', async (_, make, maxBytes, types, code) => {
    await expect(upload('image/png', await make(), maxBytes, types)).rejects.toMatchObject({ code })
  })

  it('does not hold more than a result may have', async () => {
    const { picture, counts } = source('image/png', [], 80_000_000)
    const holding = createHolding()
    const fitting = fitUpload(await picture.open(never), { maxBytes: 100, types: usual }, holding, never)
    await expect(fitting).rejects.toMatchObject({ code: 'result_too_large' })
    holding.leave()
    expect(counts.closed).toBe(1)
  })

  it('stops with the signal', async () => {
    const stop = new AbortController()
    const picture = heldPicture({ type: 'image/png', bytes: await noise(800, 600).png().toBuffer() })
    const holding = createHolding()
    const fitting = fitUpload(await picture.open(never), { maxBytes: 1000, types: usual }, holding, stop.signal)
    setImmediate(() => stop.abort(new Error('enough')))
    await expect(fitting).rejects.toThrow('enough')
    holding.leave()
  })
})

describe('what is held', () => {
  it('is that of a few uploads in the whole process, until each of them is over', async () => {
    const bytes = Uint8Array.of(137, 80)
    const ends = Array.from({ length: 6 }, () => Promise.withResolvers<void>())
    let held = 0
    const uploads = ends.map(async ({ promise }) => {
      const holding = createHolding()
      // Several pictures of one upload need one room.
      for (let n = 0; n < 4; n += 1) {
        const open = await heldPicture({ type: 'image/png', bytes }).open(never)
        await fitUpload(open, { maxBytes: 100, types: usual }, holding, never)
      }
      held += 1
      await promise
      holding.leave()
      // A second time it is nobody's room that is given back.
      holding.leave()
    })
    await settled()
    expect(held).toBe(4)
    ends[0]?.resolve()
    await settled()
    expect(held).toBe(5)
    for (const { resolve } of ends) resolve()
    await Promise.all(uploads)
  })

  it('waits with the picture open, and closes it when nobody waits any more', async () => {
    const holdings = Array.from({ length: 4 }, createHolding)
    await Promise.all(holdings.map((holding) => holding.enter(never)))
    const { picture, counts } = source('image/png', [Uint8Array.of(137)], null)
    const stop = new AbortController()
    const late = createHolding()
    const fitting = fitUpload(await picture.open(never), { maxBytes: 100, types: usual }, late, stop.signal)
    stop.abort(new Error('enough'))
    await expect(fitting).rejects.toThrow('enough')
    expect(counts).toEqual({ opened: 1, closed: 1 })
    late.leave()
    for (const holding of holdings) holding.leave()
    // The one that never had a room has taken none.
    const again = createHolding()
    await again.enter(never)
    again.leave()
  })
})

async function settled(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve))
}
