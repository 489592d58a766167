import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { finalsOf, imagine, openWorld, type Process, type World, type WorldOptions } from './world.ts'

let world: World
afterEach(() => world.close())

const open = async (options: WorldOptions) => {
  world = await openWorld({ ...options, exclusive: false })
}

/** How many jobs of a person have a picture at the image API, by the store. */
async function runningOf(person: string): Promise<number> {
  const jobs = await world
    .store()
    .jobs.list({ surface: 'fake', workspace: 'team', personId: person, limit: 100, before: null })
  return jobs.filter(({ tasks }) => tasks.some(({ state }) => state === 'submitting' || state === 'polling')).length
}

/** Moves on in small steps; gives the most that a person ever had running. */
async function watch(person: string, ms: number): Promise<number> {
  let most = 0
  for (let passed = 0; passed < ms; passed += 100) {
    await world.clock.advance(100)
    most = Math.max(most, await runningOf(person))
  }
  return most
}

describe('one person’s requests at two replicas', () => {
  it('run as many as allowed over both, and let the next person’s first through at once', async () => {
    await open({ maxRunningPerPerson: 2, maxInFlight: 3 })
    const replicas = [world.start(), world.start()] as const
    await world.clock.settle()
    const anns = await Promise.all(
      Array.from({ length: 10 }, (_, nth) => imagine(world, replicas[nth % 2 === 0 ? 0 : 1])),
    )
    await world.clock.advance(400)
    expect(await runningOf('ann')).toBe(2)
    const bob = await imagine(world, replicas[1], { person: 'bob' })
    await world.clock.advance(100)
    expect((await world.job(bob)).tasks).toMatchObject([{ state: 'polling' }])
    expect(await watch('ann', 60_000)).toBe(2)
    for (const id of [...anns, bob]) expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(world.api.submits).toHaveLength(11)
  })

  it('take the place of one that ends on the other within a second', async () => {
    await open({ maxRunningPerPerson: 1, api: { takesMs: () => 5_000 } })
    const [here, there] = [world.start(), world.start()]
    await world.clock.settle()
    await imagine(world, here)
    await imagine(world, there)
    await world.clock.advance(30_000)
    const [first, second] = world.api.submits
    expect(world.api.submits).toHaveLength(2)
    // Its end is seen by a look, then stored; so much later the other one may know.
    const seen = world.api.looks.findLast(({ taskId }) => taskId === 'task-1')?.at ?? 0
    expect((second?.at ?? 0) - seen).toBeLessThanOrEqual(1_000)
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(5_000)
  })

  it('count from the start of a process that finds some running', async () => {
    await open({ maxRunningPerPerson: 2, api: { takesMs: () => 40_000 } })
    const doomed = world.start()
    await world.clock.settle()
    const ids = [await imagine(world, doomed), await imagine(world, doomed), await imagine(world, doomed)]
    await world.clock.advance(1_000)
    expect(world.api.submits).toHaveLength(2)
    doomed.kill()
    const next = world.start()
    // Before it has taken anything over.
    ids.push(await imagine(world, next))
    expect(await watch('ann', 110_000)).toBe(2)
    for (const id of ids) expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(world.api.submits).toHaveLength(4)
  })

  it('show places that make sense: whoever has enough running is behind who has not', async () => {
    await open({ maxRunningPerPerson: 1, maxInFlight: 2, api: { takesMs: () => 60_000 } })
    const [here, there] = [world.start(), world.start()]
    await world.clock.settle()
    await imagine(world, here)
    await imagine(world, here, { person: 'cat' })
    await world.clock.advance(1_000)
    const second = await imagine(world, there)
    const bob = await imagine(world, there, { person: 'bob' })
    await world.clock.advance(10_000)
    const placeOf = (id: string) => {
      const views = world.surface.messages.flatMap(({ views }) => views.filter((view) => view.jobId === id))
      const last = views.at(-1)
      return last?.kind === 'queued' ? last.place : last?.kind
    }
    expect([placeOf(bob), placeOf(second)]).toEqual([1, 2])
  })

  it('never run more than allowed, whoever asks where and whatever dies, and all come to their end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          most: fc.integer({ min: 1, max: 3 }),
          slots: fc.integer({ min: 1, max: 5 }),
          asks: fc.array(
            fc.record({
              at: fc.nat(1),
              person: fc.constantFrom('ann', 'ann', 'bob'),
              count: fc.integer({ min: 1, max: 3 }),
              afterMs: fc.nat(4_000),
              kill: fc.nat(5).map((side) => side === 0),
            }),
            { minLength: 3, maxLength: 9 },
          ),
        }),
        async ({ most, slots, asks }) => {
          const takesMs = (nth: number) => 2_000 + (nth % 4) * 1_500
          await open({ maxRunningPerPerson: most, maxInFlight: slots, api: { takesMs } })
          const replicas: [Process, Process] = [world.start(), world.start()]
          await world.clock.settle()
          const ids: string[] = []
          for (const [nth, { at, person, count, afterMs, kill }] of asks.entries()) {
            const input = { prompt: `${person} ${nth}`, count }
            ids.push(await imagine(world, at === 0 ? replicas[0] : replicas[1], { person, input }))
            await world.clock.advance(afterMs)
            if (!kill) continue
            replicas[at === 0 ? 0 : 1].kill()
            replicas[at === 0 ? 0 : 1] = world.start()
          }
          for (let waited = 0; waited < 40 && ids.some((id) => finalsOf(world, id).length === 0); waited += 1)
            await world.clock.advance(5_000)
          for (const id of ids) expect(finalsOf(world, id)).toHaveLength(1)
          // At each POST: whose requests had a picture in the making, this one included.
          const posts = world.api.submits.map(({ order, at }, nth) => ({
            ...{ prompt: order.request.prompt, person: order.request.prompt.slice(0, 3) },
            ...{ at, until: at + takesMs(nth + 1) },
          }))
          for (const { person, at } of posts) {
            const making = posts.filter((post) => post.person === person && post.at <= at && at < post.until)
            expect(new Set(making.map(({ prompt }) => prompt)).size).toBeLessThanOrEqual(most)
          }
          await world.close()
        },
      ),
      { numRuns: 10, seed: 20_261_122 },
    )
    await open({})
  })
})

describe('one person’s requests at one process', () => {
  it('are begun when the pictures of others are made, and do not wait for their delivery', async () => {
    world = await openWorld({ maxRunningPerPerson: 1, api: { takesMs: () => 5_000 }, surface: { writeMs: 20_000 } })
    const process = world.start()
    await imagine(world, process)
    await imagine(world, process)
    await world.clock.advance(4_000)
    expect(world.api.submits).toHaveLength(1)
    await world.clock.advance(4_000)
    expect(world.api.submits).toHaveLength(2)
    expect(world.surface.messages.flatMap(({ files }) => files)).toEqual([])
  })

  it('that were found running go on, before older ones that wait for them', async () => {
    const later = { kind: 'not_taken', failure: { code: 'rate_limited' }, retryAfterMs: 600_000 } as const
    world = await openWorld({
      maxRunningPerPerson: 1,
      api: { takesMs: () => 100_000, onSubmit: (nth) => (nth === 2 ? later : undefined) },
    })
    const stuck = world.start({
      onStore: (method) => (method === 'begin' ? new Promise<void>(() => undefined) : undefined),
    })
    const doomed = world.start()
    const older = await imagine(world, stuck)
    await world.clock.advance(10)
    const running = await imagine(world, doomed, { input: { count: 2 } })
    await world.clock.advance(1_000)
    expect((await world.job(running)).tasks).toMatchObject([{ state: 'polling' }, { state: 'planned' }])
    stuck.kill()
    doomed.kill()
    await world.reopen()
    world.start()
    await world.clock.advance(5_000)
    expect((await world.job(running)).tasks).toMatchObject([{ state: 'polling' }, { state: 'polling' }])
    expect((await world.job(older)).tasks).toMatchObject([{ state: 'planned' }])
  })
})
