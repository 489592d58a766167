import { afterEach, describe, expect, it } from 'vitest'
import type { ViewOf } from '../../src/core/view.ts'
import { finalsOf, imagine, openWorld, type World, type WorldOptions } from './world.ts'

let world: World
afterEach(() => world.close())

const people = Array.from({ length: 16 }, (_, at) => `person${at}`)
const takesMs = (nth: number) => 3_000 + ((nth * 2_654_435_761) % 7_000)

async function run(options: WorldOptions) {
  world = await openWorld({ ...options, api: { takesMs } })
  const process = world.start()
  const ids: string[] = []
  for (const person of people) ids.push(await imagine(world, process, { person }))
  const most = { underWay: 0 }
  for (let second = 0; second < 150; second += 1) {
    await world.clock.advance(1_000)
    most.underWay = Math.max(most.underWay, process.poller.size)
  }
  const views = world.surface.messages.flatMap((message) => message.views)
  const places = views.filter((view): view is ViewOf<'queued'> => view.kind === 'queued' && view.place !== null)
  return { ids, most, places, running: views.filter((view): view is ViewOf<'running'> => view.kind === 'running') }
}

describe('more requests than the looks are enough for', () => {
  it('wait in line with their place, and nobody’s picture is found late', async () => {
    const { ids, most, places } = await run({ looksPerSecond: 2 })
    // Of 2 looks a second, one task needs about one in three seconds.
    expect(most.underWay).toBeGreaterThanOrEqual(4)
    expect(most.underWay).toBeLessThanOrEqual(8)
    expect(Math.max(...places.map(({ place }) => place ?? 0))).toBeGreaterThan(5)
    for (const id of ids) expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    const lags = world.meter.times('detection_lag')
    expect(lags.reduce((sum, lag) => sum + lag, 0) / lags.length).toBeLessThan(2_000)
  })

  it('do not wait where there is budget for all', async () => {
    const { most, places } = await run({})
    expect(most.underWay).toBe(people.length)
    expect(places).toEqual([])
  })
})

describe('the time shown', () => {
  it('is what was learned, and “longer than usual” beyond it', async () => {
    world = await openWorld({ api: { takesMs: (nth) => (nth <= 60 ? 25_000 : 200_000) } })
    const process = world.start()
    const first = await imagine(world, process, { person: 'ann' })
    await world.clock.advance(3_000)
    const seen = () => {
      const views = world.surface.messages.at(-1)?.views ?? []
      return views.filter((view): view is ViewOf<'running'> => view.kind === 'running').at(-1)
    }
    // Nothing seen yet: 3 to 10 s.
    expect(seen()?.remainingMs).toBeLessThan(8_000)
    for (let task = 0; task < 59; task += 1) void imagine(world, process, { person: `p${task}` })
    await world.clock.advance(60_000)
    expect(finalsOf(world, first)).toHaveLength(1)
    await imagine(world, process, { person: 'bob' })
    await world.clock.advance(5_000)
    expect(seen()?.remainingMs).toBeGreaterThan(15_000)
    expect(seen()?.remainingMs).toBeLessThan(24_000)
    await world.clock.advance(45_000)
    expect(seen()).toMatchObject({ remainingMs: null, late: false })
  })
})
