import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/core/job.ts'
import { type Harness, type HarnessOptions, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'
import type { Seen } from './stand-in.ts'

interface Scene {
  readonly h: Harness
  readonly job: Job
  readonly channel: string
  /** The result's message. */
  readonly message: Seen
}

/** A result in a channel, a thread or, when it is private, in a direct message. */
async function delivered(h: Harness, text = 'a fox', inThread = false, pictures = 1): Promise<Scene> {
  const { slack, studio } = h
  const channel = slack.channel('public', ['U0ANN', 'U0BOB'])
  if (inThread) {
    const thread = slack.mumble(channel, { user: 'U0BOB', text: 'words' })
    await slack.mention(channel, { user: 'U0ANN', text, thread })
  } else await slack.command({ user: 'U0ANN', channel, text })
  const job = studio.last()
  await h.within(studio.progress(job.id))
  const files = await Promise.all(Array.from({ length: pictures }, (_, at) => draw('png', 20 + at)))
  await h.within(
    studio.deliver(
      job.id,
      files.map((bytes) => source(bytes, 'image/png')),
    ),
  )
  return { h, job, channel, message: resultOf(slack.messages(job.request.private ? slack.dm('U0ANN') : channel)) }
}

function resultOf(messages: readonly Seen[]): Seen {
  const message = messages.findLast(({ images }) => images.length > 0)
  if (message === undefined) throw new Error('no result')
  return message
}

const callsOf = (h: Harness, method: string) => h.slack.calls.filter((call) => call.method === method)

async function scene(options: HarnessOptions = {}) {
  return startHarness(options)
}

describe('Again, High quality, Variations', () => {
  it.each([
    ['again', { quality: 'medium', count: 1 }],
    ['upgrade', { quality: 'high', count: 1 }],
    ['variations', { quality: 'medium', count: 4 }],
  ])('%s starts from the picture, for whoever presses it, once', async (action, request) => {
    await using h = await scene()
    const { slack, studio } = h
    const { job, channel, message } = await delivered(h)
    const [ack, again] = await Promise.all([
      slack.press('U0BOB', message, action),
      slack.press('U0BOB', message, action),
    ])
    expect([ack.acked, again.acked]).toEqual([true, true])
    const next = studio.last()
    expect(next).toMatchObject({ action, parentId: job.id, person: { id: 'U0BOB' }, channel, request })
    expect(next.address.at).toMatchObject({ channel, thread: null, route: 'channel', private: false })
    expect(studio.jobs()).toHaveLength(2)
    // The second press is told so.
    await h.until('the second is answered', () => slack.whispers(channel, 'U0BOB').length > 0)
    expect(slack.whispers(channel, 'U0BOB')[0]?.lines).toEqual(['This is already on its way.'])
  })

  it('stay in the thread', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const { message, channel } = await delivered(h, 'a fox', true)
    await slack.press('U0ANN', message, 'again')
    expect(studio.last().address.at).toMatchObject({ channel, thread: message.thread })
    await h.within(studio.progress(studio.last().id))
    expect(slack.messages(channel).at(-1)).toMatchObject({ thread: message.thread })
  })

  it('of a private picture stay private, wherever they are pressed', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const { message, channel } = await delivered(h, 'a fox --private', true)
    await slack.press('U0ANN', message, 'again')
    expect(studio.last().request.private).toBe(true)
    expect(studio.last().address.at).toMatchObject({ route: 'person', channel, private: true })
    await h.within(studio.progress(studio.last().id))
    expect(slack.messages(channel)).toEqual([])
    expect(slack.messages(slack.dm('U0ANN'))).toHaveLength(2)
  })

  it('say why nothing was started', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const { message, channel } = await delivered(h)
    studio.refuse({ code: 'person_day_spent' })
    await slack.press('U0BOB', message, 'again')
    await h.until('it is answered', () => slack.whispers(channel, 'U0BOB').length > 0)
    expect(slack.whispers(channel, 'U0BOB')[0]?.lines.join()).toContain('Your credits for today are used up')
    await slack.press('U0BOB', message, 'again', 'a1:gone')
    await h.until('it is answered', () => slack.whispers(channel, 'U0BOB').length > 1)
    expect(slack.whispers(channel, 'U0BOB')[1]?.lines).toEqual([
      'The bot no longer knows this picture. Ask anew with /imagine.',
    ])
  })

  it('are acked in time when the store takes long', async () => {
    await using h = await scene({ ackMs: 1_500 })
    const { slack, studio } = h
    const { message } = await delivered(h)
    const go = studio.stall()
    expect((await slack.press('U0ANN', message, 'again')).acked).toBe(true)
    go()
    await h.until('it is started', () => studio.jobs().length === 2)
  })
})

describe('Details', () => {
  it('opens a form with all that is known', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const first = await delivered(h)
    await slack.press('U0ANN', first.message, 'again')
    await h.within(studio.progress(studio.last().id))
    await h.within(studio.deliver(studio.last().id, [source(await draw('png'), 'image/png')]))
    await slack.press('U0BOB', resultOf(slack.messages(first.channel)), 'details')
    await h.until('it is open', () => slack.forms('U0BOB').length > 0)
    const [modal] = slack.forms('U0BOB')
    expect(modal?.title).toBe('Details')
    expect(modal?.lines).toEqual(
      expect.arrayContaining([
        'Words: a fox',
        'Shape: 1:1 square',
        'Quality: Medium (10 credits)',
        expect.stringMatching(/^When: 2026-\d\d-\d\d \d\d:\d\d UTC$/),
        'Made from: a fox (Made from words)',
        `Number: ${studio.last().id}`,
      ]),
    )
    expect(slack.whispers(first.channel, 'U0BOB')).toEqual([])
  })

  it('is within Slack’s limits, whatever the prompt is', async () => {
    await using h = await scene()
    const { slack } = h
    const { message } = await delivered(h, `${'"<!channel>&😀'.repeat(300)}`)
    await slack.press('U0ANN', message, 'details')
    await h.until('it is open', () => slack.forms('U0ANN').length > 0)
  })

  it.each(['expired_trigger_id', 'exchanged_trigger_id', 'invalid_trigger_id'])(
    'comes as words when it is too late for a form (%s)',
    async (error) => {
      await using h = await scene()
      const { slack } = h
      const { message, channel } = await delivered(h)
      slack.fail('views.open', { error })
      await slack.press('U0BOB', message, 'details')
      await h.until('it is answered', () => slack.whispers(channel, 'U0BOB').length > 0)
      expect(slack.whispers(channel, 'U0BOB')[0]?.lines).toContain('Words: a fox')
      expect(callsOf(h, 'views.open')).toHaveLength(0)
    },
  )

  it('tells nobody of a private picture of somebody else', async () => {
    await using h = await scene()
    const { slack, job } = { ...h, ...(await delivered(h, 'a fox --private')) }
    const other = await delivered(h, 'a hen')
    await slack.press('U0BOB', other.message, 'details', `a1:${job.id}`)
    await h.until('it is answered', () => slack.whispers(other.channel, 'U0BOB').length > 0)
    expect(slack.forms('U0BOB')).toEqual([])
    expect(slack.whispers(other.channel, 'U0BOB')[0]?.lines.join()).toContain('no longer knows')
  })

  it('that goes wrong is said in words', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const { message, channel } = await delivered(h)
    studio.breakDown(1)
    await slack.press('U0BOB', message, 'details')
    await h.until('it is answered', () => slack.whispers(channel, 'U0BOB').length > 0)
    expect(slack.whispers(channel, 'U0BOB')[0]?.lines.join()).toContain('can’t write down requests')
  })
})

describe('Open', () => {
  it('shows the picture with a link to its message', async () => {
    await using h = await scene()
    const { slack } = h
    const { message } = await delivered(h, 'a fox --count 2', false, 2)
    await slack.press('U0ANN', message, 'open', 'a1:job1')
    await h.until('it is open', () => slack.forms('U0ANN').length > 0)
    const [modal] = slack.forms('U0ANN')
    expect(modal?.images.map(({ id }) => id)).toEqual(message.images.map(({ id }) => id))
    expect(modal?.buttons.map(({ text }) => text)).toEqual(['Open'])
    expect(callsOf(h, 'chat.getPermalink')).toHaveLength(1)
    // Slack tells us of the link’s press too.
    if (modal === undefined) throw new Error('no form')
    expect(await slack.pressInView('U0ANN', modal, 'link')).toEqual({ acked: true, payload: {} })
  })

  it('does without what Slack does not give', async () => {
    await using h = await scene()
    const { slack } = h
    const { message } = await delivered(h)
    slack.fail('chat.getPermalink', { error: 'channel_not_found' })
    slack.fail('views.open', { error: 'invalid_arguments' })
    await slack.press('U0ANN', message, 'open', 'a1:job1')
    await h.until('it is open', () => slack.forms('U0ANN').length > 0)
    expect(slack.forms('U0ANN')[0]).toMatchObject({ images: [], buttons: [] })
  })
})

describe('Delete', () => {
  it('deletes the message and its files, for the asker alone', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const { message, channel } = await delivered(h, 'a fox --count 2', false, 2)
    await slack.press('U0BOB', message, 'erase')
    await h.until('it is answered', () => slack.whispers(channel, 'U0BOB').length > 0)
    expect(slack.whispers(channel, 'U0BOB')[0]?.lines.join()).toBe('This picture belongs to somebody else.')
    expect(slack.messages(channel)).toHaveLength(1)
    await slack.press('U0ANN', message, 'erase')
    await h.until('it is gone', () => slack.messages(channel).length === 0 && slack.uploads().length === 0)
    const query = { surface: 'slack', workspace: slack.team, personId: null, limit: 9, before: null }
    expect(await studio.list(query)).toEqual([])
    expect(slack.whispers(channel, 'U0ANN')).toEqual([])
  })

  it('may be pressed twice, and goes on where it broke off', async () => {
    await using h = await scene()
    const { slack } = h
    const { message, channel } = await delivered(h)
    slack.fail('files.delete', { status: 500 }, { status: 500 }, { status: 500 })
    await slack.press('U0ANN', message, 'erase')
    await h.until('it is answered', () => slack.whispers(channel, 'U0ANN').length > 0)
    expect(slack.messages(channel)).toEqual([])
    await slack.press('U0ANN', message, 'erase')
    await h.until('its file is gone too', () => slack.uploads().length === 0)
  })

  it('reaches a message that only a response URL could post', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const channel = slack.channel('private', ['U0ANN'], false)
    await slack.command({ user: 'U0ANN', channel, text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    await h.within(studio.deliver(studio.last().id, [source(await draw('png'), 'image/png')]))
    await slack.press('U0ANN', resultOf(slack.messages(channel)), 'erase')
    await h.until('it is gone', () => slack.messages(channel).length === 0 && slack.uploads().length === 0)
  })

  it('reaches a message in a channel that the bot was thrown out of', async () => {
    await using h = await scene()
    const { slack } = h
    const channel = slack.channel('private', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel, text: 'a fox' })
    await h.within(h.studio.progress(h.studio.last().id))
    await h.within(h.studio.deliver(h.studio.last().id, [source(await draw('png'), 'image/png')]))
    const message = resultOf(slack.messages(channel))
    slack.kick(channel)
    await slack.press('U0ANN', message, 'erase')
    await h.until('it is gone', () => slack.messages(channel).length === 0)
  })

  it('of a picture that is still being made says so', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const { message, channel } = await delivered(h)
    await slack.command({ user: 'U0ANN', channel, text: 'a hen' })
    await slack.press('U0ANN', message, 'erase', `a1:${studio.last().id}`)
    await h.until('it is answered', () => slack.whispers(channel, 'U0ANN').length > 0)
    expect(slack.whispers(channel, 'U0ANN')[0]?.lines.join()).toContain('Cancel it first')
  })
})

describe('Share to thread', () => {
  it('shows the picture where it was asked for, once, and without private buttons', async () => {
    await using h = await scene()
    const { slack, studio } = h
    const { message, channel, job } = await delivered(h, 'a fox --private', true)
    await Promise.all([slack.press('U0ANN', message, 'share_thread'), slack.press('U0ANN', message, 'share_thread')])
    await h.until('it is shared', () => slack.messages(channel).some(({ images }) => images.length > 0))
    const shared = resultOf(slack.messages(channel))
    expect(slack.messages(channel)).toHaveLength(1)
    expect(shared).toMatchObject({ thread: expect.stringMatching(/^\d/) })
    expect(shared.images[0]?.bytes.equals(message.images[0]?.bytes ?? Buffer.alloc(0))).toBe(true)
    expect(shared.buttons.map(({ actionId }) => actionId)).not.toContain('share_channel')
    expect(studio.last()).toMatchObject({ action: 'share', parentId: job.id, request: { private: false }, tasks: [] })
  })

  it('is an old button without its thread', async () => {
    await using h = await scene()
    const { slack } = h
    const { message } = await delivered(h, 'a fox --private')
    await slack.press('U0ANN', message, 'share_thread', 'a1:job1')
    const dm = slack.dm('U0ANN')
    await h.until('it is answered', () => slack.whispers(dm, 'U0ANN').length > 0)
    expect(slack.whispers(dm, 'U0ANN')[0]?.lines.join()).toContain('older version')
  })
})

describe('Share to channel…', () => {
  async function opened(h: Harness) {
    const made = await delivered(h, 'a fox --private')
    await h.slack.press('U0ANN', made.message, 'share_channel')
    await h.until('the form is open', () => h.slack.forms('U0ANN').length > 0)
    const [form] = h.slack.forms('U0ANN')
    if (form === undefined) throw new Error('no form')
    return { ...made, form }
  }

  it.each([
    ['that the bot is in', true],
    ['that it is not in', false],
  ])('shows the picture in a channel %s', async (_name, isIn) => {
    await using h = await scene()
    const { slack, studio } = h
    const { form, job } = await opened(h)
    expect(form).toMatchObject({ callbackId: 'share', title: 'Share a picture', submit: 'Share' })
    const channel = slack.channel('private', ['U0ANN'], isIn)
    const ack = await slack.submit(form, { where: channel }, true)
    expect(ack).toMatchObject({ acked: true, errors: {} })
    await h.until('it is shared', () => slack.messages(channel).some(({ images }) => images.length > 0))
    expect(slack.messages(channel)).toHaveLength(1)
    const [shared] = slack.messages(channel)
    expect(shared?.lines.join()).toContain('Shared by u0ann')
    expect(studio.last()).toMatchObject({ action: 'share', parentId: job.id, channel })
  })

  it('tells its owner when there is nothing to share any more', async () => {
    await using h = await scene()
    const { slack } = h
    const { form } = await opened(h)
    const channel = slack.channel('private', ['U0ANN'])
    await slack.submit({ ...form, metadata: 'unknown1' }, { where: channel })
    const dm = slack.dm('U0ANN')
    await h.until('it is answered', () => slack.messages(dm).length > 1)
    expect(slack.messages(dm).at(-1)?.lines.join()).toContain('no longer knows')
    expect(slack.messages(channel)).toEqual([])
  })

  it('says that it came too late', async () => {
    await using h = await scene()
    const { slack } = h
    const { message } = await delivered(h, 'a fox --private')
    slack.fail('views.open', { error: 'expired_trigger_id' })
    await slack.press('U0ANN', message, 'share_channel')
    const dm = slack.dm('U0ANN')
    await h.until('it is answered', () => slack.whispers(dm, 'U0ANN').length > 0)
    expect(slack.whispers(dm, 'U0ANN')[0]?.lines.join()).toContain('took too long')
  })
})

describe('a press whose answer goes wrong', () => {
  it.each(['view_too_large', 'hash_conflict', 'duplicate_external_id'])(
    'by our own fault (%s) says so',
    async (error) => {
      await using h = await scene()
      const { slack } = h
      const { message, channel } = await delivered(h)
      slack.fail('views.open', { error })
      await slack.press('U0ANN', message, 'details')
      await h.until('it is answered', () => slack.whispers(channel, 'U0ANN').length > 0)
      expect(slack.whispers(channel, 'U0ANN')[0]?.lines.join()).toContain('Something went wrong on our side')
      expect(h.lines.some(({ level, message: words }) => level === 'error' && words.includes('press'))).toBe(true)
    },
  )

  it.each(['cancel', 'again', 'erase'])('(%s) because the store is away is told', async (action) => {
    await using h = await scene()
    const { slack, studio } = h
    const { message, channel } = await delivered(h)
    studio.breakDown(1)
    await slack.press('U0ANN', message, action, 'a1:job1')
    await h.until('it is answered', () => slack.whispers(channel, 'U0ANN').length > 0)
    expect(slack.whispers(channel, 'U0ANN')[0]?.lines.join()).toContain('can’t write down requests')
  })

  it('is answered by a direct message when its response URL does not work', async () => {
    await using h = await scene()
    const { slack } = h
    const { message } = await delivered(h)
    slack.fail('respond', { status: 404, body: 'no' })
    await slack.press('U0BOB', message, 'erase')
    await h.until('it is answered', () => slack.messages(slack.dm('U0BOB')).length > 0)
  })
})
