import { afterEach, describe, expect, it } from 'vitest'
import type { FollowUpAsk } from '../../src/core/follow-up.ts'
import type { ViewOf } from '../../src/core/view.ts'
import { askFor, finalsOf, openWorld, type Process, recordReply, type World, type WorldOptions } from './world.ts'

let world: World
const open = async (options?: WorldOptions) => {
  world = await openWorld(options)
  return { process: world.start(), ...world }
}
afterEach(() => world.close())

const bytes = (text: string) => new Uint8Array(Buffer.from(`png:${text}`))
const attached = (name: string) => ({ kind: 'remote', name, at: null }) as const

/** A delivered job of Ann's. */
async function made(process: Process, change: Parameters<typeof askFor>[1] = {}): Promise<string> {
  const reply = recordReply()
  await process.studio.imagine(askFor(world, change), reply)
  await world.clock.advance(30_000)
  const id = reply.accepted[0]?.jobId ?? ''
  expect((await world.job(id)).state).toBe('delivered')
  return id
}

function follow(jobId: string, change: Partial<FollowUpAsk> = {}): FollowUpAsk {
  const { eventKey, surface, workspace, channel, person, locale, problems, address, receivedAt } = askFor(world)
  return {
    ...{ eventKey, surface, workspace, channel, person, locale, problems, address, receivedAt },
    ...{ jobId, action: 'again', private: false, ...change },
  }
}

async function press(process: Process, ask: FollowUpAsk, settleMs = 30_000) {
  const reply = recordReply()
  await process.studio.followUp(ask, reply)
  await world.clock.advance(settleMs)
  return { reply, id: reply.accepted[0]?.jobId ?? '' }
}

describe('a button under a result', () => {
  it.each([
    ['again', { quality: 'medium', count: 2, aspectRatio: '3:2' }, 2],
    ['upgrade', { quality: 'high', count: 2, aspectRatio: '3:2' }, 2],
    ['variations', { quality: 'medium', count: 4, aspectRatio: '3:2' }, 4],
  ] as const)('%s asks for the same words in its own way', async (action, request, pictures) => {
    const { process, api } = await open()
    const first = await made(process, { input: { prompt: 'a fox', aspectRatio: '3:2', count: 2 } })
    const { id } = await press(process, follow(first, { action }))
    expect(await world.job(id)).toMatchObject({
      ...{ action, parentId: first, state: 'delivered' },
      request: { prompt: 'a fox', ...request },
    })
    expect(api.submits).toHaveLength(2 + pictures)
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result', action }])
  })

  it('may be pressed by others, who pay for it, but not where the first answer was private', async () => {
    const { process, api } = await open()
    const open_ = await made(process)
    const bob = { id: 'bob', name: 'Bob' }
    const { id } = await press(process, follow(open_, { person: bob }))
    expect((await world.job(id)).person.id).toBe('bob')
    expect(await process.studio.usage('fake', 'bob')).toMatchObject({ today: 10, pictures: 1 })
    const hidden = await made(process, { input: { private: true } })
    const { reply } = await press(process, follow(hidden, { person: bob }))
    expect(reply.refused).toEqual([{ kind: 'no_job', why: 'not_yours' }])
    expect(api.submits).toHaveLength(3)
  })

  it('pressed twice starts one job; pressed by another person, another', async () => {
    const { process, api } = await open()
    const first = await made(process)
    const replies = [recordReply(), recordReply(), recordReply()]
    const bob = { id: 'bob', name: 'Bob' }
    await Promise.all([
      process.studio.followUp(follow(first), replies[0] as never),
      process.studio.followUp(follow(first), replies[1] as never),
      process.studio.followUp(follow(first, { person: bob }), replies[2] as never),
    ])
    await world.clock.advance(30_000)
    expect(replies.flatMap(({ refused }) => refused)).toEqual([{ kind: 'under_way' }])
    expect(api.submits).toHaveLength(3)
  })

  it('of a job that nobody knows is answered, and so is one without permission, before anything is spent', async () => {
    const { process, api } = await open()
    const { reply } = await press(process, follow('nobody'))
    expect(reply.refused).toEqual([{ kind: 'no_job', why: 'unknown' }])
    const first = await made(process)
    const problems = [{ kind: 'permission_missing', permissions: ['attach_files'] }] as const
    const { reply: refused } = await press(process, follow(first, { problems }))
    expect(refused.refused).toEqual([{ kind: 'problems', problems }])
    expect(api.submits).toHaveLength(1)
  })

  it('outside the allowed workspaces spends nothing', async () => {
    const { process, api } = await open({ allowedWorkspaces: ['team'] })
    const first = await made(process)
    const { reply } = await press(process, follow(first, { workspace: 'elsewhere' }))
    expect(reply.refused).toEqual([{ kind: 'failure', failure: { code: 'workspace_not_allowed' } }])
    expect(api.submits).toHaveLength(1)
  })

  it('uses the pictures again that the platform may have deleted since, through any number of repeats', async () => {
    const inputs: Record<string, Uint8Array> = { 'a.png': bytes('A') }
    const { process, api } = await open({ surface: { inputs } })
    const first = await made(process, { inputs: [attached('a.png')] })
    delete inputs['a.png']
    const second = await press(process, follow(first))
    const third = await press(process, follow(second.id, { action: 'upgrade' }))
    expect(finalsOf(world, third.id)).toMatchObject([{ kind: 'result', inputNames: ['a.png'] }])
    const urls = api.submits.map(({ order }) => new URL(order.inputUrls[0] ?? '').pathname)
    expect(urls).toEqual([`/inputs/${first}-in1`, `/inputs/${second.id}-in1`, `/inputs/${third.id}-in1`])
    // What is attached to an edit of it is not taken from it, for it may be another picture of that name.
    const reply = recordReply()
    const edit = { ...askFor(world, { inputs: [attached('a.png')] }), parentId: third.id }
    await process.studio.imagine(edit, reply)
    await world.clock.advance(30_000)
    expect(finalsOf(world, reply.accepted[0]?.jobId ?? '')).toMatchObject([{ failure: { code: 'input_gone' } }])
  })
})

describe('sharing', () => {
  it('shows the pictures in another message, for nothing, once', async () => {
    const { process, api, surface } = await open()
    const first = await made(process, { input: { private: true, count: 2 } })
    const before = await world.books()
    const { reply, id } = await press(process, follow(first, { action: 'share' }))
    expect(reply.accepted).toHaveLength(1)
    const job = await world.job(id)
    expect(job).toMatchObject({ action: 'share', state: 'delivered', tasks: [], request: { private: false } })
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'result', credits: 20, action: 'share' }])
    const [, shared] = surface.messages
    expect(surface.messages).toHaveLength(2)
    expect(shared?.files).toEqual(surface.messages[0]?.files)
    expect(await world.books()).toEqual(before)
    expect(api.submits).toHaveLength(2)
  })

  it('makes a result like any other: it can be edited, made again and shared on', async () => {
    const { process, api } = await open()
    const first = await made(process)
    const { id } = await press(process, follow(first, { action: 'share' }))
    const edit = await made(process, { inputs: [{ kind: 'result', name: 'fox', jobId: id, n: 1 }] })
    expect(api.submits.at(-1)?.order.inputUrls).toHaveLength(1)
    const again = await press(process, follow(id, { action: 'again' }))
    expect(finalsOf(world, again.id)).toMatchObject([{ kind: 'result' }])
    const on = await press(process, follow(id, { action: 'share' }))
    // What it cost and how long it took is the maker's.
    const [{ credits, tookMs }] = finalsOf(world, first) as [ViewOf<'result'>]
    expect(credits).toBe(10)
    expect(finalsOf(world, on.id)).toMatchObject([{ credits, tookMs }])
    expect((await process.studio.list({ ...all, personId: 'ann' })).map((job) => job.id)).toEqual([
      again.id,
      edit,
      first,
    ])
  })

  it('waits for its ack: the message that the ack makes is the one with the picture', async () => {
    const { process, surface, clock } = await open()
    const first = await made(process)
    const ask = follow(first, { action: 'share' })
    const reply = recordReply({
      accept: async (view) => {
        await clock.sleep(2_000, new AbortController().signal)
        return surface.ack(ask.address, view)
      },
    })
    const done = process.studio.followUp(ask, reply)
    await clock.advance(10_000)
    await done
    expect(surface.messages).toHaveLength(2)
    expect(surface.messages[1]?.files).toHaveLength(1)
  })

  it('is for who asked, and for what is finished', async () => {
    const { process } = await open()
    const first = await made(process)
    const bob = { id: 'bob', name: 'Bob' }
    const stranger = await press(process, follow(first, { action: 'share', person: bob }))
    expect(stranger.reply.refused).toEqual([{ kind: 'no_job', why: 'not_yours' }])
    const running = recordReply()
    await process.studio.imagine(askFor(world), running)
    const early = await press(process, follow(running.accepted[0]?.jobId ?? '', { action: 'share' }), 10)
    expect(early.reply.refused).toEqual([{ kind: 'no_job', why: 'live' }])
  })

  it('pressed, deleted or edited when it is just seen waits until its delivery is written down', async () => {
    const { process } = await open({ surface: { writeMs: (view) => (view.kind === 'result' ? 1_500 : 0) } })
    const reply = recordReply()
    await process.studio.imagine(askFor(world), reply)
    const id = reply.accepted[0]?.jobId ?? ''
    while ((await world.job(id)).state !== 'settled') await world.clock.advance(100)
    const shared = recordReply()
    const edit = { kind: 'result', name: 'fox', jobId: id, n: 1 } as const
    const edited = recordReply()
    const all = Promise.all([
      process.studio.followUp(follow(id, { action: 'share' }), shared),
      process.studio.erase({ jobId: id, personId: 'ann', mayManage: false }),
      process.studio.imagine(askFor(world, { inputs: [edit] }), edited),
    ])
    await world.clock.advance(40_000)
    expect((await all)[1]).toMatchObject({ kind: 'erased' })
    expect(finalsOf(world, shared.accepted[0]?.jobId ?? '')).toMatchObject([{ kind: 'result' }])
    expect(finalsOf(world, edited.accepted[0]?.jobId ?? '')).toMatchObject([{ kind: 'result' }])
  })

  it('whose picture is gone says so', async () => {
    const { process, surface } = await open()
    const first = await made(process)
    surface.remove(surface.messages[0]?.id ?? '')
    const { id } = await press(process, follow(first, { action: 'share' }))
    expect(finalsOf(world, id)).toMatchObject([{ kind: 'failed', failure: { code: 'result_gone' } }])
  })

  it('survives the death of its process', async () => {
    const { process, surface } = await open()
    const first = await made(process)
    const reply = recordReply()
    await process.studio.followUp(follow(first, { action: 'share' }), reply)
    process.kill()
    await world.reopen()
    world.start()
    await world.clock.advance(30_000)
    expect((await world.job(reply.accepted[0]?.jobId ?? '')).state).toBe('delivered')
    expect(surface.messages.filter(({ files }) => files.length > 0)).toHaveLength(2)
  })
})

const all = { surface: 'fake', workspace: 'team', personId: null, limit: 20, before: null } as const

describe('records', () => {
  it('tell what a picture was made from, nearest first, without shares and other people’s private ones', async () => {
    const { process } = await open()
    const first = await made(process, { input: { prompt: 'first', private: true } })
    const shared = await press(process, follow(first, { action: 'share' }))
    const bob = { id: 'bob', name: 'Bob' }
    const again = await press(process, follow(shared.id, { person: bob }))
    const own = await press(process, follow(again.id))
    expect((await process.studio.details({ jobId: own.id, personId: 'ann' }))?.lineage.map(({ id }) => id)).toEqual([
      again.id,
      first,
    ])
    expect((await process.studio.details({ jobId: own.id, personId: 'bob' }))?.lineage.map(({ id }) => id)).toEqual([
      again.id,
    ])
    expect(await process.studio.details({ jobId: first, personId: 'bob' })).toBeNull()
    expect(await process.studio.details({ jobId: 'nobody', personId: 'bob' })).toBeNull()
  })

  it('end a long lineage, and say so', async () => {
    const { process } = await open()
    let id = await made(process)
    for (let n = 0; n < 12; n += 1) id = (await press(process, follow(id))).id
    expect(await process.studio.details({ jobId: id, personId: 'ann' })).toMatchObject({ more: true })
    expect((await process.studio.details({ jobId: id, personId: 'ann' }))?.lineage).toHaveLength(10)
  })

  it('leave out what was erased, by its owner or who may manage, once it is over', async () => {
    const { process } = await open()
    const first = await made(process)
    const second = await made(process)
    const erase = (jobId: string, personId: string, mayManage = false) =>
      process.studio.erase({ jobId, personId, mayManage })
    expect(await erase(first, 'bob')).toEqual({ kind: 'not_yours' })
    expect(await erase('nobody', 'ann')).toEqual({ kind: 'unknown' })
    expect(await process.studio.list(all)).toHaveLength(2)
    expect(await erase(first, 'ann')).toMatchObject({ kind: 'erased', job: { id: first } })
    expect(await erase(first, 'ann')).toMatchObject({ kind: 'erased' })
    expect(await erase(second, 'mod', true)).toMatchObject({ kind: 'erased' })
    expect(await process.studio.list(all)).toEqual([])
    const reply = recordReply()
    await process.studio.imagine(askFor(world), reply)
    expect(await erase(reply.accepted[0]?.jobId ?? '', 'ann')).toEqual({ kind: 'live' })
  })

  it('count what was spent, against the caps', async () => {
    const { process } = await open({ caps: { day: 48, personDay: 40 } })
    await made(process, { input: { count: 2 } })
    await made(process, { input: { quality: 'high' }, person: 'bob' })
    expect(await process.studio.usage('fake', 'ann')).toEqual({
      ...{ today: 20, month: 20, pictures: 2, personDayCap: 40, dayOver: true },
    })
    expect(await process.studio.usage('fake', 'nobody')).toMatchObject({ today: 0, month: 0, pictures: 0 })
  })
})
