import { describe, expect, it } from 'vitest'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'

async function made(h: Harness, channel: string): Promise<{ readonly jobId: string; readonly ts: string }> {
  await h.slack.command({ user: 'U0ANN', channel, text: 'a fox' })
  const job = h.studio.last()
  await h.studio.progress(job.id)
  await h.within(h.studio.deliver(job.id, [source(await draw('png'), 'image/png')]))
  const ts = h.slack.messages(channel).at(-1)?.ts ?? ''
  return { jobId: job.id, ts }
}

async function bytesOf(h: Harness, input: Parameters<Harness['adapter']['surface']['input']>[0]): Promise<Buffer> {
  const { picture, publicUrl } = h.adapter.surface.input(input)
  expect(await publicUrl(new AbortController().signal)).toBeNull()
  const { body } = await h.within(picture.open(new AbortController().signal))
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a mention', () => {
  it('makes a picture from words, where it was said', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const said = await slack.mention(general, { user: 'U0ANN', text: 'a fox &amp; a hen --hq' })
    expect(said).toMatchObject({ acked: true, deliveries: 1 })
    expect(studio.asks[0]).toMatchObject({ eventKey: `slack:${said.eventId}`, action: 'imagine', parentId: null })
    expect(studio.last().request).toMatchObject({ prompt: 'a fox & a hen', quality: 'high' })
    await studio.progress(studio.last().id)
    expect(slack.messages(general)[0]).toMatchObject({ thread: null, lines: ['a fox & a hen', 'In line…'] })
  })

  it('edits the picture that came with it, in the thread it was said in', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const bytes = await draw('jpeg', 64)
    const file = slack.attach({ name: 'cat.jpg', bytes })
    const root = slack.mumble(general, { user: 'U0BOB', text: 'look at my cat' })
    await slack.mention(general, { user: 'U0ANN', text: 'make it blue', thread: root, files: [file] })
    expect(studio.last()).toMatchObject({ action: 'edit', parentId: null })
    expect(studio.last().inputs).toEqual([
      { kind: 'remote', name: 'cat.jpg', at: { file, team: slack.team, enterprise: null } },
    ])
    const [input] = studio.last().inputs
    if (input?.kind !== 'remote') throw new Error('no picture')
    expect((await bytesOf(h, input)).equals(bytes)).toBe(true)

    await studio.progress(studio.last().id)
    await h.within(studio.deliver(studio.last().id, [source(bytes, 'image/jpeg')]))
    const [result] = slack.messages(general)
    expect(result?.thread).toBe(root)
    expect(result?.images[0]?.alt).toBe('Edited picture: make it blue')
  })

  it('takes a file that names nothing but its id yet', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const bytes = await draw('png')
    const file = slack.attach({ name: 'cat.png', bytes, stub: true, looks: 2 })
    await slack.mention(general, { user: 'U0ANN', text: 'make it blue', files: [file] })
    const [input] = studio.last().inputs
    if (input?.kind !== 'remote') throw new Error('no picture')
    expect((await bytesOf(h, input)).equals(bytes)).toBe(true)
  })

  it('in the thread of a result edits that result', async () => {
    await using h = await startHarness()
    const { slack, studio, adapter } = h
    const general = slack.channel('public', ['U0ANN'])
    const first = await made(h, general)
    await slack.mention(general, { user: 'U0BOB', text: 'now at night', thread: first.ts })
    const edit = studio.last()
    expect(edit).toMatchObject({ action: 'edit', parentId: first.jobId })
    expect(edit.inputs).toEqual([{ kind: 'result', name: 'picture 1', jobId: first.jobId, n: 1 }])
    const receipt = studio.receipt(first.jobId)
    if (receipt === null) throw new Error('no receipt')
    const { type, body } = await h.within(
      adapter.surface.picture(receipt, 1).picture.open(new AbortController().signal),
    )
    expect(type).toBe('image/png')
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(await draw('png'))).toBe(true)

    // The next edit in that thread means the newest picture there.
    await studio.progress(edit.id)
    await h.within(studio.deliver(edit.id, [source(await draw('png', 40), 'image/png')]))
    expect(slack.messages(general).at(-1)?.thread).toBe(first.ts)
    await slack.mention(general, { user: 'U0BOB', text: 'with stars', thread: first.ts })
    expect(studio.last()).toMatchObject({ action: 'edit', parentId: edit.id })
    expect(slack.calls.filter(({ method }) => method === 'conversations.replies')).toEqual([])
  })

  it('in a thread that a picture was shared to edits that picture', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN', 'U0BOB'])
    const root = slack.mumble(general, { user: 'U0BOB', text: 'who draws me a fox?' })
    await slack.mention(general, { user: 'U0ANN', text: 'a fox --private', thread: root })
    await studio.progress(studio.last().id)
    await h.within(studio.deliver(studio.last().id, [source(await draw('png'), 'image/png')]))
    const [hidden] = slack.messages(slack.dm('U0ANN'))
    if (hidden === undefined) throw new Error('no result')
    await slack.press('U0ANN', hidden, 'share_thread')
    await h.until('it is shared', () => slack.messages(general).some(({ images }) => images.length > 0))
    const shared = studio.last()
    await slack.mention(general, { user: 'U0BOB', text: 'now at night', thread: root })
    expect(studio.last()).toMatchObject({ action: 'edit', parentId: shared.id, inputs: [{ jobId: shared.id, n: 1 }] })
    expect(slack.calls.filter(({ method }) => method === 'conversations.replies')).toHaveLength(1)
  })

  it('in a busy workspace still finds the latest result of its thread, without reading it', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const first = await made(h, general)
    await slack.mention(general, { user: 'U0BOB', text: 'now at night', thread: first.ts })
    const edit = studio.last().id
    await studio.progress(edit)
    await h.within(studio.deliver(edit, [source(await draw('png', 40), 'image/png')]))
    for (let n = 0; n < 120; n += 1) await slack.command({ user: 'U0BOB', channel: general, text: `fox ${n}` })
    await slack.mention(general, { user: 'U0BOB', text: 'with stars', thread: first.ts })
    expect(studio.last().parentId).toBe(edit)
    expect(slack.calls.some(({ method }) => method === 'conversations.replies')).toBe(false)
  })

  it.each([
    ['public', 'channels:history'],
    ['private', 'groups:history'],
    ['mpim', 'mpim:history'],
  ] as const)('in a thread of a %s channel that began with a picture edits that picture', async (kind, scope) => {
    const others = ['channels:history', 'groups:history', 'mpim:history'].filter((one) => one !== scope)
    await using h = await startHarness({ without: others })
    const { slack, studio } = h
    const general = slack.channel(kind, ['U0ANN'])
    const file = slack.attach({ name: 'cat.png', bytes: await draw('png') })
    const notes = slack.attach({ name: 'notes.pdf', bytes: Buffer.from('%PDF'), mimetype: 'application/pdf' })
    const root = slack.mumble(general, { user: 'U0BOB', text: 'my cat', files: [file, notes] })
    slack.mumble(general, { user: 'U0BOB', text: 'is it not nice?', thread: root })
    await slack.mention(general, { user: 'U0ANN', text: 'make it blue', thread: root })
    expect(studio.last().inputs).toEqual([
      { kind: 'remote', name: 'cat.png', at: { file, team: slack.team, enterprise: null } },
    ])
  })

  it('in the thread of a request that failed makes one from words, without reading the thread', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    await studio.progress(studio.last().id)
    await h.within(studio.fail(studio.last().id, { code: 'content_rejected' }))
    await slack.mention(general, { user: 'U0ANN', text: 'a hen', thread: slack.messages(general)[0]?.ts ?? '' })
    expect(studio.last()).toMatchObject({ action: 'imagine', inputs: [] })
    expect(slack.calls.filter(({ method }) => method === 'conversations.replies')).toEqual([])
  })

  it('in a thread without pictures makes one from words', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const root = slack.mumble(general, { user: 'U0BOB', text: 'what shall we draw?' })
    await slack.mention(general, { user: 'U0ANN', text: 'a fox', thread: root })
    expect(studio.last()).toMatchObject({ action: 'imagine', inputs: [] })
  })

  it.each([
    [{ status: 429, retryAfter: 60 }],
    [{ error: 'missing_scope', extra: { needed: 'channels:history' } }],
    [{ cut: true }],
  ] as const)('spends nothing when Slack does not show how the thread began (%j)', async (fault) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const root = slack.mumble(general, {
      user: 'U0BOB',
      text: 'my cat',
      files: [slack.attach({ name: 'a.png', bytes: await draw('png') })],
    })
    slack.fail('conversations.replies', fault)
    await slack.mention(general, { user: 'U0ANN', text: 'make it blue', thread: root })
    await h.until('the asker was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]).toMatchObject({
      thread: root,
      lines: ['Your picture could not be downloaded. Attach it again.'],
    })
    expect(studio.asks).toEqual([])
  })

  it('in a thread is not taken for words alone while the store is down', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const { ts } = await made(h, general)
    studio.breakDown(1)
    await slack.mention(general, { user: 'U0ANN', text: 'make it blue', thread: ts })
    await h.until('the asker was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain('nothing was started')
    expect(studio.jobs()).toHaveLength(1)
  })

  it.each([
    ['', ['/imagine a fox in the snow']],
    ['help', ['/imagine a fox in the snow']],
  ])('of nothing but %j is answered with how to use the bot', async (text, [first]) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.mention(general, { user: 'U0ANN', text })
    await h.until('the help came', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain(first)
    expect(studio.asks).toEqual([])
  })

  it.each([
    ['notes.txt', 'text/plain', 'notes.txt is not a picture.'],
    ['<!channel>.svg', 'image/svg+xml', '<!channel>.svg is not a picture.'],
  ])('with %s is refused in one sentence', async (name, mimetype, sentence) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const file = slack.attach({ name, mimetype, bytes: Buffer.from('words') })
    await slack.mention(general, { user: 'U0ANN', text: 'make it blue', files: [file] })
    await h.until('the asker was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain(sentence)
    expect(studio.jobs()).toEqual([])
  })

  it('in a channel shared with another organisation belongs to the workspace that has the bot', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const shared = slack.channel('public', ['U0ANN'])
    const payload = {
      ...{
        type: 'event_callback',
        event_id: 'EvShared',
        event_time: 1,
        team_id: 'T0OTHERS1',
        context_team_id: slack.team,
      },
      ...{
        is_ext_shared_channel: true,
        authorizations: [{ enterprise_id: null, team_id: slack.team, user_id: slack.bot }],
      },
      event: {
        ...{ type: 'app_mention', user: 'W0STRANGER', user_team: 'T0OTHERS1', source_team: 'T0OTHERS1', ts: '1.2' },
        ...{ channel: shared, text: `<@${slack.bot}> a fox` },
        user_profile: { display_name: '', real_name: 'Ann <!here>', name: 'ann', team: 'T0OTHERS1' },
      },
    }
    expect(await slack.deliver('events_api', payload)).toMatchObject({ acked: true })
    expect(studio.last()).toMatchObject({ workspace: slack.team, person: { id: 'W0STRANGER', name: 'Ann <!here>' } })
  })

  it('with seventeen pictures uses sixteen and names the other', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const bytes = await draw('png')
    const files = Array.from({ length: 17 }, (_, at) => slack.attach({ name: `${at}.png`, bytes }))
    await slack.mention(general, { user: 'U0ANN', text: 'a collage', files })
    expect(studio.last().inputs).toHaveLength(16)
    expect(studio.last().omitted).toEqual([{ name: '16.png', why: 'too_many' }])
  })

  it('with a picture and something else uses the picture, and its message says both', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const cat = slack.attach({ name: 'cat.png', bytes: await draw('png') })
    const notes = slack.attach({ name: '*notes*.pdf', bytes: Buffer.from('%PDF'), mimetype: 'application/pdf' })
    await slack.mention(general, { user: 'U0ANN', text: 'make it blue', files: [notes, cat] })
    expect(studio.last()).toMatchObject({
      inputs: [{ name: 'cat.png' }],
      omitted: [{ name: '*notes*.pdf', why: 'not_a_picture' }],
    })
    await studio.progress(studio.last().id)
    await h.within(studio.deliver(studio.last().id, [source(await draw('png'), 'image/png')]))
    const lines = slack.messages(general)[0]?.lines.join('\n')
    expect(lines).toContain('Uses cat.png.')
    expect(lines).toContain('Not used: *notes*.pdf (not a picture).')
  })

  it('with something that is no picture, in the thread of one, uses that one', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const first = await made(h, general)
    const notes = slack.attach({ name: 'notes.pdf', bytes: Buffer.from('%PDF'), mimetype: 'application/pdf' })
    await slack.mention(general, { user: 'U0ANN', text: 'make it blue', thread: first.ts, files: [notes] })
    expect(studio.last()).toMatchObject({
      parentId: first.jobId,
      omitted: [{ name: 'notes.pdf', why: 'not_a_picture' }],
    })
  })

  it('is told in a direct message where the asker has left the channel', async () => {
    await using h = await startHarness()
    const { slack } = h
    const general = slack.channel('public', ['U0BOB'])
    await slack.mention(general, { user: 'U0ANN', text: 'a' })
    const dm = slack.dm('U0ANN')
    await h.until('the asker was told', () => slack.messages(dm).length === 1)
    expect(slack.messages(dm)[0]?.lines).toEqual(['Say a little more: at least 3 characters.'])
  })

  it.each([
    ['an edited message', { edited: { user: 'U0ANN', ts: '1.2' } }],
    ['another bot', { bot_id: 'B0OTHER' }],
    ['a system message', { subtype: 'channel_join' }],
  ])('of %s is acked and left alone', async (_name, more) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    expect(await slack.mention(general, { user: 'U0ANN', text: 'a fox', more })).toMatchObject({ acked: true })
    expect(await slack.mention(general, { user: slack.bot, text: 'a fox' })).toMatchObject({ acked: true })
    expect(studio.asks).toEqual([])
  })

  it('that comes twice is one request', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    expect(await slack.mention(general, { user: 'U0ANN', text: 'a fox', twice: true })).toMatchObject({ acked: true })
    expect(studio.jobs()).toHaveLength(1)
  })

  it('is acked only when it is written down: what failed comes again', async () => {
    await using h = await startHarness({ ackMs: 200 })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    studio.breakDown(1)
    expect(await slack.mention(general, { user: 'U0ANN', text: 'a fox' })).toMatchObject({ acked: true, deliveries: 2 })
    expect(studio.jobs()).toHaveLength(1)
  })

  it('is acked at once when the store is slow', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const goOn = studio.stall()
    expect(await slack.mention(general, { user: 'U0ANN', text: 'a fox' })).toMatchObject({ acked: true, deliveries: 1 })
    expect(studio.jobs()).toEqual([])
    goOn()
    await h.until('it was accepted', () => studio.jobs().length === 1)
  })
})

describe('a direct message', () => {
  it('makes a picture from words, and edits one that came with it', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    await slack.write({ user: 'U0ANN', text: 'a fox in the snow' })
    expect(studio.last()).toMatchObject({ action: 'imagine', channel: slack.dm('U0ANN') })
    const file = slack.attach({ name: 'cat.png', bytes: await draw('png') })
    await slack.write({ user: 'U0ANN', text: 'make it blue', files: [file] })
    expect(studio.last()).toMatchObject({ action: 'edit', inputs: [{ at: { file } }] })
    await studio.progress(studio.last().id)
    await h.within(studio.deliver(studio.last().id, [source(await draw('png', 20), 'image/png')]))
    expect(slack.messages(slack.dm('U0ANN'))[0]?.images).toHaveLength(1)
  })

  it('in the thread of a result edits it', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    await slack.write({ user: 'U0ANN', text: 'a fox in the snow' })
    const first = studio.last()
    await studio.progress(first.id)
    await h.within(studio.deliver(first.id, [source(await draw('png'), 'image/png')]))
    const [result] = slack.messages(slack.dm('U0ANN'))
    await slack.write({ user: 'U0ANN', text: 'at night', thread: result?.ts ?? '' })
    expect(studio.last()).toMatchObject({ action: 'edit', parentId: first.id })
  })

  it('is refused in that conversation', async () => {
    await using h = await startHarness()
    const { slack } = h
    await slack.write({ user: 'U0ANN', text: 'a' })
    await h.until('the asker was told', () => slack.messages(slack.dm('U0ANN')).length === 1)
    await slack.write({ user: 'U0ANN', text: 'help' })
    await h.until('the help came', () => slack.messages(slack.dm('U0ANN')).length === 2)
  })

  it('with --private stays where it is', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    await slack.write({ user: 'U0ANN', text: 'a fox --private' })
    await studio.progress(studio.last().id)
    expect(slack.messages(slack.dm('U0ANN'))).toHaveLength(1)
  })

  it.each([
    ['changed', { subtype: 'message_changed', message: { text: 'a fox' } }],
    ['deleted', { subtype: 'message_deleted' }],
    ['of a bot', { subtype: 'bot_message', bot_id: 'B0OTHER' }],
    ['without a user', { user: '' }],
    ['elsewhere', { channel_type: 'mpim' }],
  ])('%s is acked and left alone', async (_name, more) => {
    await using h = await startHarness()
    const { slack, studio } = h
    expect(await slack.write({ user: 'U0ANN', text: 'a fox', more })).toMatchObject({ acked: true })
    expect(await slack.write({ user: 'U0ANN', text: '' })).toMatchObject({ acked: true })
    expect(studio.asks).toEqual([])
  })
})
