import { afterEach, describe, expect, it } from 'vitest'
import { finalsOf, imagine, kindsOf, links, openWorld, taskTimeoutMs, type World, type WorldOptions } from './world.ts'

let world: World
afterEach(() => world.close())

async function open(options: WorldOptions = {}) {
  world = await openWorld(options)
  const process = world.start()
  return { process, ...world }
}

const dayMs = 86_400_000

describe('a task that takes too long', () => {
  it('is told to its person, looked at rarely, and delivered after all', async () => {
    const { process, clock, api, surface } = await open({
      longestMs: dayMs,
      api: { takesMs: () => 2 * 3_600_000 },
      surface: { paceMs: 5_000 },
    })
    const id = await imagine(world, process)
    await clock.advance(taskTimeoutMs + 10_000)
    expect(surface.messages[0]?.views.at(-1)).toMatchObject({ kind: 'running', late: true })
    const looks = api.looks.length
    const edits = surface.messages[0]?.views.length
    await clock.advance(3_600_000)
    expect(api.looks.length - looks).toBeLessThan(20)
    expect(api.looks.length - looks).toBeGreaterThan(8)
    expect(surface.messages[0]?.views).toHaveLength(edits ?? 0)
    await clock.advance(3_600_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result', credits: 10 }])
    expect(await world.books()).toEqual({ hold: 10, capture: 10 })
  })

  it('is given up at last, in words, and costs nothing', async () => {
    const { process, clock } = await open({ longestMs: 7_200_000, api: { takesMs: () => dayMs } })
    const id = await imagine(world, process)
    await clock.advance(7_260_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'timed_out' } }])
    expect(await world.books()).toEqual({ hold: 10, refund: 10 })
  })

  it('lets its person start another meanwhile, and keeps no slot', async () => {
    const { process, clock, api } = await open({
      ...{ longestMs: dayMs, maxInFlight: 1, maxRunningPerPerson: 1 },
      api: { takesMs: (nth) => (nth === 1 ? dayMs / 2 : 5_000) },
    })
    await imagine(world, process)
    const second = await imagine(world, process)
    await clock.advance(taskTimeoutMs - 5_000)
    expect(api.submits).toHaveLength(1)
    await clock.advance(60_000)
    expect(finalsOf(world, second)).toMatchObject([{ kind: 'result' }])
  })
})

describe('an image API that refuses everything', () => {
  it('is asked once for many, who all hear true words, and again after a while', async () => {
    let refusing = true
    const { process, clock, api } = await open({
      api: { onSubmit: () => (refusing ? { kind: 'refused', failure: { code: 'key_rejected' } } : undefined) },
    })
    const ids: string[] = []
    for (let i = 0; i < 5; i += 1) {
      ids.push(await imagine(world, process, { person: `p${i}` }))
      await clock.advance(100)
    }
    await clock.advance(5_000)
    expect(api.submits).toHaveLength(1)
    for (const id of ids)
      expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'key_rejected' } }])
    refusing = false
    await clock.advance(15_000)
    const later = await imagine(world, process)
    await clock.advance(20_000)
    expect(finalsOf(world, later)).toMatchObject([{ kind: 'result' }])
    expect(await world.books()).toEqual({ hold: 60, capture: 10, refund: 50 })
  })

  it('because it is being maintained keeps people in line until it is back', async () => {
    let maintained = true
    const { process, clock, api } = await open({
      api: {
        onSubmit: () =>
          maintained ? { kind: 'not_taken', failure: { code: 'maintenance' }, retryAfterMs: 5_000 } : undefined,
      },
    })
    const id = await imagine(world, process)
    await clock.advance(120_000)
    expect(new Set(kindsOf(world, id))).toEqual(new Set(['queued']))
    expect(api.submits.length).toBeLessThan(6)
    maintained = false
    await clock.advance(150_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(api.accepted).toBe(1)
  })
})

describe('a callback', () => {
  it('goes with each submit, and makes its task due at once', async () => {
    const { process, clock, api } = await open({ callbacks: true, api: { takesMs: () => 30_000 } })
    const id = await imagine(world, process)
    await clock.advance(15_000)
    expect(api.submits[0]?.order.callbackUrl).toBe(links.callback(id, 1))
    const before = api.looks.length
    await clock.advance(1)
    world.hints.send({ kind: 'due', jobId: id, n: 1 })
    await clock.advance(400)
    expect(api.looks.length - before).toBeGreaterThanOrEqual(1)
    // It was believed for nothing but that: the task is not done.
    expect(finalsOf(world, id)).toEqual([])
    await clock.advance(40_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
  })

  it('that the image API does not know is left out from then on, and nothing is paid twice', async () => {
    const { process, clock, api } = await open({
      callbacks: true,
      api: {
        onSubmit: (_nth, order) =>
          order.callbackUrl === null ? undefined : { kind: 'refused', failure: { code: 'invalid_request' } },
      },
    })
    const first = await imagine(world, process)
    await clock.advance(20_000)
    const second = await imagine(world, process)
    await clock.advance(20_000)
    for (const id of [first, second]) expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(api.submits.map(({ order }) => order.callbackUrl !== null)).toEqual([true, false, false])
    expect(api.accepted).toBe(2)
  })

  it('is not suspected for a request that is wrong without it, too', async () => {
    const { process, clock, api } = await open({
      callbacks: true,
      api: { onSubmit: (nth) => (nth <= 2 ? { kind: 'refused', failure: { code: 'invalid_request' } } : undefined) },
    })
    const wrong = await imagine(world, process)
    await clock.advance(5_000)
    expect(finalsOf(world, wrong)).toMatchObject([{ kind: 'failed', failure: { code: 'invalid_request' } }])
    await imagine(world, process)
    await clock.advance(20_000)
    expect(api.submits.at(-1)?.order.callbackUrl).not.toBeNull()
  })
})
