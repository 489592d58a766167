import { describe, expect, it } from 'vitest'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'
import type { SeenView } from './stand-in/views.ts'

/** A delivered result in a channel, with its message as people see it. */
async function made(h: Harness, channel: string, text = 'a fox --ar 3:2 --hq') {
  await h.slack.command({ user: 'U0ANN', channel, text })
  const job = h.studio.last()
  await h.studio.progress(job.id)
  await h.within(h.studio.deliver(job.id, [source(await draw('png'), 'image/png')]))
  const at = h.studio.receipt(job.id)?.address.at as { message: { channel: string; ts: string } } | undefined
  const seen = h.slack.messages(at?.message.channel ?? '').find(({ ts }) => ts === at?.message.ts)
  if (seen === undefined) throw new Error('no result')
  return { jobId: job.id, message: seen }
}

function theForm(h: Harness, user: string): SeenView {
  const [form, ...others] = h.slack.forms(user)
  if (form === undefined || others.length > 0) throw new Error(`${others.length} forms`)
  return form
}

const initials = ({ inputs }: SeenView) => Object.fromEntries(inputs.map(({ field, initial }) => [field, initial]))

describe.each(['sockets', 'http'] as const)('by %s, /imagine alone', (transport) => {
  it('opens a form for a new picture, which makes it where it was opened', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    expect(await slack.command({ user: 'U0ANN', channel: general, text: '  ' })).toMatchObject({
      acked: true,
      answer: null,
    })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    const form = theForm(h, 'U0ANN')
    expect(form).toMatchObject({ title: 'Create a picture', submit: 'Create' })
    expect(initials(form)).toEqual({
      ...{ prompt: '', aspect_ratio: '1:1', quality: 'medium', count: '1', pictures: [], where: general, only_me: [] },
    })
    expect(form.inputs.filter(({ optional }) => !optional).map(({ field }) => field)).toEqual([
      ...['prompt', 'aspect_ratio', 'quality', 'count'],
    ])

    const cat = slack.attach({ name: 'cat.png', bytes: await draw('png') })
    const notes = slack.attach({ name: 'notes.pdf', bytes: Buffer.from('%PDF'), mimetype: 'application/pdf' })
    const sent = await slack.submit(form, {
      ...{ prompt: 'a fox --hq', aspect_ratio: '3:2', quality: 'high', count: '2', pictures: [cat, notes] },
    })
    expect(sent).toMatchObject({ acked: true, errors: {} })
    expect(slack.forms('U0ANN')).toEqual([])
    // The fields say it all: words are words.
    expect(studio.last().request).toEqual({
      ...{ prompt: 'a fox --hq', aspectRatio: '3:2', quality: 'high', count: 2, private: false, spoiler: false },
    })
    expect(studio.last()).toMatchObject({
      ...{ action: 'edit', parentId: null, channel: general, person: { id: 'U0ANN', name: 'u0ann' } },
      inputs: [{ name: 'cat.png', at: { file: cat } }],
      omitted: [{ name: 'notes.pdf', why: 'not_a_picture' }],
    })
    await studio.progress(studio.last().id)
    expect(slack.messages(general)[0]).toMatchObject({ thread: null, lines: expect.arrayContaining(['a fox --hq']) })
  })

  it('makes it elsewhere where that is chosen, or only for the asker', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const [general, other] = [slack.channel('public', ['U0ANN']), slack.channel('private', ['U0ANN'])]
    await slack.command({ user: 'U0ANN', channel: general, text: '' })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    await slack.submit(theForm(h, 'U0ANN'), { prompt: 'a fox', where: other })
    await studio.progress(studio.last().id)
    expect(studio.last()).toMatchObject({ channel: other, request: { private: false } })
    expect(slack.messages(general)).toEqual([])
    expect(slack.messages(other)).toHaveLength(1)

    await slack.command({ user: 'U0ANN', channel: general, text: '' })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    await slack.submit(theForm(h, 'U0ANN'), { prompt: 'a hen', only_me: ['only_me'] })
    await studio.progress(studio.last().id)
    expect(studio.last()).toMatchObject({ channel: general, request: { private: true } })
    expect(slack.messages(slack.dm('U0ANN'))).toHaveLength(1)
  })

  it('reaches a conversation without the bot by the response URL that came with the form', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const secret = slack.channel('private', ['U0ANN'], false)
    await slack.command({ user: 'U0ANN', channel: secret, text: '' })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    await slack.submit(theForm(h, 'U0ANN'), { prompt: 'a fox' })
    await studio.progress(studio.last().id)
    expect(slack.whispers(secret, 'U0ANN')).toHaveLength(1)
    expect(JSON.stringify(studio.last().address.at)).not.toContain('/respond/')
  })

  it('says under its fields what is wrong, stays open, and then works', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: '' })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    const form = theForm(h, 'U0ANN')
    expect((await slack.submit(form, { prompt: 'a' })).errors).toEqual({
      prompt: 'Say a little more: at least 3 characters.',
    })
    const notes = slack.attach({ name: '<notes>.pdf', bytes: Buffer.from('%PDF'), mimetype: 'application/pdf' })
    expect((await slack.submit(form, { prompt: 'a fox', pictures: [notes] })).errors).toEqual({
      pictures: '<notes>.pdf is not a picture. Attach a PNG, JPEG, WebP, GIF, AVIF or HEIC file.',
    })
    studio.refuse({ code: 'day_spent' })
    expect((await slack.submit(form, { prompt: 'a fox' })).errors.prompt).toContain('Today’s credits')
    studio.refuse(null)
    expect(studio.jobs()).toEqual([])
    expect(await slack.submit(form, { prompt: 'a fox' })).toMatchObject({ acked: true, errors: {} })
    expect(studio.jobs()).toHaveLength(1)
  })

  it('makes one picture of a form that arrives twice', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: '', twice: true })
    // One trigger opens one form.
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    expect(slack.calls.filter(({ method }) => method === 'views.open')).toHaveLength(1)
    expect(await slack.submit(theForm(h, 'U0ANN'), { prompt: 'a fox' }, true)).toMatchObject({ acked: true })
    await h.until('both came', () => studio.asks.length === 2)
    expect(studio.jobs()).toHaveLength(1)
  })

  it('closes at once when the store is slow, and refuses by words afterwards', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: '' })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    const goOn = studio.stall()
    expect(await slack.submit(theForm(h, 'U0ANN'), { prompt: 'a fox' })).toMatchObject({ acked: true, errors: {} })
    studio.refuse({ code: 'store_unavailable' })
    goOn()
    await h.until('the asker was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain('nothing was started')
  })

  it('says so where the form came too late', async () => {
    await using h = await startHarness({ transport })
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    slack.hurry(-1)
    expect(await slack.command({ user: 'U0ANN', channel: general, text: '' })).toMatchObject({ acked: true })
    await h.until('the asker was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines).toEqual([
      'That took too long, so the form did not open. Try again.',
    ])
    expect(slack.calls.filter(({ method }) => method === 'views.open')).toHaveLength(1)
  })
})

describe.each(['sockets', 'http'] as const)('by %s, the shortcut Create image', (transport) => {
  it('opens the form from everywhere, and its picture goes where it is said', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    expect(await slack.shortcut('U0ANN', 'create_image')).toMatchObject({ acked: true, payload: {} })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    expect(initials(theForm(h, 'U0ANN')).where).toBeNull()
    await slack.submit(theForm(h, 'U0ANN'), { prompt: 'a fox', where: general })
    expect(studio.last()).toMatchObject({ channel: general, request: { private: false } })
  })

  it('makes it for the asker alone where nothing is said', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    await slack.shortcut('U0ANN', 'create_image')
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    await slack.submit(theForm(h, 'U0ANN'), { prompt: 'a fox' })
    await studio.progress(studio.last().id)
    expect(studio.last().request.private).toBe(true)
    expect(slack.messages(slack.dm('U0ANN'))[0]?.lines[0]).toBe('a fox')
  })

  it('is told of in a direct message where the form came too late', async () => {
    await using h = await startHarness({ transport })
    const { slack } = h
    slack.hurry(-1)
    await slack.shortcut('U0ANN', 'create_image')
    await h.until('the asker was told', () => slack.messages(slack.dm('U0ANN')).length === 1)
    expect(slack.messages(slack.dm('U0ANN'))[0]?.lines[0]).toContain('That took too long')
  })

  it('of another version is acked and answered', async () => {
    await using h = await startHarness({ transport })
    const { slack } = h
    expect(await slack.shortcut('U0ANN', 'from_another_version')).toMatchObject({ acked: true })
    await h.until('the asker was told', () => slack.messages(slack.dm('U0ANN')).length === 1)
  })
})

describe.each(['sockets', 'http'] as const)('by %s, the shortcut Edit image', (transport) => {
  it('opens a form on the pictures of a message, and answers in its thread', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const cat = slack.attach({ name: 'cat.png', bytes: await draw('png') })
    const stub = slack.attach({ name: 'shared.png', bytes: await draw('png'), stub: true })
    const notes = slack.attach({ name: 'notes.pdf', bytes: Buffer.from('%PDF'), mimetype: 'application/pdf' })
    const ts = slack.mumble(general, { user: 'U0BOB', text: 'my cat', files: [cat, notes, stub] })
    expect(await slack.shortcut('U0ANN', 'edit_image', { channel: general, ts })).toMatchObject({ acked: true })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    const form = theForm(h, 'U0ANN')
    expect(form).toMatchObject({ title: 'Edit a picture', submit: 'Edit' })
    expect(form.lines).toEqual([`Uses cat.png and ${stub}.`, 'Not used: notes.pdf (not a picture).'])
    await slack.submit(form, { prompt: 'make it blue' })
    expect(studio.last()).toMatchObject({
      ...{ action: 'edit', parentId: null, channel: general },
      inputs: [
        { kind: 'remote', name: 'cat.png', at: { file: cat, team: slack.team } },
        { kind: 'remote', name: stub, at: { file: stub } },
      ],
      omitted: [{ name: 'notes.pdf', why: 'not_a_picture' }],
    })
    await studio.progress(studio.last().id)
    expect(slack.messages(general)[0]?.thread).toBe(ts)
  })

  it('in a thread answers in that thread', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('private', ['U0ANN'])
    const root = slack.mumble(general, { user: 'U0BOB', text: 'pictures, please' })
    const cat = slack.attach({ name: 'cat.png', bytes: await draw('png') })
    const ts = slack.mumble(general, { user: 'U0BOB', text: 'my cat', files: [cat], thread: root })
    await slack.shortcut('U0ANN', 'edit_image', { channel: general, ts })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    await slack.submit(theForm(h, 'U0ANN'), { prompt: 'make it blue' })
    await studio.progress(studio.last().id)
    expect(slack.messages(general)[0]?.thread).toBe(root)
  })

  it('on a result of ours edits that result, with its shape and words', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const { jobId, message } = await made(h, general)
    await slack.shortcut('U0BOB', 'edit_image', message)
    await h.until('the form is open', () => slack.forms('U0BOB').length === 1)
    const form = theForm(h, 'U0BOB')
    expect(initials(form)).toMatchObject({ prompt: 'a fox', aspect_ratio: '3:2', quality: 'high', count: '1' })
    const hat = slack.attach({ name: 'hat.png', bytes: await draw('png') })
    await slack.submit(form, { prompt: 'with this hat', pictures: [hat] })
    expect(studio.last()).toMatchObject({
      ...{ action: 'edit', parentId: jobId },
      inputs: [{ kind: 'result', jobId, n: 1 }, { name: 'hat.png' }],
    })
    await studio.progress(studio.last().id)
    expect(slack.messages(general).at(-1)?.thread).toBe(message.ts)
  })

  it('on a message without pictures says so, there', async () => {
    await using h = await startHarness({ transport })
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    const ts = slack.mumble(general, { user: 'U0BOB', text: 'hello' })
    await slack.shortcut('U0ANN', 'edit_image', { channel: general, ts })
    await h.until('the asker was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain('I can’t see a picture there')
    expect(slack.calls.some(({ method }) => method === 'views.open')).toBe(false)
  })
})

describe('the button Edit…', () => {
  it('opens a form on the result that it stands under, and answers beside it', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const { jobId, message } = await made(h, general)
    expect(await slack.press('U0BOB', message, 'edit')).toMatchObject({ acked: true })
    await h.until('the form is open', () => slack.forms('U0BOB').length === 1)
    await slack.submit(theForm(h, 'U0BOB'), { prompt: 'now at night', quality: 'medium' })
    expect(studio.last()).toMatchObject({
      ...{ action: 'edit', parentId: jobId, inputs: [{ kind: 'result', jobId, n: 1 }] },
      request: { prompt: 'now at night', aspectRatio: '3:2', quality: 'medium' },
      person: { id: 'U0BOB' },
    })
    await studio.progress(studio.last().id)
    expect(slack.messages(general).at(-1)).toMatchObject({
      thread: null,
      lines: expect.arrayContaining(['now at night']),
    })
  })

  it('under a private result keeps what follows private', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const { jobId, message } = await made(h, general, 'a fox --private')
    await slack.press('U0ANN', message, 'edit')
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    const form = theForm(h, 'U0ANN')
    expect(form.inputs.map(({ field }) => field)).not.toContain('only_me')
    await slack.submit(form, { prompt: 'now at night' })
    expect(studio.last()).toMatchObject({ parentId: jobId, channel: general, request: { private: true } })
    await studio.progress(studio.last().id)
    expect(slack.messages(general)).toEqual([])
    expect(slack.messages(slack.dm('U0ANN'))).toHaveLength(2)
  })

  it('leaves out a prompt that is longer than a field takes', async () => {
    await using h = await startHarness()
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    for (const [length, initial] of [
      [3_000, 'x'.repeat(3_000)],
      [3_001, ''],
    ] as const) {
      const { message } = await made(h, general, 'x'.repeat(length))
      await slack.press('U0ANN', message, 'edit')
      await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
      expect(initials(theForm(h, 'U0ANN')).prompt).toBe(initial)
      await slack.submit(theForm(h, 'U0ANN'), { prompt: 'a hen' })
    }
  })

  it.each([
    ['of an unknown job', 'a1:nobody', 'The bot no longer knows this picture'],
    ['of an older version', 'a0:job1', 'older version'],
  ])('%s is answered in words', async (_name, value, words) => {
    await using h = await startHarness()
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    const { message } = await made(h, general)
    expect(await slack.press('U0ANN', message, 'edit', value)).toMatchObject({ acked: true })
    await h.until('the presser was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain(words)
  })

  it('says so when the store does not answer in time', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const { message } = await made(h, general)
    studio.get = () => new Promise(() => undefined)
    expect(await slack.press('U0ANN', message, 'edit')).toMatchObject({ acked: true })
    await h.until('the presser was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain('can’t write down requests')
  })

  it('opens its form while sixteen pictures with long names are on it', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const name = `${'"'.repeat(250)}.png`
    const bytes = await draw('png')
    const files = Array.from({ length: 30 }, () => slack.attach({ name, bytes }))
    const ts = slack.mumble(general, { user: 'U0BOB', text: 'many', files })
    await slack.shortcut('U0ANN', 'edit_image', { channel: general, ts })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    const form = theForm(h, 'U0ANN')
    expect(form.inputs.map(({ field }) => field)).not.toContain('pictures')
    await slack.submit(form, { prompt: 'a collage' })
    expect(studio.last().inputs).toHaveLength(16)
    expect(new Set(studio.last().omitted.map(({ why }) => why))).toEqual(new Set(['too_many']))
  })
})

describe('a form', () => {
  it('of another version says that it is too old', async () => {
    await using h = await startHarness()
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: '' })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    const form = { ...theForm(h, 'U0ANN'), metadata: '{"v":0}' }
    expect((await slack.submit(form, { prompt: 'a fox' })).errors.prompt).toContain('Open it again')
  })

  it('that nobody knows is closed', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: '' })
    await h.until('the form is open', () => slack.forms('U0ANN').length === 1)
    const form = { ...theForm(h, 'U0ANN'), callbackId: 'of_somebody_else' }
    expect(await slack.submit(form, { prompt: 'a fox' })).toMatchObject({ acked: true, errors: {} })
    expect(studio.asks).toEqual([])
  })
})
