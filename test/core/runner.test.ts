import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { headOf } from '../../src/core/view.ts'
import { finalsOf, imagine, openWorld, type ProcessOptions, ttlMs, type World } from './world.ts'

const noAck = Promise.resolve(null)
let world: World
afterEach(() => world.close())

describe('a heartbeat that is too old', () => {
  /** A process that shares its store, with the beats of which the test can do as it likes. */
  async function shared(options: ProcessOptions = {}) {
    world = await openWorld({ exclusive: false })
    let silent = false
    const process = world.start({
      ...options,
      onStore: (method) => (method === 'beat' && silent ? 'before' : options.onStore?.(method)),
    })
    await world.clock.settle()
    return {
      ...world,
      process,
      silence: (value: boolean) => {
        silent = value
      },
    }
  }

  it('says and posts nothing', async () => {
    const { process, clock, api, surface, silence } = await shared()
    silence(true)
    await clock.advance(ttlMs / 2)
    await imagine(world, process)
    await clock.advance(60_000)
    expect(api.submits).toEqual([])
    expect(surface.writes).toEqual([])
  })

  it('is no reason to lose a job: it goes on when the heart beats again', async () => {
    const { process, clock, api, silence } = await shared()
    silence(true)
    await clock.advance(ttlMs / 2)
    const id = await imagine(world, process)
    await clock.advance(20_000)
    silence(false)
    await clock.advance(60_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(api.submits).toHaveLength(1)
  })

  it('between the mark and the POST takes the mark back: it is posted once, later', async () => {
    const marked = Promise.withResolvers<void>()
    const { process, clock, api, silence } = await shared({
      step: (point) => (point === 'marked' ? marked.promise : undefined),
    })
    const id = await imagine(world, process)
    await clock.settle()
    silence(true)
    await clock.advance(ttlMs)
    marked.resolve()
    await clock.advance(1_000)
    expect(api.submits).toEqual([])
    expect(await world.job(id)).toMatchObject({ tasks: [{ state: 'planned' }] })
    silence(false)
    await clock.advance(60_000)
    expect(api.submits).toHaveLength(1)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
  })

  it('of a paused process: it wakes, and does not speak for jobs that another has taken over', async () => {
    const { process: paused, clock, api, surface, silence } = await shared()
    const other = world.start()
    const id = await imagine(world, paused)
    await clock.advance(1_000)
    // A pause stops its beats; its watching goes on here, which makes it worse.
    silence(true)
    await clock.advance(3 * ttlMs)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(other.runner.size).toBe(0)
    const writes = surface.writes.length
    silence(false)
    await clock.advance(60_000)
    expect(surface.writes).toHaveLength(writes)
    expect(api.submits).toHaveLength(1)
    expect(surface.messages).toHaveLength(1)
    expect(paused.runner.size).toBe(0)
  })

  it('of a process that was paused while it knew of nothing to do: it does not edit over the end either', async () => {
    world = await openWorld({
      exclusive: false,
      surface: { paceMs: 40_000 },
      api: {
        takesMs: () => 20_000,
        onLook: (nth) => {
          if (nth === 1) throw new AppError('rate_limited', { retryAfterMs: 600_000 })
          return undefined
        },
      },
    })
    const { clock, surface, api } = world
    const paused = world.start()
    const other = world.start()
    const id = await imagine(world, paused)
    while (api.looks.length === 0) await clock.advance(500)
    const resume = paused.pause()
    await clock.advance(2 * ttlMs + 2_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(other.runner.size).toBe(0)
    resume()
    // Its heart beats again, and it still watches a task that it takes for its own.
    await clock.advance(60_000)
    expect(paused.runner.size).toBe(1)
    expect(surface.messages[0]?.views.at(-1)?.kind).toBe('result')
    expect(surface.messages).toHaveLength(1)
    await clock.advance(700_000)
    expect(paused.runner.size).toBe(0)
    expect(surface.messages[0]?.views.at(-1)?.kind).toBe('result')
    expect(api.submits).toHaveLength(1)
  })

  it('is nobody’s death while the database is away from all', async () => {
    world = await openWorld({ exclusive: false, api: { takesMs: () => 60_000 } })
    let away = false
    const onStore = () => (away ? ('before' as const) : undefined)
    const first = world.start({ onStore })
    // Their hearts don't beat in step: one is back before the other.
    await world.clock.advance(1_400)
    const processes = [first, world.start({ onStore })]
    await world.clock.advance(2 * ttlMs)
    const ids: string[] = []
    for (const process of processes) ids.push(await imagine(world, process))
    await world.clock.advance(1_000)
    away = true
    await world.clock.advance(3 * ttlMs)
    away = false
    await world.clock.advance(4_000)
    expect(world.log.lines.map(({ message }) => message)).not.toContain('took over jobs')
    await world.clock.advance(120_000)
    for (const id of ids) expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(world.surface.messages).toHaveLength(2)
    expect(world.api.submits).toHaveLength(2)
  })

  it('is not taken for the death of the others', async () => {
    const { process, clock, silence } = await shared()
    const other = world.start()
    const id = await imagine(world, other)
    // Everybody's database is away, as it seems to this one, for whom the others now look dead.
    silence(true)
    await clock.advance(2 * ttlMs)
    silence(false)
    await clock.advance(5_000)
    expect(finalsOf(world, id)).toHaveLength(1)
    expect(process.runner.size).toBe(0)
  })
})

describe('several processes', () => {
  it('take over the jobs of one that died, each job once', async () => {
    world = await openWorld({ exclusive: false, api: { takesMs: () => 8_000 } })
    const doomed = world.start()
    const others = [world.start(), world.start()]
    const ids: string[] = []
    for (let i = 0; i < 20; i += 1) ids.push(await imagine(world, doomed, { person: `p${i}` }))
    await world.clock.advance(2_000)
    doomed.kill()
    await world.clock.advance(ttlMs + 3_000)
    expect(others.reduce((sum, { runner }) => sum + runner.size, 0)).toBeLessThanOrEqual(20)
    await world.clock.advance(60_000)
    for (const id of ids) expect(finalsOf(world, id)).toHaveLength(1)
    expect(world.api.submits).toHaveLength(20)
    expect(world.surface.messages).toHaveLength(20)
  })

  it('leave a job that comes back to its first owner with one drive', async () => {
    world = await openWorld({ exclusive: false, api: { takesMs: () => 30_000 } })
    const first = world.start()
    const id = await imagine(world, first)
    await world.clock.advance(2_000)
    // Lost and given back behind its back.
    await world.store().replicas.release(first.owner, [id])
    await world.clock.advance(ttlMs + 5_000)
    expect(first.runner.size).toBe(1)
    expect(first.poller.size).toBe(1)
    await world.clock.advance(60_000)
    expect(finalsOf(world, id)).toHaveLength(1)
    expect(world.surface.messages).toHaveLength(1)
    expect(first.runner.size).toBe(0)
  })
})

describe('a job that was elsewhere', () => {
  it('is known anew when it comes back: its message is not posted twice', async () => {
    let away = true
    world = await openWorld({
      exclusive: false,
      api: { takesMs: () => 60_000 },
      surface: { onWrite: () => (away ? new AppError('surface_unavailable') : undefined) },
    })
    const { clock, surface } = world
    const process = world.start()
    await clock.advance(2 * ttlMs)
    const id = await imagine(world, process)
    await clock.settle()
    // Behind its back another has the job, posts the message, and gives the job back.
    const { replicas, drive } = world.store()
    await replicas.release(process.owner, [id])
    await replicas.beat('other', 0, ['fake'])
    const [job] = await replicas.claim('other', ['fake'], ttlMs, 10)
    if (job === undefined) throw new Error('not claimed')
    away = false
    const receipt = surface.ack(job.address, { ...headOf(job), kind: 'queued', place: null })
    away = true
    await drive.opened({ jobId: id, owner: 'other' }, receipt)
    await replicas.release('other', [id])
    await clock.advance(3_000)
    away = false
    await clock.advance(120_000)
    expect(surface.messages).toHaveLength(1)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(world.api.submits).toHaveLength(1)
  })
})

describe('a store that goes away', () => {
  it.each(['opened', 'begin', 'taken', 'end', 'get', 'close', 'notTaken'])(
    'in %s is waited for, and nothing is posted twice',
    async (method) => {
      world = await openWorld({
        api: {
          onSubmit: (nth) =>
            nth % 2 === 1 ? { kind: 'not_taken', failure: { code: 'rate_limited' }, retryAfterMs: 100 } : undefined,
        },
      })
      for (const fate of ['before', 'after'] as const) {
        let failures = 0
        const process = world.start({
          started: false,
          onStore: (called) => {
            if (called !== method || failures >= 3) return undefined
            failures += 1
            return fate
          },
        })
        const before = world.api.accepted
        const id = await imagine(world, process)
        await world.clock.advance(60_000)
        // What was done although it failed is not done three times.
        expect(failures).toBeGreaterThan(0)
        expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
        expect((await world.job(id)).state).toBe('delivered')
        expect(world.api.accepted - before).toBe(1)
        expect(process.runner.size).toBe(0)
        expect(world.meter.counted('jobs_ended').result).toBe(fate === 'before' ? 1 : 2)
      }
      expect(world.log.lines.map(({ message }) => message)).not.toContain('job is not ours any more')
      const { hold = 0, capture = 0 } = await world.books()
      expect(capture).toBe(hold)
    },
  )

  it('for long, in the middle of everything, costs nothing but time', async () => {
    world = await openWorld()
    let away = false
    const process = world.start({ onStore: () => (away ? 'before' : undefined) })
    const ids = [await imagine(world, process), await imagine(world, process)]
    await world.clock.advance(2_000)
    away = true
    await world.clock.advance(120_000)
    for (const id of ids) expect(finalsOf(world, id)).toEqual([])
    away = false
    await world.clock.advance(20_000)
    for (const id of ids) expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(world.api.submits).toHaveLength(2)
  })

  it('does not keep the process from ending', async () => {
    world = await openWorld()
    let away = false
    const process = world.start({ onStore: (method) => (away && method !== 'leave' ? 'before' : undefined) })
    await imagine(world, process)
    await world.clock.advance(2_000)
    away = true
    await world.clock.advance(10_000)
    const stopped = process.runner.stop(5_000)
    await world.clock.advance(5_000)
    await stopped
    expect(world.clock.sleepers).toBe(0)
  })

  it('never takes back a mark that another set', async () => {
    world = await openWorld()
    const { drive, jobs } = world.store()
    // The turn came, the mark was refused because there is one already: somebody else's, whose POST may be on its way.
    const process = world.start({ started: false })
    const idle = world.start({
      started: false,
      onStore: (method) => (method === 'begin' ? new Promise<void>(() => undefined) : undefined),
    })
    const id = await imagine(world, idle)
    await world.clock.settle()
    const limits = { maxInFlight: 10, perSecond: 1_000_000, maxRunningPerPerson: 10, slotMs: 60_000 }
    await drive.begin({ jobId: id, owner: idle.owner }, 1, limits)
    const job = await jobs.get(id)
    if (job?.state !== 'running') throw new Error('not running')
    // Another drive of the same job that still takes its task for planned.
    await world.store().replicas.release(idle.owner, [id])
    const [claimed] = await world.store().replicas.claim(process.owner, ['fake'], ttlMs, 10)
    if (claimed === undefined) throw new Error('not claimed')
    process.runner.adopt({ ...claimed, tasks: [{ n: 1, state: 'planned' }] }, noAck)
    await world.clock.advance(120_000)
    expect(world.api.submits).toEqual([])
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'outcome_unknown' } }])
  })
})

describe('a task id that is learnt late', () => {
  it('while its outcome is being called unknown is believed', async () => {
    world = await openWorld()
    const process = world.start({ started: false })
    const doomed = world.start({
      started: false,
      step: (point) => (point === 'marked' ? new Promise<void>(() => undefined) : undefined),
    })
    const id = await imagine(world, doomed)
    await world.clock.settle()
    doomed.kill()
    await world.store().replicas.release(doomed.owner, [id])
    const [job] = await world.store().replicas.claim(process.owner, ['fake'], ttlMs, 10)
    if (job === undefined) throw new Error('not claimed')
    process.runner.adopt(job, noAck)
    await world.clock.advance(20_000)
    await world.store().drive.taken(id, 1, 'task-late')
    await world.clock.advance(16_000)
    expect(process.poller.size).toBe(1)
    expect(world.api.submits).toEqual([])
    await world.clock.advance(900_000)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'timed_out' } }])
  })
})

describe('a drive that fails in a way nobody thought of', () => {
  it('is tried again, and ends', async () => {
    let failures = 0
    world = await openWorld()
    const process = world.start({
      started: false,
      onStore: (method) => {
        if (method !== 'end' || failures >= 3) return undefined
        failures += 1
        return Promise.reject(new TypeError('a bug'))
      },
    })
    const id = await imagine(world, process)
    await world.clock.advance(60_000)
    expect(failures).toBe(3)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
    expect(world.api.submits).toHaveLength(1)
    expect(world.surface.messages).toHaveLength(1)
  })

  it('also when the job can’t be read for a while', async () => {
    let failures = 0
    world = await openWorld()
    const process = world.start({
      started: false,
      onStore: (method) => {
        if (method !== 'get' || failures >= 5) return undefined
        failures += 1
        return Promise.reject(new AppError('internal', { detail: 'unreadable' }))
      },
    })
    const id = await imagine(world, process)
    await world.clock.advance(120_000)
    expect(failures).toBe(5)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result' }])
  })
})
