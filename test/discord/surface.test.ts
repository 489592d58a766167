import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { PictureType } from '../../src/core/job.ts'
import type { Picture } from '../../src/core/ports.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { testSurface } from '../contract/surface.ts'
import { type Rig, startRig } from './rig.ts'
import { routes, type StoredMessage } from './stand-in.ts'
import { editsOf, inPieces, noise, openedAndClosed, result, running, startJob } from './views.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig({ userInstall: true })
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
})

const job = (options: Parameters<typeof startJob>[1] = {}) => startJob(rig, options)
const screen = (message: StoredMessage) => rig.standIn.screen(message)
const edits = () => editsOf(rig)

testSurface('discord', async () => {
  const own = await startRig()
  return {
    surface: own.adapter.surface,
    address: async () => {
      own.standIn.command('/imagine', { prompt: 'a fox' })
      const { ask } = await own.accepted(own.studio.jobs.length + 1)
      return ask.address
    },
    // A placeholder that only says "thinking" is Discord's, not ours.
    messages: () =>
      [...own.standIn.world.messages.values()].filter(({ deleted, loading }) => !deleted && !loading).length,
    writes: () => own.standIn.sent('PATCH', /./).length + own.standIn.sent('POST', routes.messages).length,
    close: async () => {
      await own[Symbol.asyncDispose]()
    },
  }
})

describe('progress', () => {
  test('edits the one message, by its token alone', async () => {
    const { accepted, message } = await job()
    await rig.show(accepted, { kind: 'queued', place: 2 })
    expect(screen(message)).toMatchObject({
      text: 'a fox\nIn line, number 2…',
      thinking: false,
      markup: ['line:quote'],
    })
    await rig.show(accepted, running)
    expect(screen(message).text).toBe('a fox\nDrawing, 5 s so far, about 20 s to go…\n▰▰▱▱▱▱▱▱▱▱▱▱')
    expect(screen(message).buttons).toEqual([
      { label: 'Cancel', customId: `a1:cancel:${accepted.head.jobId}`, disabled: false },
    ])
    const sent = rig.standIn.sent('PATCH', routes.original)
    expect(sent.map(({ authorized, files }) => [authorized, files.length])).toEqual([
      [false, 0],
      [false, 0],
    ])
    expect(rig.standIn.world.messages.size).toBe(1)
  })

  test('never waits for a rate limit', async () => {
    const { accepted, message } = await job()
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status: 429, retryAfter: 60 })
    await expect(rig.show(accepted, running)).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: expect.any(Number),
    })
    // Nor does it hold up what comes after it, in a bucket that is closed now.
    await expect(rig.show(accepted, running)).rejects.toMatchObject({ code: 'rate_limited' })
    expect(edits()).toHaveLength(1)
    expect(screen(message).thinking).toBe(true)
    expect(rig.adapter.surface.pace(10_000, 1, 1)).toBe(10_000)
  })

  test('is not sent on and on where a proxy limits it without saying for how long', async () => {
    const { accepted } = await job()
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status: 429, html: true, times: 20 })
    await expect(rig.show(accepted, running)).rejects.toMatchObject({ code: 'rate_limited' })
    expect(edits()).toHaveLength(1)
  })

  test('on the wire is awaited although it was given up: it must not arrive after the result', async () => {
    const { accepted, message } = await job()
    const slow = Promise.withResolvers<void>()
    rig.standIn.fail({ method: 'PATCH', route: routes.original, until: slow.promise })
    const stop = new AbortController()
    const progress = rig.show(accepted, running, { signal: stop.signal })
    await rig.standIn.until(() => rig.standIn.sent('PATCH', routes.original).length === 1)
    stop.abort(new AppError('internal'))
    const bytes = await noise()
    const shown = progress.then(() => rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })])))
    slow.resolve()
    await shown
    expect(screen(message).text).toContain('Made in')
    expect(screen(message).buttons.map(({ label }) => label)).not.toContain('Cancel')
  })

  test('that was given up before it was sent is not sent', async () => {
    const { accepted } = await job()
    const reason = new AppError('internal', { detail: 'given up' })
    await expect(rig.show(accepted, running, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(edits()).toEqual([])
  })

  test('for a deleted message is over', async () => {
    const { accepted, message } = await job()
    message.deleted = true
    await expect(rig.show(accepted, running)).rejects.toMatchObject({ code: 'delivery_gone' })
    expect(rig.standIn.sent('POST', routes.messages)).toEqual([])
  })

  test('keeps to the cadence', () => {
    const { pace } = rig.adapter.surface
    expect([0, 2_500, 60_000, 121_000].map((elapsed) => pace(elapsed, 1, 1))).toEqual([2_500, 5_000, 5_000, 15_000])
    // Many jobs elsewhere slow it a little, many in the same channel a lot.
    expect([1, 50, 100, 1_000].map((live) => pace(10_000, live, 1))).toEqual([5_000, 5_000, 10_000, 60_000])
    expect(
      [1, 5, 10, 1_000].map((inChannel) => pace(10_000, 1_000, inChannel) >= 2_000 * Math.min(30, inChannel)),
    ).toEqual([true, true, true, true])
    expect([1, 5, 10, 1_000].map((inChannel) => pace(10_000, inChannel, inChannel))).toEqual([
      5_000, 10_000, 20_000, 60_000,
    ])
    // The first edit brings the Cancel button.
    expect(pace(0, 1_000, 1_000)).toBe(2_500)
  })
})

describe('a result', () => {
  test('is the bytes of the source, in the same message, with its description', async () => {
    const { accepted, message } = await job()
    await rig.show(accepted, running)
    const bytes = await noise()
    const receipt = await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    const { pictures, buttons, text } = screen(message)
    expect(pictures).toHaveLength(1)
    expect(pictures[0]?.bytes.equals(bytes)).toBe(true)
    expect(pictures[0]).toMatchObject({
      filename: `imagine-${accepted.head.jobId}-1.png`,
      contentType: 'image/png',
      description: 'Picture: a fox',
    })
    expect(buttons.map(({ label }) => label)).toEqual([
      ...['Again', 'Edit…', 'Variations', 'High quality', 'Details', 'Delete'],
    ])
    expect(text).toBe('a fox\nMade in 3 s · 1:1 square · medium quality · 10 credits · Asked by ann')
    expect(rig.standIn.world.messages.size).toBe(1)
    expect(receipt.files).toMatchObject([{ messageId: message.id, attachmentId: pictures[0]?.id, ephemeral: false }])
    expect(rig.steps).toEqual(['uploading'])
  })

  test('of several pictures is one message with files of their own names', async () => {
    const { accepted, message } = await job()
    const all = [await noise(), await noise(30, 'jpeg'), await noise(20)]
    const types: PictureType[] = ['image/png', 'image/jpeg', 'image/png']
    const receipt = await rig.show(
      accepted,
      result(all.map((bytes, at) => heldPicture({ type: types[at] ?? 'image/png', bytes }))),
    )
    expect(screen(message).pictures.map(({ bytes }, at) => bytes.equals(all[at] ?? Buffer.alloc(0)))).toEqual([
      true,
      true,
      true,
    ])
    expect(screen(message).pictures.map(({ filename }) => filename.slice(-6))).toEqual(['-1.png', '-2.jpg', '-3.png'])
    expect(receipt.files).toHaveLength(3)
  })

  test('streams: the source is not held, and is opened again for a second try', async () => {
    const { accepted, message } = await job()
    const bytes = await noise(60)
    let opened = 0
    const source: Picture = {
      open: async () => {
        opened += 1
        return { type: 'image/png', size: bytes.length, body: inPieces(bytes) }
      },
    }
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status: 429, retryAfter: 0.1 })
    await rig.show(accepted, result([source]))
    expect(screen(message).pictures[0]?.bytes.equals(bytes)).toBe(true)
    expect(opened).toBe(2)
    expect(edits()).toEqual([`${routes.original} 429`, `${routes.original} 200`])
  })

  test('of unknown size arrives whole', async () => {
    const { accepted, message } = await job()
    const bytes = await noise(60)
    const source: Picture = { open: async () => ({ type: 'image/png', size: null, body: inPieces(bytes) }) }
    await rig.show(accepted, result([source]))
    expect(screen(message).pictures[0]?.bytes.equals(bytes)).toBe(true)
  })

  test('whose source breaks off is not shown in part', async () => {
    const { accepted, message } = await job()
    const bytes = await noise(60)
    const broken = new AppError('upstream_unavailable', { detail: 'broke off' })
    let closed = 0
    const half = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield bytes.subarray(0, 1_000)
        throw broken
      } finally {
        closed += 1
      }
    }
    const source: Picture = { open: async () => ({ type: 'image/png', size: bytes.length, body: half() }) }
    const whole = openedAndClosed({ type: 'image/png', bytes })
    await expect(rig.show(accepted, result([source, whole.picture]))).rejects.toBe(broken)
    expect(screen(message).pictures).toEqual([])
    expect([closed, whole.opened(), whole.closed()]).toEqual([1, 1, 1])
  })

  test('one of whose sources can’t be opened closes the others', async () => {
    const { accepted } = await job()
    const gone = new AppError('result_gone')
    const whole = openedAndClosed({ type: 'image/png', bytes: await noise() })
    const missing: Picture = { open: () => Promise.reject(gone) }
    await expect(rig.show(accepted, result([whole.picture, missing]))).rejects.toBe(gone)
    expect([whole.opened(), whole.closed()]).toEqual([1, 1])
    expect(edits()).toEqual([])
  })

  test('larger than the person may upload is made to fit, and that is said', async () => {
    const { accepted, message } = await job({ uploadBytes: 40_000 })
    const bytes = await noise(200)
    expect(bytes.length).toBeGreaterThan(40_000)
    await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    const [picture] = screen(message).pictures
    expect(picture?.bytes.length).toBeLessThanOrEqual(40_000)
    expect(screen(message).text).toContain('Made smaller to fit this chat’s upload limit.')
    expect(rig.standIn.sent('PATCH', routes.original)).toHaveLength(1)
  })

  test('that Discord finds too large after all is sent once more, smaller', async () => {
    const { accepted, message } = await job({ uploadBytes: 200_000 })
    const bytes = await noise(200)
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status: 413, code: 40_005 })
    await rig.show(accepted, result([heldPicture({ type: 'image/png', bytes })]))
    expect(screen(message).pictures[0]?.bytes.length).toBeLessThanOrEqual(100_000)
    expect(edits()).toEqual([`${routes.original} 413`, `${routes.original} 200`])
  })

  test('that a proxy finds too large twice fails with words', async () => {
    const { accepted } = await job()
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status: 413, html: true, times: 2 })
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    await expect(rig.show(accepted, result([picture]))).rejects.toMatchObject({ code: 'result_too_large' })
  })

  test('of a kind that Discord does not show is converted', async () => {
    const { accepted, message } = await job()
    await rig.show(accepted, result([heldPicture({ type: 'image/avif', bytes: await noise(64, 'avif') })]))
    const [picture] = screen(message).pictures
    expect(picture?.contentType).not.toBe('image/avif')
    expect((await sharp(picture?.bytes).metadata()).width).toBe(64)
  })

  test('waits for a short rate limit, and hands a long one back', async () => {
    const { accepted } = await job()
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    rig.standIn.fail({ method: 'PATCH', route: routes.original, status: 429, retryAfter: 300 })
    await expect(rig.show(accepted, result([picture]))).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: expect.closeTo(300_000, -3),
    })
  })

  test.each([
    ['asked for', { where: 'guild' }, true, true],
    ['in an age-restricted channel', { nsfw: true }, false, true],
    ['anywhere else', {}, false, false],
  ] as const)('%s is hidden behind a click: %o', async (_, options, spoiler, hidden) => {
    const { accepted, message } = await job(options)
    const head = { ...accepted.head, request: { ...accepted.head.request, spoiler } }
    const pictures = [await noise(), await noise()].map((bytes) => heldPicture({ type: 'image/png', bytes }))
    await rig.show({ ...accepted, head }, result(pictures))
    expect(screen(message).pictures.map((file) => file.spoiler === true)).toEqual([hidden, hidden])
  })

  test('shown again takes the place of itself', async () => {
    const { accepted, message } = await job()
    const picture = heldPicture({ type: 'image/png', bytes: await noise() })
    await rig.show(accepted, result([picture]))
    await rig.show(accepted, result([picture]))
    expect(screen(message).pictures).toHaveLength(1)
  })
})
