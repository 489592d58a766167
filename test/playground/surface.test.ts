import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { AppError } from '../../src/core/failure.ts'
import type { Picture, Shelf, ShowCall } from '../../src/core/ports.ts'
import type { JobView } from '../../src/core/view.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { toAddress } from '../../src/playground/address.ts'
import { createHub, type Hub } from '../../src/playground/hub.ts'
import { viewsKept } from '../../src/playground/limits.ts'
import { resultId, uploadId } from '../../src/playground/picture-id.ts'
import { createSurface } from '../../src/playground/surface.ts'
import { testSurface } from '../contract/surface.ts'
import { createMemoryShelf } from './memory-shelf.ts'
import { heldPng } from './pictures.ts'

const address = toAddress('message-1')
const call = (change: Partial<ShowCall> = {}): ShowCall => ({
  signal: new AbortController().signal,
  gate: () => undefined,
  keep: async () => undefined,
  ...change,
})
const head = {
  jobId: 'job1',
  request: { prompt: 'a fox', aspectRatio: '1:1', quality: 'medium', count: 1, private: false, spoiler: false },
  action: 'imagine',
  inputCount: 0,
  inputNames: [],
  omitted: [],
  person: { id: 'you', name: 'You' },
  locale: 'en',
} as const
const queued: JobView = { ...head, kind: 'queued', place: 1 }

function resultOf(...pictures: [Picture, ...Picture[]]): JobView {
  const [first, ...rest] = pictures.map((picture, i) => ({ n: i + 1, picture }))
  if (first === undefined) throw new Error('no picture')
  return { ...head, kind: 'result', pictures: [first, ...rest], failures: [], credits: 10, tookMs: 4000 }
}

function create() {
  const shelf = createMemoryShelf(systemClock)
  const hub = createHub(systemClock)
  return { shelf, hub, surface: createSurface({ hub, shelf, keepMs: 60_000 }) }
}

async function bytesOf(picture: Picture): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await picture.open(new AbortController().signal)).body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('shows every view in the one message, and the receipt finds it again', async () => {
  const { surface, hub } = create()
  const views: JobView[] = [
    queued,
    { ...head, kind: 'preparing' },
    { ...head, kind: 'running', done: 0, startedAt: 0, elapsedMs: 1, remainingMs: null, late: false },
    { ...head, kind: 'failed', failure: { code: 'upstream_failed' } },
    { ...head, kind: 'cancelled', credits: 0, pending: false },
  ]
  for (const view of views) {
    expect(await surface.show(address, view, call())).toEqual({ address, messageKey: 'message-1', files: [] })
    expect(hub.latest('job1')?.view).toEqual(view)
  }
})

test('keeps the bytes of a result as they came, whatever their chunks, and gives them back', async () => {
  const { surface } = create()
  const [one, two] = [heldPng(300_000), heldPng(20)]
  const receipt = await surface.show(address, resultOf(heldPicture(one), heldPicture(two)), call())
  expect(receipt.files).toEqual([resultId('job1', 1), resultId('job1', 2)])
  expect((await bytesOf(surface.picture(receipt, 1).picture)).equals(one.bytes)).toBe(true)
  expect((await bytesOf(surface.picture(receipt, 2).picture)).equals(two.bytes)).toBe(true)
  expect(() => surface.picture(receipt, 3)).toThrow(expect.objectContaining({ code: 'input_gone' }))
})

test('showing a result again is the same message and the same pictures', async () => {
  const { surface, shelf } = create()
  const [one, again] = [heldPng(), heldPng()]
  const first = await surface.show(address, resultOf(heldPicture(one)), call())
  expect(await surface.show(address, resultOf(heldPicture(again)), call())).toEqual(first)
  expect(shelf.ids()).toHaveLength(1)
  expect((await bytesOf(surface.picture(first, 1).picture)).equals(again.bytes)).toBe(true)
})

test('a picture that can’t be opened or breaks off shows nothing and says why', async () => {
  const { surface, hub } = create()
  await surface.show(address, queued, call())
  const gone: Picture = { open: async () => Promise.reject(new AppError('result_gone')) }
  await expect(surface.show(address, resultOf(gone), call())).rejects.toMatchObject({ code: 'result_gone' })
  async function* broken() {
    yield new Uint8Array(10)
    throw new AppError('upstream_unavailable')
  }
  const short: Picture = { open: async () => ({ type: 'image/png', size: 20, body: broken() }) }
  await expect(surface.show(address, resultOf(short), call())).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(hub.latest('job1')?.view).toEqual(queued)
})

test('the gate has the last word, after the pictures were fetched', async () => {
  const { surface, hub, shelf } = create()
  const order: string[] = []
  const picture: Picture = {
    open: async (signal) => {
      order.push('open')
      return heldPicture(heldPng()).open(signal)
    },
  }
  let answers = [true, false]
  const gate = () => {
    order.push('gate')
    const [open, ...rest] = answers
    answers = rest
    if (open !== true) throw new AppError('not_ours')
  }
  const shown = () => surface.show(address, resultOf(picture), call({ gate }))
  await expect(shown()).rejects.toMatchObject({ code: 'not_ours' })
  expect(order).toEqual(['open', 'gate', 'gate'])
  expect(shelf.ids()).toHaveLength(1)
  await expect(shown()).rejects.toMatchObject({ code: 'not_ours' })
  expect(order).toEqual(['open', 'gate', 'gate', 'open', 'gate'])
  expect(hub.latest('job1')).toBeNull()
})

test('an aborted call shows nothing', async () => {
  const { surface, hub } = create()
  const stop = new AbortController()
  const picture: Picture = {
    open: async (signal) => {
      stop.abort(new AppError('internal', { detail: 'stopped' }))
      return heldPicture(heldPng()).open(signal)
    },
  }
  const shown = surface.show(address, resultOf(picture), call({ signal: stop.signal }))
  await expect(shown).rejects.toMatchObject({ detail: 'stopped' })
  expect(hub.latest('job1')).toBeNull()
})

test('pictures handed in come from the shelf, and nothing else does', async () => {
  const { surface, shelf } = create()
  const held = heldPng()
  await shelf.put(uploadId('u1'), 'image/png', (await heldPicture(held).open(call().signal)).body, 1000)
  const { picture, publicUrl } = surface.input({ kind: 'remote', name: 'a.png', at: uploadId('u1') })
  expect((await bytesOf(picture)).equals(held.bytes)).toBe(true)
  expect(await publicUrl(new AbortController().signal)).toBeNull()
  const unknown = surface.input({ kind: 'remote', name: 'a.png', at: uploadId('u2') })
  await expect(bytesOf(unknown.picture)).rejects.toMatchObject({ code: 'input_gone' })
  for (const at of ['job1-in1', '../x', 7, null])
    expect(() => surface.input({ kind: 'remote', name: '', at })).toThrow(
      expect.objectContaining({ code: 'input_gone' }),
    )
})

test('an address of another surface is refused', async () => {
  const { surface } = create()
  const foreign = { at: { channelId: '1' }, secret: null }
  await expect(surface.show(foreign, queued, call())).rejects.toMatchObject({ code: 'internal' })
})

test('a slow tab gets the newest of each job, an idle one a sign of life, and leaving ends it', async () => {
  const sleeping: PromiseWithResolvers<void>[] = []
  const clock = {
    ...systemClock,
    sleep: (_ms: number, signal: AbortSignal) => {
      const lapsed = Promise.withResolvers<void>()
      sleeping.push(lapsed)
      signal.addEventListener('abort', () => lapsed.reject(signal.reason))
      return lapsed.promise
    },
  }
  const hub = createHub(clock)
  const leave = new AbortController()
  const batches = hub.follow(leave.signal)[Symbol.asyncIterator]()
  for (const place of [3, 2, 1]) hub.publish({ view: { ...head, kind: 'queued', place }, files: [] })
  hub.publish({ view: { ...queued, jobId: 'job2' }, files: [] })
  const { value } = await batches.next()
  expect(value?.map(({ view }: { view: JobView }) => [view.jobId, 'place' in view && view.place])).toEqual([
    ['job1', 1],
    ['job2', 1],
  ])
  const quiet = batches.next()
  sleeping[0]?.resolve()
  expect(await quiet).toEqual({ done: false, value: [] })
  const last = batches.next()
  hub.publish({ view: queued, files: [] })
  expect(await last).toMatchObject({ value: [{ view: queued }] })
  const ended = batches.next()
  leave.abort()
  expect(await ended).toEqual({ done: true, value: undefined })
  hub.publish({ view: queued, files: [] })
})

test('the hub forgets the oldest views, not the newest', () => {
  const hub = createHub(systemClock)
  for (let i = 0; i <= viewsKept; i += 1) hub.publish({ view: { ...queued, jobId: `job${i}` }, files: [] })
  hub.publish({ view: { ...queued, jobId: 'job1' }, files: [] })
  expect([hub.latest('job0'), hub.latest('job1')?.view.jobId, hub.latest('job2')?.view.jobId]).toEqual([
    ...[null, 'job1', 'job2'],
  ])
})

// ---------------------------------------------------------------- what every surface keeps to

testSurface('playground', async () => {
  const shelf = createMemoryShelf(systemClock)
  const seen = new Set<string>()
  let writes = 0
  let places = 0
  const hub: Pick<Hub, 'publish'> = {
    publish: ({ view }) => {
      writes += 1
      seen.add(view.jobId)
    },
  }
  const counted: Shelf = {
    ...shelf,
    put: (...args) => {
      writes += 1
      return shelf.put(...args)
    },
  }
  return {
    surface: createSurface({ hub, shelf: counted, keepMs: 60_000 }),
    address: async () => {
      places += 1
      return toAddress(`message-${places}`)
    },
    messages: () => seen.size,
    writes: () => writes,
    close: async () => undefined,
  }
})
