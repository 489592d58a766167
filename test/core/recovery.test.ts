import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { InputRef } from '../../src/core/job.ts'
import type { Step } from '../../src/core/ports.ts'
import {
  finalsOf,
  imagine,
  kindsOf,
  openWorld,
  type Process,
  submitTimeoutMs,
  type World,
  type WorldOptions,
} from './world.ts'

let world: World
afterEach(() => world.close())

type Point = Parameters<Step>[0]

/** A process that is killed when it comes to `point`, for the `nth` time. */
function startDoomed(point: Point, nth = 1, started = true): Process {
  let met = 0
  const process = world.start({
    started,
    step: (at) => {
      if (at !== point) return undefined
      met += 1
      if (met !== nth) return undefined
      process.kill()
      return new Promise(() => undefined)
    },
  })
  return process
}

async function restart(): Promise<Process> {
  await world.clock.advance(200)
  await world.reopen()
  return world.start()
}

/** The job's every law, whenever the process was killed. */
async function expectOneEnd(jobId: string): Promise<void> {
  expect(finalsOf(world, jobId)).toHaveLength(1)
  const job = await world.job(jobId)
  expect(['delivered', 'abandoned']).toContain(job.state)
  const { hold = 0, capture = 0, refund = 0 } = await world.books()
  expect(capture + refund).toBe(hold)
}

describe('a process that is killed', () => {
  const open = async (options: WorldOptions = {}) => {
    world = await openWorld(options)
  }

  it('after the request was written down, before the ack: the next one does the job', async () => {
    await open()
    const doomed = startDoomed('accepted')
    void imagine(world, doomed)
    await world.clock.settle()
    await restart()
    await world.clock.advance(30_000)
    const [message] = world.surface.messages
    const id = message?.views[0]?.jobId ?? ''
    await expectOneEnd(id)
    expect(world.api.submits).toHaveLength(1)
    expect(kindsOf(world, id).at(-1)).toBe('result')
    expect(world.surface.messages).toHaveLength(1)
  })

  it('after the mark, before the POST: it is never posted, and the person is told', async () => {
    await open()
    const id = await imagine(world, startDoomed('marked'))
    await restart()
    // The one that set the mark may be slow: no hurry to say that nobody knows.
    await world.clock.advance(submitTimeoutMs)
    expect(finalsOf(world, id)).toEqual([])
    await world.clock.advance(10_000)
    await expectOneEnd(id)
    expect(world.api.submits).toEqual([])
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'outcome_unknown' } }])
  })

  it('after the POST was taken, before its id is stored: it is not posted again, and the person is told', async () => {
    await open()
    const id = await imagine(world, startDoomed('answered'))
    await restart()
    await world.clock.advance(60_000)
    await expectOneEnd(id)
    expect(world.api.accepted).toBe(1)
    expect(world.api.submits).toHaveLength(1)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'outcome_unknown' } }])
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
  })

  it.each(['stored', 'settled', 'shown', 'delivered'] as const)(
    'at "%s": one POST, one picture, in one message',
    async (point) => {
      await open()
      const id = await imagine(world, startDoomed(point))
      await world.clock.advance(20_000)
      await restart()
      await world.clock.advance(30_000)
      await expectOneEnd(id)
      expect(world.api.submits).toHaveLength(1)
      expect(world.surface.messages).toHaveLength(1)
      expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
      expect(world.surface.messages[0]?.files).toHaveLength(1)
      expect(await world.books()).toEqual({ hold: 10, capture: 10 })
    },
  )

  it('during polling: the next one goes on with the same task', async () => {
    await open()
    const doomed = world.start()
    const id = await imagine(world, doomed)
    await world.clock.advance(2_000)
    doomed.kill()
    await restart()
    await world.clock.advance(30_000)
    await expectOneEnd(id)
    expect(world.api.submits).toHaveLength(1)
    expect(world.surface.messages).toHaveLength(1)
  })

  it('long ago: the picture that was made meanwhile is shown', async () => {
    await open()
    const doomed = world.start({ started: false })
    const id = await imagine(world, doomed)
    await world.clock.advance(2_000)
    doomed.kill()
    await world.clock.advance(6 * 3_600_000)
    await restart()
    await world.clock.advance(5_000)
    await expectOneEnd(id)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
  })

  it('while it waits for a slot: the next one submits it, once', async () => {
    await open({ maxInFlight: 1 })
    const doomed = world.start()
    const first = await imagine(world, doomed)
    const second = await imagine(world, doomed)
    await world.clock.advance(1_000)
    doomed.kill()
    await restart()
    await world.clock.advance(60_000)
    await expectOneEnd(first)
    await expectOneEnd(second)
    expect(world.api.submits).toHaveLength(2)
    expect(world.surface.messages).toHaveLength(2)
  })

  it('while it waits after a POST that was not taken: the next one posts it', async () => {
    await open({
      api: {
        onSubmit: (nth) =>
          nth === 1 ? { kind: 'not_taken', failure: { code: 'rate_limited' }, retryAfterMs: 60_000 } : undefined,
      },
    })
    const doomed = world.start()
    const id = await imagine(world, doomed)
    await world.clock.advance(5_000)
    doomed.kill()
    await restart()
    await world.clock.advance(30_000)
    await expectOneEnd(id)
    expect(world.api.accepted).toBe(1)
  })

  it('while it fetches pictures: the next one fetches them again', async () => {
    await open({ surface: { inputs: { 'a.png': new TextEncoder().encode('A') } } })
    const doomed = world.start({
      onStore: (method) => (method === 'prepared' ? new Promise<void>(() => undefined) : undefined),
    })
    const ref: InputRef = { kind: 'remote', name: 'a.png', at: null }
    const id = await imagine(world, doomed, { inputs: [ref] })
    await world.clock.advance(2_000)
    doomed.kill()
    await restart()
    await world.clock.advance(30_000)
    await expectOneEnd(id)
    expect(world.api.submits[0]?.order.inputUrls).toHaveLength(1)
  })

  it('after a cancel: the next one keeps it cancelled', async () => {
    await open()
    const doomed = world.start()
    const id = await imagine(world, doomed)
    await world.clock.advance(2_000)
    await doomed.studio.cancel({ jobId: id, personId: 'ann', mayManage: false })
    await world.clock.settle()
    expect(kindsOf(world, id).at(-1)).toBe('cancelled')
    doomed.kill()
    await restart()
    await world.clock.advance(30_000)
    await expectOneEnd(id)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 10, pending: false }])
    expect(world.surface.messages[0]?.files).toEqual([])
    const kinds = kindsOf(world, id)
    expect(new Set(kinds.slice(kinds.indexOf('cancelled')))).toEqual(new Set(['cancelled']))
  })

  it('between the cancel in the store and the drive of a job: nothing is posted', async () => {
    await open({ maxInFlight: 1 })
    const doomed = world.start()
    await imagine(world, doomed, { person: 'bob' })
    const id = await imagine(world, doomed)
    doomed.kill()
    await world.store().jobs.cancel(id)
    await restart()
    await world.clock.advance(30_000)
    await expectOneEnd(id)
    expect(world.api.submits).toHaveLength(1)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'cancelled', credits: 0 }])
  })

  it('between the placeholder and the picture of a late message: one message', async () => {
    let away = true
    let doomed: Process | null = null
    await open({
      surface: {
        onWrite: (_nth, view) => {
          if (away) return new AppError('surface_unavailable')
          if (view.kind !== 'result' || doomed === null) return undefined
          doomed.kill()
          doomed = null
          return new AppError('surface_unavailable')
        },
      },
    })
    doomed = world.start()
    const id = await imagine(world, doomed)
    while ((await world.job(id)).state !== 'settled') await world.clock.advance(500)
    away = false
    await world.clock.advance(70_000)
    expect(kindsOf(world, id)).toEqual(['queued'])
    await restart()
    await world.clock.advance(5_000)
    await expectOneEnd(id)
    expect(world.surface.messages).toHaveLength(1)
  })

  it('and comes back without an address for the pictures handed in: words, and nothing is posted', async () => {
    await open({ maxInFlight: 1, surface: { inputs: { 'a.png': new TextEncoder().encode('A') } } })
    const doomed = world.start()
    await imagine(world, doomed, { person: 'bob' })
    const id = await imagine(world, doomed, { inputs: [{ kind: 'remote', name: 'a.png', at: null }] })
    await world.clock.advance(1_000)
    doomed.kill()
    await world.clock.advance(200)
    await world.reopen()
    world.start({ links: null })
    await world.clock.advance(30_000)
    await expectOneEnd(id)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'input_needs_public_url' } }])
    expect(world.api.submits).toHaveLength(1)
  })

  it('with four pictures, each at another point: one POST for each at most', async () => {
    await open({ api: { takesMs: (nth) => nth * 3_000 } })
    const id = await imagine(world, startDoomed('stored', 3), { input: { count: 4 } })
    await world.clock.advance(10_000)
    await restart()
    await world.clock.advance(120_000)
    await expectOneEnd(id)
    expect(world.api.submits).toHaveLength(4)
    expect(world.surface.messages).toHaveLength(1)
  })

  it('again and again at every point: never a second POST, never a second end', async () => {
    const points: readonly Point[] = ['accepted', 'marked', 'answered', 'stored', 'settled', 'shown', 'delivered']
    await open({ api: { takesMs: () => 4_000 } })
    const ids: string[] = []
    for (const point of [...points, ...points.toReversed()]) {
      const doomed = startDoomed(point, 1, false)
      void imagine(world, doomed, { input: { count: 2 } }).catch(() => undefined)
      // What is left of the others must not kill it between the ack and the note of its message.
      await world.clock.settle()
      void doomed.runner.start()
      await world.clock.advance(6_000)
      doomed.kill()
      await world.reopen()
    }
    world.start()
    await world.clock.advance(120_000)
    for (const job of await world
      .store()
      .jobs.list({ surface: 'fake', workspace: 'team', personId: null, limit: 100, before: null })) {
      ids.push(job.id)
      await expectOneEnd(job.id)
    }
    expect(ids).toHaveLength(14)
    expect(world.api.submits.length).toBeLessThanOrEqual(28)
    const messages = world.surface.messages.map(({ views }) => views[0]?.jobId)
    expect(new Set(messages).size).toBe(messages.length)
    const { hold = 0, capture = 0, refund = 0 } = await world.books()
    expect({ hold, resolved: capture + refund }).toEqual({ hold: 280, resolved: 280 })
  })
})

describe('a graceful stop', () => {
  it('hands the jobs back, which the next one finishes', async () => {
    world = await openWorld({ maxInFlight: 2 })
    const first = world.start()
    const ids = [await imagine(world, first), await imagine(world, first), await imagine(world, first)]
    await world.clock.advance(2_000)
    await first.runner.stop(20_000)
    expect(first.runner.size).toBe(0)
    expect(first.poller.size).toBe(0)
    expect(world.clock.sleepers).toBe(0)
    for (const id of ids) expect((await world.job(id)).state).not.toBe('delivered')
    world.start()
    await world.clock.advance(60_000)
    for (const id of ids) await expectOneEnd(id)
    expect(world.api.submits).toHaveLength(3)
    expect(world.surface.messages).toHaveLength(3)
  })

  it('takes nothing new', async () => {
    world = await openWorld()
    const process = world.start()
    await process.runner.stop(0)
    const id = await imagine(world, process)
    await world.clock.advance(5_000)
    expect(world.api.submits).toEqual([])
    expect((await world.job(id)).state).toBe('accepted')
  })

  it('lets a POST and a delivery come to their ends', async () => {
    world = await openWorld({ api: { answerMs: 3_000 }, surface: { writeMs: 2_000 } })
    const process = world.start()
    const id = await imagine(world, process)
    await world.clock.advance(1_000)
    const stopped = process.runner.stop(20_000)
    await world.clock.advance(10_000)
    await stopped
    expect(await world.job(id)).toMatchObject({ state: 'running', tasks: [{ state: 'polling', taskId: 'task-1' }] })
    const next = world.start()
    // Stopped in the middle of the last edit.
    await world.clock.advance(1_125)
    while (world.surface.writes.at(-1)?.kind !== 'result' && (await world.job(id)).state !== 'settled')
      await world.clock.advance(100)
    const stoppedToo = next.runner.stop(20_000)
    await world.clock.advance(10_000)
    await stoppedToo
    expect((await world.job(id)).state).toBe('delivered')
    expect(world.api.submits).toHaveLength(1)
    expect(kindsOf(world, id).filter((kind) => kind === 'result')).toHaveLength(1)
  })

  it('does not wait longer than the grace time, and loses nothing by it', async () => {
    world = await openWorld({ surface: { writeMs: 60_000 } })
    const process = world.start()
    const id = await imagine(world, process)
    await world.clock.advance(1_000)
    const stopped = process.runner.stop(5_000)
    await world.clock.advance(5_000)
    await stopped
    expect(world.clock.sleepers).toBe(0)
    world.start()
    await world.clock.advance(300_000)
    await expectOneEnd(id)
    expect(world.api.submits).toHaveLength(1)
  })

  it('does not hang on an ack that never comes', async () => {
    world = await openWorld()
    const process = world.start()
    void imagine(world, process, {}, { accept: () => new Promise(() => undefined) })
    await world.clock.settle()
    const stopped = process.runner.stop(5_000)
    await world.clock.advance(5_000)
    await stopped
    expect(world.clock.sleepers).toBe(0)
  })

  it('while the mark is being set takes the mark back', async () => {
    world = await openWorld()
    const heard = Promise.withResolvers<void>()
    const process = world.start({ onStore: (method) => (method === 'begin' ? { answer: heard.promise } : undefined) })
    const id = await imagine(world, process)
    await world.clock.settle()
    const stopped = process.runner.stop(5_000)
    heard.resolve()
    await world.clock.settle()
    await stopped
    expect(world.api.submits).toEqual([])
    expect(await world.job(id)).toMatchObject({ tasks: [{ state: 'planned' }] })
    world.start()
    await world.clock.advance(30_000)
    await expectOneEnd(id)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
  })

  it('ends although the chat is away: the outcome is in the store', async () => {
    let away = true
    world = await openWorld({
      surface: {
        onWrite: (_nth, view) => (away && view.kind === 'result' ? new AppError('surface_unavailable') : undefined),
      },
    })
    const process = world.start()
    const id = await imagine(world, process)
    await world.clock.advance(60_000)
    const stopped = process.runner.stop(20_000)
    await world.clock.settle()
    await stopped
    away = false
    world.start()
    await world.clock.advance(5_000)
    await expectOneEnd(id)
  })
})
