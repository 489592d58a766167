import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { askFor, finalsOf, openWorld, recordReply, type World, type WorldOptions } from './world.ts'

let world: World
const open = async (options?: WorldOptions) => {
  world = await openWorld(options)
  return { process: world.start({ started: false }), ...world }
}
afterEach(() => world.close())

describe('a request', () => {
  it('is written down before it is acked', async () => {
    const { process, clock } = await open()
    let known: string | null = null
    const reply = recordReply({
      accept: async (view) => {
        known = (await world.job(view.jobId)).state
        return null
      },
    })
    await process.studio.imagine(askFor(world), reply)
    expect(known).not.toBeNull()
    expect(reply.accepted).toMatchObject([{ kind: 'queued', place: null, person: { id: 'ann' }, locale: 'en-GB' }])
    expect(reply.deferred).toBe(0)
    await clock.advance(20_000)
  })

  it('that is not well made is refused with all that is wrong, and nothing is written down', async () => {
    const { process, clock, api, meter } = await open()
    const reply = recordReply()
    const problems = [{ kind: 'unknown_flag', flag: '--v' }] as const
    await process.studio.imagine(askFor(world, { input: { prompt: 'x', count: 9 }, problems }), reply)
    expect(reply.refused).toMatchObject([
      {
        kind: 'problems',
        problems: [{ kind: 'unknown_flag' }, { kind: 'prompt_too_short' }, { kind: 'flag_value_unknown' }],
      },
    ])
    expect(reply.accepted).toEqual([])
    await clock.advance(20_000)
    expect(api.submits).toEqual([])
    expect(await world.books()).toEqual({})
    expect(meter.counted('jobs_refused')).toEqual({ fake: 1 })
    expect(meter.times('ack')).toHaveLength(1)
  })

  it('with problems of the adapter alone is refused too', async () => {
    const { process } = await open()
    const reply = recordReply()
    await process.studio.imagine(askFor(world, { problems: [{ kind: 'not_a_picture', name: 'a.txt' }] }), reply)
    expect(reply.refused).toEqual([{ kind: 'problems', problems: [{ kind: 'not_a_picture', name: 'a.txt' }] }])
  })

  it('delivered twice is one job, and the second delivery stays silent', async () => {
    const { process, clock, api, surface } = await open()
    const replies = [recordReply(), recordReply(), recordReply()]
    await Promise.all(replies.map((reply) => process.studio.imagine(askFor(world, { eventKey: 'one' }), reply)))
    await clock.advance(20_000)
    const late = recordReply()
    await process.studio.imagine(askFor(world, { eventKey: 'one' }), late)
    expect([...replies, late].map(({ accepted }) => accepted.length).toSorted()).toEqual([0, 0, 0, 1])
    expect([...replies, late].flatMap(({ refused, deferred }) => [refused.length, deferred])).toEqual(Array(8).fill(0))
    expect(api.submits).toHaveLength(1)
    expect(surface.messages).toHaveLength(1)
  })

  it.each([
    ['everybody', { day: 25, personDay: 0 }, 'day_spent'],
    ['a person', { day: 0, personDay: 25 }, 'person_day_spent'],
  ] as const)('beyond the credits of %s is refused', async (_whose, caps, code) => {
    const { process, clock, api } = await open({ caps })
    const reply = recordReply()
    for (let i = 0; i < 3; i += 1) await process.studio.imagine(askFor(world), reply)
    expect(reply.accepted).toHaveLength(2)
    expect(reply.refused).toEqual([{ kind: 'failure', failure: { code } }])
    await clock.advance(20_000)
    expect(api.submits).toHaveLength(2)
  })

  it('from a place that may not spend the key is refused', async () => {
    const { process } = await open({ allowedWorkspaces: ['team-a', 'team-b'] })
    const reply = recordReply()
    await process.studio.imagine(askFor(world, { workspace: 'team-c' }), reply)
    await process.studio.imagine(askFor(world, { workspace: 'team-b' }), reply)
    expect(reply.refused).toEqual([{ kind: 'failure', failure: { code: 'workspace_not_allowed' } }])
    expect(reply.accepted).toHaveLength(1)
  })

  it('that can’t be written down is refused in words', async () => {
    world = await openWorld()
    const process = world.start({ started: false, onStore: () => 'before' })
    const reply = recordReply()
    await process.studio.imagine(askFor(world), reply)
    expect(reply.refused).toEqual([{ kind: 'failure', failure: { code: 'store_unavailable' } }])
    expect(world.surface.messages).toEqual([])
  })

  it('whose commit was not heard of is not refused for certain, and lives if it is there', async () => {
    world = await openWorld({ exclusive: false })
    let trouble: 'before' | 'after' | undefined = 'after'
    const process = world.start({
      acceptPatienceMs: 20_000,
      onStore: (method) => {
        const now = trouble
        // Written, unheard; then the database is gone for good.
        if (method === 'accept') trouble = 'before'
        return now
      },
    })
    const reply = recordReply()
    const asking = process.studio.imagine(askFor(world), reply)
    await world.clock.advance(25_000)
    await asking
    expect(reply.refused).toEqual([{ kind: 'failure', failure: { code: 'accept_unknown' } }])
    expect(reply.accepted).toEqual([])
    expect(world.api.submits).toEqual([])
    trouble = undefined
    await world.clock.advance(30_000)
    const [message] = world.surface.messages
    expect(message?.views.at(-1)?.kind).toBe('result')
    expect(world.surface.messages).toHaveLength(1)
    expect(world.api.submits).toHaveLength(1)
    expect(await world.books()).toEqual({ hold: 10, capture: 10 })
  })

  it('that certainly was not written is refused for certain, and is not started later', async () => {
    world = await openWorld({ exclusive: false })
    let away = true
    const process = world.start({ acceptPatienceMs: 20_000, onStore: () => (away ? 'before' : undefined) })
    const reply = recordReply()
    const asking = process.studio.imagine(askFor(world), reply)
    await world.clock.advance(25_000)
    await asking
    expect(reply.refused).toEqual([{ kind: 'failure', failure: { code: 'store_unavailable' } }])
    away = false
    await world.clock.advance(30_000)
    expect(world.api.submits).toEqual([])
    expect(await world.books()).toEqual({})
  })

  it('whose commit was not heard of, and is repeated in time, is accepted once', async () => {
    world = await openWorld({ exclusive: false })
    let calls = 0
    const process = world.start({
      acceptPatienceMs: 20_000,
      onStore: (method) => {
        calls += method === 'accept' ? 1 : 0
        return method === 'accept' && calls === 1 ? 'after' : undefined
      },
    })
    const reply = recordReply()
    void process.studio.imagine(askFor(world), reply)
    await world.clock.advance(30_000)
    expect(reply.accepted).toHaveLength(1)
    expect(reply.refused).toEqual([])
    expect(finalsOf(world, reply.accepted[0]?.jobId ?? '')).toMatchObject([{ kind: 'result' }])
    expect(await world.books()).toEqual({ hold: 10, capture: 10 })
  })

  it('is no news to the person when the store fails in a way of its own', async () => {
    world = await openWorld()
    const process = world.start({
      started: false,
      onStore: () => Promise.reject(new TypeError('SQL of https://secret.test/token')),
    })
    const reply = recordReply()
    await process.studio.imagine(askFor(world), reply)
    expect(reply.refused).toEqual([{ kind: 'failure', failure: { code: 'internal' } }])
  })
})

describe('a slow store', () => {
  async function slowStore() {
    world = await openWorld()
    const stored = Promise.withResolvers<void>()
    let calls = 0
    const process = world.start({
      started: false,
      onStore: (method) => {
        calls += method === 'accept' ? 1 : 0
        return method === 'accept' && calls === 1 ? stored.promise : undefined
      },
    })
    return { process, stored, ...world }
  }

  it('makes the event deferred once after a second, and then accepted', async () => {
    const { process, stored, clock, meter } = await slowStore()
    const reply = recordReply()
    const asking = process.studio.imagine(askFor(world), reply)
    await clock.advance(999)
    expect(reply.deferred).toBe(0)
    await clock.advance(1)
    expect(reply.deferred).toBe(1)
    expect(meter.times('ack')).toEqual([1_000])
    await clock.advance(10_000)
    stored.resolve()
    await clock.settle()
    await asking
    expect(reply.deferred).toBe(1)
    expect(reply.accepted).toHaveLength(1)
    // The ack was the defer: what followed is not timed as another.
    expect(meter.times('ack')).toEqual([1_000])
    await clock.advance(20_000)
    expect(finalsOf(world, reply.accepted[0]?.jobId ?? '')).toMatchObject([{ kind: 'result' }])
  })

  it('makes the event deferred and then refused', async () => {
    const { process, stored, clock } = await slowStore()
    const reply = recordReply()
    const asking = process.studio.imagine(askFor(world), reply)
    await clock.advance(1_500)
    stored.reject(new AppError('store_unavailable'))
    await asking
    expect(reply.deferred).toBe(1)
    expect(reply.refused).toEqual([{ kind: 'failure', failure: { code: 'store_unavailable' } }])
  })

  it('does not lose a request whose defer fails or hangs', async () => {
    const { process, stored, clock, api, surface } = await slowStore()
    const reply = recordReply({ defer: () => new Promise(() => undefined) })
    void process.studio.imagine(askFor(world), reply)
    await clock.advance(1_500)
    stored.resolve()
    await clock.settle()
    expect(api.submits).toHaveLength(1)
    await clock.advance(60_000)
    expect(surface.messages[0]?.views.at(-1)?.kind).toBe('result')
  })

  it('leaves no timer behind', async () => {
    const { process, clock } = await open()
    await process.studio.imagine(askFor(world), recordReply())
    await clock.advance(20_000)
    expect(clock.sleepers).toBe(0)
  })
})

describe('an answer that fails', () => {
  it('does not stop an accepted job', async () => {
    const { process, clock, log } = await open()
    const reply = recordReply({
      accept: () => Promise.reject(new AppError('surface_unavailable', { detail: 'ECONNRESET' })),
    })
    await process.studio.imagine(askFor(world), reply)
    await clock.advance(20_000)
    expect(finalsOf(world, reply.accepted[0]?.jobId ?? '')).toMatchObject([{ kind: 'result' }])
    expect(log.lines.map(({ message }) => message)).toContain('ack failed')
  })

  it('is no error of the studio', async () => {
    const { process } = await open()
    const refusing = { ...recordReply(), refuse: () => Promise.reject(new AppError('surface_unavailable')) }
    await expect(process.studio.imagine(askFor(world, { input: { prompt: '' } }), refusing)).resolves.toBeUndefined()
  })
})

describe('the studio’s questions', () => {
  it('find jobs by id, by message and by person', async () => {
    const { process, clock } = await open()
    const reply = recordReply()
    await process.studio.imagine(askFor(world), reply)
    await clock.advance(20_000)
    const [view] = reply.accepted
    const id = view?.jobId ?? ''
    expect(await process.studio.get(id)).toMatchObject({ id, state: 'delivered' })
    expect(await process.studio.get('nobody')).toBeNull()
    expect(await process.studio.findByMessage('fake', 'fake-1')).toMatchObject({ id })
    expect(await process.studio.findByMessage('fake', 'fake-9')).toBeNull()
    const query = { surface: 'fake', workspace: 'team', personId: 'ann', limit: 10, before: null }
    expect(await process.studio.list(query)).toMatchObject([{ id }])
    expect(await process.studio.list({ ...query, personId: 'bob' })).toEqual([])
  })
})
