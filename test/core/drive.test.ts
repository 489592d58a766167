import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { InputRef } from '../../src/core/job.ts'
import type { ViewOf } from '../../src/core/view.ts'
import { bytesOf } from '../fakes/image-api.ts'
import { finalsOf, imagine, kindsOf, links, openWorld, type World, type WorldOptions } from './world.ts'

let world: World
// No heartbeats: these tests are about one process that lives, and some of them are long.
const open = async (options?: WorldOptions) => {
  world = await openWorld(options)
  return { process: world.start({ started: false }), ...world }
}
afterEach(() => world.close())

const encoded = (text: string) => new TextEncoder().encode(text)
const attached = (name: string): InputRef => ({ kind: 'remote', name, at: { url: name } })

describe('the main job', () => {
  it('goes from queued over running to the picture, in one message', async () => {
    const { process, clock, api, surface, meter } = await open()
    const id = await imagine(world, process)
    await clock.advance(20_000)

    expect(surface.messages).toHaveLength(1)
    const kinds = kindsOf(world, id)
    expect(kinds.at(0)).toBe('queued')
    expect(kinds.at(-1)).toBe('result')
    expect(new Set(kinds)).toEqual(new Set(['queued', 'running', 'result']))
    expect(kinds.filter((kind) => kind === 'result')).toHaveLength(1)
    expect(surface.messages[0]?.files).toEqual([bytesOf('https://images.test/task-1.png')])

    expect(api.submits).toHaveLength(1)
    expect(api.submits[0]?.order).toEqual({
      request: {
        prompt: 'a fox in the snow',
        aspectRatio: '1:1',
        quality: 'medium',
        count: 1,
        private: false,
        spoiler: false,
      },
      inputUrls: [],
      callbackUrl: null,
    })
    const job = await world.job(id)
    expect(job).toMatchObject({ state: 'delivered', receipt: { messageKey: 'fake-1', files: [{ file: 1 }] } })
    expect(await world.books()).toEqual({ hold: 10, capture: 10 })
    expect(meter.counted('jobs_ended')).toEqual({ result: 1 })
    expect(meter.times('submit')).toHaveLength(1)
    expect(meter.times('ack')).toHaveLength(1)
    expect(process.runner.size).toBe(0)
    expect(process.poller.size).toBe(0)
  })

  it('posts while the ack is still on its way', async () => {
    const { process, clock, api, surface } = await open()
    const acked = Promise.withResolvers<null>()
    const asking = imagine(world, process, {}, { accept: () => acked.promise })
    await clock.settle()
    expect(api.submits).toHaveLength(1)
    expect(surface.messages).toHaveLength(0)
    await clock.advance(20_000)
    acked.resolve(null)
    await clock.settle()
    const id = await asking
    expect(finalsOf(world, id)).toHaveLength(1)
    expect(surface.messages).toHaveLength(1)
  })

  it('uses the ack’s message where the ack is the placeholder', async () => {
    const { process, clock, surface } = await open()
    const id = await imagine(world, process, {}, { accept: (view) => surface.ack(surface.place(), view) })
    await clock.settle()
    expect(await world.job(id)).toMatchObject({ receipt: { messageKey: 'fake-1' } })
    await clock.advance(20_000)
    expect(surface.messages).toHaveLength(1)
    expect(kindsOf(world, id).at(-1)).toBe('result')
  })

  it('learns the message’s key as soon as the platform tells it', async () => {
    const { process, clock, surface } = await open()
    const id = await imagine(
      world,
      process,
      {},
      {
        accept: (view) => ({ ...surface.ack(surface.place(), view), messageKey: null }),
      },
    )
    await clock.settle()
    expect(await world.job(id)).toMatchObject({ receipt: { messageKey: null } })
    await clock.advance(2_000)
    expect(await world.job(id)).toMatchObject({ state: 'running', receipt: { messageKey: 'fake-1' } })
    expect(await process.studio.findByMessage('fake', 'fake-1')).toMatchObject({ id })
  })

  it('posts the message the long way when the ack failed', async () => {
    const { process, clock, surface } = await open()
    const id = await imagine(world, process, {}, { accept: () => Promise.reject(new AppError('surface_unavailable')) })
    await clock.advance(20_000)
    expect(surface.messages).toHaveLength(1)
    expect(kindsOf(world, id).at(-1)).toBe('result')
  })

  it('does not wait for ever for an ack', async () => {
    const { process, clock, surface } = await open()
    void imagine(world, process, {}, { accept: () => new Promise(() => undefined) })
    await clock.advance(40_000)
    expect(surface.messages).toHaveLength(1)
    expect(surface.messages[0]?.views.at(-1)?.kind).toBe('result')
  })

  it('shows the place in the line, then the time', async () => {
    const { process, clock, surface } = await open({ maxInFlight: 1 })
    const first = await imagine(world, process, { person: 'ann' })
    const second = await imagine(world, process, { person: 'bob' })
    await clock.advance(3_000)
    const views = surface.messages.flatMap((message) => message.views)
    expect(views).toContainEqual(expect.objectContaining({ jobId: second, kind: 'queued', place: 1 }))
    const running = views.filter((view): view is ViewOf<'running'> => view.kind === 'running' && view.jobId === first)
    expect(running.at(-1)).toMatchObject({ done: 0, elapsedMs: 3_000 })
    expect(running.at(-1)?.remainingMs).toBeGreaterThan(1_000)
    await clock.advance(30_000)
    expect(finalsOf(world, first)).toHaveLength(1)
    expect(finalsOf(world, second)).toHaveLength(1)
  })
})

describe('several pictures', () => {
  it('are one message, with what became of the others', async () => {
    const { process, clock, api, surface } = await open({
      api: {
        onSubmit: (nth) => (nth === 2 ? { kind: 'refused', failure: { code: 'content_rejected' } } : undefined),
        onLook: (_nth, taskId) =>
          taskId === 'task-3' ? { state: 'failed', failure: { code: 'upstream_failed' } } : undefined,
      },
    })
    const id = await imagine(world, process, { input: { count: 4, quality: 'high' } })
    await clock.advance(30_000)
    expect(api.submits).toHaveLength(4)
    expect(surface.messages).toHaveLength(1)
    const [result] = finalsOf(world, id)
    expect(result).toMatchObject({
      kind: 'result',
      pictures: [{ n: 1 }, { n: 4 }],
      failures: [{ code: 'content_rejected' }, { code: 'upstream_failed' }],
      credits: 56,
    })
    expect(surface.messages[0]?.files).toHaveLength(2)
    expect(await world.books()).toEqual({ hold: 112, capture: 56, refund: 56 })
  })

  it('say how many are done', async () => {
    const { process, clock, surface } = await open({ api: { takesMs: (nth) => nth * 4_000 } })
    await imagine(world, process, { input: { count: 3 } })
    await clock.advance(40_000)
    const running = surface.messages[0]?.views.filter((view): view is ViewOf<'running'> => view.kind === 'running')
    expect([...new Set(running?.map(({ done }) => done))]).toEqual([0, 1, 2])
    // Time goes on from the first submit, also after that one is done.
    const elapsed = running?.map(({ elapsedMs }) => elapsedMs) ?? []
    expect(elapsed).toEqual(elapsed.toSorted((a, b) => a - b))
  })

  it('say true times while the rest waits for a slot', async () => {
    const { process, clock, surface } = await open({ maxInFlight: 1, api: { takesMs: () => 4_000 } })
    const id = await imagine(world, process, { input: { count: 2 } })
    await clock.advance(40_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result', pictures: [{ n: 1 }, { n: 2 }] }])
    const running =
      surface.messages[0]?.views.filter((view): view is ViewOf<'running'> => view.kind === 'running') ?? []
    for (const view of running) {
      if (view.done === 1) expect(view.elapsedMs).toBeGreaterThan(3_000)
      expect(view.remainingMs).toBeGreaterThan(0)
    }
  })
})

describe('a POST', () => {
  it('that is refused ends in words, and nothing is charged', async () => {
    const { process, clock, api } = await open({
      api: { onSubmit: () => ({ kind: 'refused', failure: { code: 'content_rejected', detail: 'policy' } }) },
    })
    const id = await imagine(world, process)
    await clock.advance(20_000)
    expect(api.submits).toHaveLength(1)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'content_rejected' } }])
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
  })

  it('that was not taken is sent again after as long as the API asks, and taken once', async () => {
    const { process, clock, api } = await open({
      api: {
        onSubmit: (nth) =>
          nth === 1 ? { kind: 'not_taken', failure: { code: 'rate_limited' }, retryAfterMs: 7_000 } : undefined,
      },
    })
    const id = await imagine(world, process)
    await clock.advance(6_999)
    expect(api.submits).toHaveLength(1)
    await clock.advance(1)
    expect(api.submits).toHaveLength(2)
    await clock.advance(20_000)
    expect(api.submits).toHaveLength(2)
    expect(api.accepted).toBe(1)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(await world.books()).toEqual({ hold: 10, capture: 10 })
  })

  it('that is never taken ends in words at the deadline, however long the API asks to wait', async () => {
    const { process, clock, api } = await open({
      api: {
        onSubmit: () => ({ kind: 'not_taken', failure: { code: 'maintenance' }, retryAfterMs: 86_400_000 }),
      },
    })
    const id = await imagine(world, process)
    await clock.advance(899_000)
    expect(finalsOf(world, id)).toEqual([])
    await clock.advance(2_000)
    expect(api.accepted).toBe(0)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'maintenance' } }])
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
  })

  it('whose outcome is unknown is never sent again, and told', async () => {
    const { process, clock, api } = await open({
      api: { onSubmit: () => ({ kind: 'unknown', failure: { code: 'outcome_unknown', detail: '502' } }) },
    })
    const id = await imagine(world, process)
    await clock.advance(3_600_000)
    expect(api.submits).toHaveLength(1)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'outcome_unknown' } }])
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
  })

  it('whose outcome is unknown keeps its slot until the longest task age', async () => {
    const { process, clock, api } = await open({
      maxInFlight: 1,
      api: { onSubmit: (nth) => (nth === 1 ? { kind: 'unknown', failure: { code: 'outcome_unknown' } } : undefined) },
    })
    await imagine(world, process)
    const second = await imagine(world, process, { person: 'bob' })
    await clock.advance(899_000)
    expect(api.submits).toHaveLength(1)
    await clock.advance(30_000)
    expect(api.submits).toHaveLength(2)
    expect(finalsOf(world, second)).toMatchObject([{ kind: 'result' }])
  })

  it('throws nothing away when the API client has a bug: unknown, and told', async () => {
    const { process, clock, api } = await open({
      api: {
        onSubmit: () => {
          throw new TypeError('a bug')
        },
      },
    })
    const id = await imagine(world, process)
    await clock.advance(120_000)
    expect(api.accepted).toBe(0)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'outcome_unknown' } }])
  })
})

describe('a task', () => {
  it('that fails ends in words', async () => {
    const { process, clock } = await open({
      api: { onLook: () => ({ state: 'failed', failure: { code: 'upstream_failed' } }) },
    })
    const id = await imagine(world, process)
    await clock.advance(20_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'upstream_failed' } }])
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
  })

  it('that takes too long ends in words, after saying that it takes longer than usual', async () => {
    const { process, clock, surface } = await open({ api: { takesMs: () => Number.POSITIVE_INFINITY } })
    const id = await imagine(world, process)
    await clock.advance(899_000)
    const views = surface.messages[0]?.views ?? []
    expect(views.at(-1)).toMatchObject({ kind: 'running', remainingMs: null, late: false })
    await clock.advance(30_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'timed_out' } }])
  })
})

describe('pictures handed in', () => {
  it('are kept, and the API gets signed links to them', async () => {
    const { process, clock, api, surface } = await open({
      surface: { inputs: { 'a.png': encoded('A'), 'b.png': encoded('B') } },
    })
    const id = await imagine(world, process, { inputs: [attached('a.png'), attached('b.png')] })
    await clock.advance(20_000)
    const urls = api.submits[0]?.order.inputUrls.map((url) => new URL(url)) ?? []
    expect(urls.map(({ pathname }) => pathname)).toEqual([`/inputs/${id}-in1`, `/inputs/${id}-in2`])
    for (const url of urls) {
      const [, , shelfId = ''] = url.pathname.split('/')
      const { e = '', s = '' } = Object.fromEntries(url.searchParams)
      // For as long as the task may take, and no longer than that and a little.
      expect(links.verify(shelfId, e, s, clock.now() + 800_000)).toBe(true)
      expect(links.verify(shelfId, e, s, clock.now() + 1_000_000)).toBe(false)
    }
    expect(await world.store().shelf.find(`${id}-in2`)).toEqual({ type: 'image/png', size: 1 })
    expect(surface.messages[0]?.views.map(({ kind }) => kind)).not.toContain('failed')
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result', inputCount: 2 }])
  })

  it('that will not do end in words before anything is submitted', async () => {
    const { process, clock, api } = await open({
      surface: { inputs: { 'a.png': encoded('A'), 'b.png': encoded('no picture') } },
    })
    const id = await imagine(world, process, { inputs: [attached('a.png'), attached('b.png')], input: { count: 3 } })
    await clock.advance(20_000)
    expect(api.submits).toEqual([])
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'input_not_picture' } }])
    expect(await world.books()).toEqual({ hold: 30, refund: 30 })
  })

  it('need an address that the API can reach', async () => {
    const { process, clock, api } = await open({ links: null, surface: { inputs: { 'a.png': encoded('A') } } })
    const id = await imagine(world, process, { inputs: [attached('a.png')] })
    await clock.advance(20_000)
    expect(api.submits).toEqual([])
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'input_needs_public_url' } }])
  })

  it('may be the result of an earlier job', async () => {
    const { process, clock, api } = await open()
    const first = await imagine(world, process)
    await clock.advance(20_000)
    const second = await imagine(world, process, { inputs: [{ kind: 'result', name: 'fox', jobId: first, n: 1 }] })
    await clock.advance(20_000)
    expect(api.submits[1]?.order.inputUrls).toHaveLength(1)
    expect(await world.store().shelf.find(`${second}-in1`)).toMatchObject({
      size: bytesOf('https://images.test/task-1.png').length,
    })
    expect(finalsOf(world, second)).toMatchObject([{ kind: 'result' }])
  })

  it.each([
    ['of a job that is not there', { kind: 'result', name: 'x', jobId: 'nobody', n: 1 }],
    ['that is not there', { kind: 'result', name: 'x', jobId: 'id2', n: 9 }],
  ] as const)('end in words where it is a result %s', async (_name, ref) => {
    const { process, clock } = await open()
    await imagine(world, process)
    await clock.advance(20_000)
    const id = await imagine(world, process, { inputs: [ref] })
    await clock.advance(20_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'input_gone' } }])
  })
})

describe('a cancel', () => {
  const press = (jobId: string, personId = 'ann', mayManage = false) => ({ jobId, personId, mayManage })

  it('of a waiting job costs nothing and is shown at once', async () => {
    const { process, clock, api, surface } = await open({ maxInFlight: 1 })
    await imagine(world, process, { person: 'bob' })
    const id = await imagine(world, process)
    await clock.advance(2_000)
    expect(await process.studio.cancel(press(id))).toBe('cancelled')
    await clock.settle()
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 0, pending: false }])
    await clock.advance(30_000)
    expect(api.submits).toHaveLength(1)
    expect(surface.messages).toHaveLength(2)
    expect(await world.books()).toEqual({ hold: 20, capture: 10, refund: 10 })
    expect(await process.studio.cancel(press(id))).toBe('cancelled')
  })

  it('of a running job is shown at once, says the price, and withholds the picture', async () => {
    const { process, clock, api, surface } = await open({ surface: { paceMs: 60_000 } })
    const id = await imagine(world, process)
    await clock.advance(2_000)
    expect(await process.studio.cancel(press(id))).toBe('cancelled')
    await clock.settle()
    expect(surface.messages[0]?.views.at(-1)).toMatchObject({ kind: 'cancelled', credits: 10, pending: true })
    expect((await world.job(id)).state).toBe('running')
    await clock.advance(20_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 10, pending: false }])
    expect(surface.messages[0]?.files).toEqual([])
    expect(surface.messages[0]?.views.map(({ kind }) => kind)).not.toContain('result')
    expect(api.looks.length).toBeGreaterThan(0)
    expect(await world.books()).toEqual({ hold: 10, capture: 10 })
  })

  it('while the POST is on its way says the price that it may have', async () => {
    const { process, clock, surface } = await open({
      api: {
        answerMs: 5_000,
        takesMs: () => 12_000,
        onSubmit: (nth) => (nth === 1 ? { kind: 'refused', failure: { code: 'content_rejected' } } : undefined),
      },
    })
    const id = await imagine(world, process, { input: { count: 3 } })
    await clock.advance(2_000)
    await process.studio.cancel(press(id))
    await clock.settle()
    expect(surface.messages[0]?.views.at(-1)).toMatchObject({ kind: 'cancelled', credits: 30, pending: true })
    await clock.advance(5_000)
    expect(surface.messages[0]?.views.at(-1)).toMatchObject({ kind: 'cancelled', credits: 20, pending: true })
    await clock.advance(20_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 20, pending: false }])
  })

  it('of a job whose task fails after all costs nothing', async () => {
    const { process, clock } = await open({
      api: { onLook: () => ({ state: 'failed', failure: { code: 'upstream_failed' } }) },
    })
    const id = await imagine(world, process)
    await clock.advance(1_000)
    await process.studio.cancel(press(id))
    await clock.advance(20_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 0, pending: false }])
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
  })

  it('stops what was not submitted yet and watches what was', async () => {
    const { process, clock, api } = await open({ maxInFlight: 2 })
    const id = await imagine(world, process, { input: { count: 4 } })
    await clock.advance(1_000)
    expect(api.submits).toHaveLength(2)
    await process.studio.cancel(press(id))
    await clock.advance(30_000)
    expect(api.submits).toHaveLength(2)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 20 }])
    expect(await world.books()).toEqual({ hold: 40, capture: 20, refund: 20 })
  })

  it('while a POST is on its way that is then not taken ends the job', async () => {
    const { process, clock, api } = await open({
      api: {
        answerMs: 2_000,
        onSubmit: () => ({ kind: 'not_taken', failure: { code: 'rate_limited' }, retryAfterMs: 60_000 }),
      },
    })
    const id = await imagine(world, process)
    await clock.advance(1_000)
    expect(await process.studio.cancel(press(id))).toBe('cancelled')
    await clock.advance(2_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 0, pending: false }])
    expect(api.submits).toHaveLength(1)
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
    expect(process.runner.size).toBe(0)
  })

  it('during the wait after a refused POST ends the job at once', async () => {
    const { process, clock } = await open({
      api: { onSubmit: () => ({ kind: 'not_taken', failure: { code: 'rate_limited' }, retryAfterMs: 60_000 }) },
    })
    const id = await imagine(world, process)
    await clock.advance(1_000)
    await process.studio.cancel(press(id))
    await clock.settle()
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 0 }])
    expect(process.runner.size).toBe(0)
  })

  it('while the mark is being set undoes the mark: nothing is posted', async () => {
    world = await openWorld()
    const { clock, api } = world
    const heard = Promise.withResolvers<void>()
    const process = world.start({ onStore: (method) => (method === 'begin' ? { answer: heard.promise } : undefined) })
    const id = await imagine(world, process)
    await clock.settle()
    expect(await world.job(id)).toMatchObject({ state: 'running', tasks: [{ state: 'submitting' }] })
    expect(await process.studio.cancel(press(id))).toBe('cancelled')
    heard.resolve()
    await clock.advance(60_000)
    expect(api.submits).toHaveLength(0)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 0, pending: false }])
    expect(process.runner.size).toBe(0)
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
  })

  it('while the pictures are being fetched ends the job', async () => {
    const fetched = Promise.withResolvers<void>()
    world = await openWorld({ surface: { inputs: { 'a.png': encoded('A') } } })
    const { clock, api } = world
    const process = world.start({ onStore: (method) => (method === 'prepared' ? fetched.promise : undefined) })
    const id = await imagine(world, process, { inputs: [attached('a.png')] })
    await clock.settle()
    await process.studio.cancel(press(id))
    fetched.resolve()
    await clock.advance(5_000)
    expect(api.submits).toEqual([])
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 0 }])
  })

  it('is for whoever asked, or may manage messages', async () => {
    const { process, clock } = await open()
    const id = await imagine(world, process)
    expect(await process.studio.cancel(press(id, 'bob'))).toBe('not_yours')
    expect(await process.studio.cancel(press('nobody'))).toBe('unknown')
    expect(await process.studio.cancel(press(id, 'bob', true))).toBe('cancelled')
    expect(await process.studio.cancel(press(id))).toBe('cancelled')
    await clock.advance(20_000)
    expect(await process.studio.cancel(press(id))).toBe('cancelled')
  })
})

describe('showing', () => {
  const unavailable = new AppError('surface_unavailable')

  it('outlives a chat that is away during progress', async () => {
    const { process, clock, surface } = await open({
      surface: { onWrite: (_nth, view) => (view.kind === 'running' ? unavailable : undefined) },
    })
    const id = await imagine(world, process)
    await clock.advance(20_000)
    expect(surface.messages).toHaveLength(1)
    expect(kindsOf(world, id)).toEqual(['queued', 'result'])
  })

  it('posts the placeholder later when the chat was away at first, and once', async () => {
    const { process, clock, surface } = await open({
      api: { takesMs: () => 9_000 },
      surface: { onWrite: (nth) => (nth <= 2 ? unavailable : undefined) },
    })
    const id = await imagine(world, process)
    await clock.advance(3_000)
    expect(surface.messages).toHaveLength(1)
    expect(await world.job(id)).toMatchObject({ state: 'running', receipt: { messageKey: 'fake-1' } })
    await clock.advance(20_000)
    expect(surface.messages).toHaveLength(1)
    expect(kindsOf(world, id).at(-1)).toBe('result')
  })

  it('of the result is tried again until it works, and happens once', async () => {
    const { process, clock, surface } = await open({
      surface: {
        onWrite: (nth, view) =>
          view.kind === 'result' && nth < 20 ? new AppError('rate_limited', { retryAfterMs: 5_000 }) : undefined,
      },
    })
    const id = await imagine(world, process)
    await clock.advance(300_000)
    expect(surface.messages).toHaveLength(1)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(kindsOf(world, id).filter((kind) => kind === 'result')).toHaveLength(1)
    const tries = surface.writes.filter(({ kind }) => kind === 'result').map(({ at }) => at)
    for (const [i, at] of tries.entries()) if (i > 0) expect(at - (tries[i - 1] ?? 0)).toBe(5_000)
  })

  it.each([true, false])(
    'is never progress after the end, whether an edit can be called back: %s',
    async (abortable) => {
      const { process, clock, surface } = await open({
        // Slow edits, of which one is on its way when the fast end comes.
        surface: { writeMs: (view) => (view.kind === 'running' ? 4_000 : 10), paceMs: 300, abortable },
      })
      const ids: string[] = []
      for (let i = 0; i < 10; i += 1) {
        ids.push(await imagine(world, process, { person: `p${i}` }))
        await clock.advance(170)
      }
      await clock.advance(60_000)
      for (const id of ids) {
        const kinds = kindsOf(world, id)
        expect(kinds.indexOf('result')).toBe(kinds.length - 1)
      }
      expect(surface.messages).toHaveLength(10)
    },
  )

  it('has one edit in flight for a message', async () => {
    const { process, clock, surface } = await open({
      surface: { writeMs: 5_000, paceMs: 100 },
      api: { takesMs: () => 60_000 },
    })
    await imagine(world, process)
    await clock.advance(50_000)
    const at = surface.writes.map((write) => write.at)
    for (const [i, time] of at.entries()) if (i > 0) expect(time - (at[i - 1] ?? 0)).toBeGreaterThanOrEqual(5_000)
  })

  it('of a view that stands still is repeated only where its message asks for it', async () => {
    let stale = false
    const { process, clock } = await open({
      maxInFlight: 1,
      api: { takesMs: () => 300_000 },
      surface: { stale: () => stale },
    })
    await imagine(world, process)
    const id = await imagine(world, process, { person: 'bob' })
    await clock.advance(20_000)
    const before = kindsOf(world, id)
    await clock.advance(60_000)
    expect(kindsOf(world, id)).toEqual(before)
    stale = true
    await clock.advance(3_000)
    expect(kindsOf(world, id).length).toBeGreaterThan(before.length)
    expect(new Set(kindsOf(world, id))).toEqual(new Set(['queued']))
  })

  it('is given up when the message is gone: abandoned, the money accounted for', async () => {
    const { process, clock, surface, meter } = await open()
    const id = await imagine(world, process)
    await clock.advance(2_000)
    surface.remove('fake-1')
    await clock.advance(20_000)
    expect(await world.job(id)).toMatchObject({ state: 'abandoned', failure: { code: 'delivery_gone' } })
    expect(surface.writes.filter(({ kind }) => kind === 'result' || kind === 'failed')).toHaveLength(1)
    expect(meter.counted('jobs_ended')).toEqual({ abandoned: 1 })
    expect(await world.books()).toEqual({ hold: 10, capture: 10 })
    expect(surface.messages).toEqual([])
  })

  it('where we are not let in any more stops what is not paid for yet', async () => {
    let refused = false
    const { process, clock, api } = await open({
      maxInFlight: 1,
      api: { takesMs: () => 60_000 },
      surface: { onWrite: () => (refused ? new AppError('token_rejected') : undefined) },
    })
    const paid = await imagine(world, process)
    await clock.advance(2_000)
    refused = true
    const late = await imagine(world, process, { person: 'bob' })
    await clock.advance(90_000)
    for (const id of [paid, late])
      expect(await world.job(id)).toMatchObject({ state: 'abandoned', failure: { code: 'token_rejected' } })
    expect(api.submits).toHaveLength(1)
    expect(await world.books()).toEqual({ hold: 20, capture: 10, refund: 10 })
  })

  it('does not go on knocking where it was told no', async () => {
    const { process, clock, surface } = await open({
      api: { takesMs: () => 60_000 },
      surface: { onWrite: () => new AppError('permission_missing') },
    })
    const id = await imagine(world, process)
    await clock.advance(200_000)
    expect(surface.writes.length).toBeLessThan(6)
    expect(await world.job(id)).toMatchObject({ state: 'abandoned', failure: { code: 'permission_missing' } })
  })

  it.each(['result_gone', 'result_not_picture'] as const)(
    'turns into words when the picture can’t be had: %s',
    async (code) => {
      const { process, clock } = await open({
        api: {
          onOpen: () => {
            throw new AppError(code)
          },
        },
      })
      const id = await imagine(world, process)
      await clock.advance(20_000)
      expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code } }])
      expect((await world.job(id)).state).toBe('delivered')
    },
  )

  it('turns into words when the picture’s host stays away, and not into silence', async () => {
    const { process, clock } = await open({
      api: {
        onOpen: () => {
          throw new AppError('upstream_unavailable')
        },
      },
    })
    const id = await imagine(world, process)
    await clock.advance(1_200_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'upstream_unavailable' } }])
    expect((await world.job(id)).state).toBe('delivered')
  })

  it.each(['result_too_large', 'permission_missing', 'delivery_refused'] as const)(
    'turns into words when the chat does not take it: %s',
    async (code) => {
      const { process, clock } = await open({
        surface: { onWrite: (_nth, view) => (view.kind === 'result' ? new AppError(code) : undefined) },
      })
      const id = await imagine(world, process)
      await clock.advance(20_000)
      expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code } }])
    },
  )

  it('is abandoned after a quarter of an hour without the chat', async () => {
    const { process, clock, surface } = await open({ surface: { onWrite: () => unavailable } })
    const id = await imagine(world, process)
    await clock.advance(1_200_000)
    expect(await world.job(id)).toMatchObject({ state: 'abandoned', failure: { code: 'surface_unavailable' } })
    const before = surface.writes.length
    await clock.advance(1_200_000)
    expect(surface.writes).toHaveLength(before)
  })
})

it('keeps secrets, prompts and URLs out of the log', async () => {
  const { process, clock, log } = await open({
    surface: { onWrite: (nth) => (nth % 2 === 0 ? new AppError('surface_unavailable') : undefined) },
    api: {
      onSubmit: (nth) =>
        nth === 1 ? { kind: 'not_taken', failure: { code: 'rate_limited' }, retryAfterMs: null } : undefined,
    },
  })
  await imagine(world, process, { input: { prompt: 'the secret prompt' } })
  await clock.advance(60_000)
  const written = JSON.stringify(log.lines)
  expect(log.lines.length).toBeGreaterThan(2)
  expect(written).not.toMatch(/secret prompt|hush-hush|https?:/)
})
