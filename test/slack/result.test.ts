import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Job } from '../../src/core/job.ts'
import { createLinks } from '../../src/core/link.ts'
import type { ShowCall } from '../../src/core/ports.ts'
import { headOf, type ViewOf } from '../../src/core/view.ts'
import { freeCall } from './fake-studio.ts'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'

const callsOf = (h: Harness, method: string) => h.slack.calls.filter((call) => call.method === method)
const pictures = (count = 1) =>
  Promise.all(Array.from({ length: count }, async (_, at) => source(await draw('png', 20 + at), 'image/png')))

async function asked(h: Harness, channel: string, text = 'a fox'): Promise<Job> {
  await h.slack.command({ user: 'U0ANN', channel, text })
  const job = h.studio.last()
  await h.within(h.studio.progress(job.id))
  return job
}

/** The process dies right before the next request of this kind: nothing of what comes after reaches Slack. */
function dyingBefore(h: Harness, method: string): ShowCall {
  const last = { 'files.completeUploadExternal': 'upload', 'chat.update': 'files.info' }[method]
  const gate = () => {
    if (last !== undefined && h.slack.calls.at(-1)?.method === last) throw new AppError('not_ours')
  }
  return { ...freeCall, gate }
}

describe('a crash', () => {
  it('between the upload and the message finds the files again: nothing is uploaded twice', async () => {
    await using h = await startHarness({ looks: 0 })
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel, 'a fox --count 2')
    const dying = dyingBefore(h, 'chat.update')
    await expect(h.within(studio.deliver(job.id, await pictures(2), dying))).rejects.toMatchObject({ code: 'not_ours' })
    expect(slack.messages(channel)[0]?.images).toEqual([])
    const [first, second] = slack.uploads().map(({ id }) => id)
    expect(studio.receipt(job.id)?.address.at).toMatchObject({
      uploaded: { message: [{ n: 1 }, { n: 2 }], thread: [] },
    })

    await h.within(studio.deliver(job.id, await pictures(2)))
    expect(slack.messages(channel)).toHaveLength(1)
    expect(
      slack
        .messages(channel)[0]
        ?.images.map(({ id }) => id)
        .toSorted(),
    ).toEqual([first, second].toSorted())
    expect(slack.uploads()).toHaveLength(2)
    expect(callsOf(h, 'files.completeUploadExternal')).toHaveLength(1)
    // Nothing of it is left in the address, which would be for a later try.
    expect(studio.receipt(job.id)?.address.at).toMatchObject({ uploaded: { message: [], thread: [] } })
  })

  it('between the bytes and the file uploads anew', async () => {
    await using h = await startHarness({ looks: 0 })
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel)
    const dying = dyingBefore(h, 'files.completeUploadExternal')
    await expect(h.within(studio.deliver(job.id, await pictures(), dying))).rejects.toMatchObject({ code: 'not_ours' })
    await h.within(studio.deliver(job.id, await pictures()))
    expect(slack.uploads().filter(({ completed }) => completed)).toHaveLength(1)
    expect(slack.messages(channel)[0]?.images).toHaveLength(1)
  })

  it('after which a file is gone uploads that one anew, and the others not', async () => {
    await using h = await startHarness({ looks: 0 })
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel, 'a fox --count 2')
    const dying = dyingBefore(h, 'chat.update')
    await expect(h.within(studio.deliver(job.id, await pictures(2), dying))).rejects.toMatchObject({ code: 'not_ours' })
    slack.fail('files.info', { error: 'file_deleted' })
    await h.within(studio.deliver(job.id, await pictures(2)))
    expect(slack.uploads()).toHaveLength(3)
    expect(slack.messages(channel)[0]?.images).toHaveLength(2)
  })

  it('after the pictures were shared into the thread does not share them again', async () => {
    await using h = await startHarness({ looks: 0 })
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel, 'a fox --count 2')
    slack.fail('chat.update', ...unshown(6), { status: 500 }, { status: 500 }, { status: 500 })
    await expect(h.within(studio.deliver(job.id, await pictures(2)))).rejects.toMatchObject({
      code: 'surface_unavailable',
    })
    const receipt = await h.within(studio.deliver(job.id, await pictures(2)))
    const [message, ...shared] = slack.messages(channel)
    expect(shared).toHaveLength(1)
    expect(shared[0]?.files).toHaveLength(2)
    expect(message?.lines.join()).toContain('in this message’s thread')
    expect(message?.images).toEqual([])
    expect(receipt.files).toHaveLength(2)
  })

  it('while they were shared takes back what may still appear there', async () => {
    await using h = await startHarness({ looks: 0 })
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel)
    slack.fail('chat.update', ...unshown(6))
    slack.neverShared()
    await expect(h.within(studio.deliver(job.id, await pictures()))).rejects.toMatchObject({ code: 'delivery_refused' })
    const late = studio.receipt(job.id)?.address.at
    expect(late).toMatchObject({ uploaded: { thread: [{ n: 1 }] } })
    slack.neverShared(false)
    await h.within(studio.deliver(job.id, await pictures()))
    expect(slack.messages(channel).filter(({ files }) => files.length > 0)).toHaveLength(1)
    expect(slack.uploads()).toHaveLength(1)
  })

  it('after a new message was posted for the result finds that one', async () => {
    await using h = await startHarness({ looks: 0 })
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel)
    for (const message of slack.messages(channel)) slack.remove(message)
    slack.fail('chat.update', { error: 'message_not_found' }, { status: 500 }, { status: 500 }, { status: 500 })
    await expect(h.within(studio.deliver(job.id, await pictures()))).rejects.toMatchObject({
      code: 'surface_unavailable',
    })
    expect(slack.messages(channel)).toHaveLength(1)
    await h.within(studio.deliver(job.id, await pictures()))
    expect(slack.messages(channel)).toHaveLength(1)
    expect(slack.uploads()).toHaveLength(1)
  })
})

const unshown = (times: number) =>
  Array.from({ length: times }, () => ({
    error: 'invalid_blocks',
    extra: { response_metadata: { messages: ['[ERROR] invalid slack file [json-pointer:/blocks/1/slack_file]'] } },
  }))

describe('an address of an older release', () => {
  it.each([true, false])('is still read (invite: %s)', async (invite) => {
    await using h = await startHarness()
    const { slack, studio, adapter } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel)
    const [message] = slack.messages(channel)
    const at = {
      ...{ version: 1, team: slack.team, channel, thread: null, user: 'U0ANN', private: false, route: 'channel' },
      message: { channel, ts: message?.ts ?? '', thread: null },
      invite,
    }
    const view = resultView(job, await pictures())
    const receipt = await h.within(adapter.surface.show({ at, secret: null }, view, freeCall))
    expect(receipt.address.at).toMatchObject({ version: 2, hindrance: invite ? 'absent' : null })
    expect(slack.messages(channel)).toHaveLength(1)
    expect(slack.messages(channel)[0]?.images).toHaveLength(1)
    expect(studio.jobs()).toHaveLength(1)
  })
})

function resultView(job: Job, given: Awaited<ReturnType<typeof pictures>>, link?: string): ViewOf<'result'> {
  const [first, ...rest] = given.map((picture, at) => ({
    ...{ n: at + 1, picture },
    ...(link === undefined ? {} : { link: `${link}/${at + 1}.png?a=1&b=2` }),
  }))
  if (first === undefined) throw new Error('a result has a picture')
  return { ...headOf(job), kind: 'result', pictures: [first, ...rest], failures: [], credits: 10, tookMs: 1_000 }
}

describe('where Slack takes no files', () => {
  const publicUrl = 'https://imagine.test'
  const links = createLinks(() => publicUrl, 'k'.repeat(32))
  const link = 'https://results.test'
  const refused = [
    'file_uploads_disabled',
    'file_upload_size_restricted',
    'file_uploads_except_images_disabled',
    'file_type_not_allowed',
    'storage_limit_reached',
    'posting_to_channel_denied',
    'slack_connect_file_upload_sharing_blocked',
    'missing_scope',
    'not_allowed_token_type',
  ]

  it.each(refused)('(%s) it is given a signed link', async (error) => {
    await using h = await startHarness({ links })
    const { slack, adapter, studio, shelf } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel, 'a fox --count 2')
    slack.reaches((url) => url.startsWith(publicUrl))
    slack.fail('files.getUploadURLExternal', ...Array.from({ length: 8 }, () => ({ error })))
    const address = studio.receipt(job.id)?.address
    if (address === undefined) throw new Error('no address')
    const receipt = await h.within(adapter.surface.show(address, resultView(job, await pictures(2), link), freeCall))
    const [message] = slack.messages(channel)
    expect(message?.images.map(({ url, alt }) => [url.startsWith(`${publicUrl}/inputs/`), alt])).toEqual([
      [true, '1/2 Picture: a fox'],
      [true, '2/2 Picture: a fox'],
    ])
    for (const { url } of message?.images ?? []) {
      const { pathname, searchParams } = new URL(url)
      const id = pathname.split('/').at(-1) ?? ''
      const good = links.verify(id, searchParams.get('e') ?? '', searchParams.get('s') ?? '', h.clock.now())
      expect(good).toBe(true)
      expect(await shelf.find(id)).toMatchObject({ type: 'image/png' })
    }
    expect(receipt.files).toEqual([])
  })

  it('and can’t fetch from us either, people are given the image API’s links, and told that they expire', async () => {
    await using h = await startHarness({ links })
    const { slack, adapter, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel, 'a fox --count 2')
    slack.fail('files.getUploadURLExternal', { error: 'file_uploads_disabled' }, { error: 'file_uploads_disabled' })
    const address = studio.receipt(job.id)?.address
    if (address === undefined) throw new Error('no address')
    await h.within(adapter.surface.show(address, resultView(job, await pictures(2), link), freeCall))
    const [message] = slack.messages(channel)
    expect(message?.images).toEqual([])
    expect(message?.lines.join()).toContain(`[Open 1](${link}/1.png?a=1&b=2) · [Open 2](${link}/2.png?a=1&b=2)`)
    expect(message?.lines.join()).toContain('This link works for a day or more: save the picture soon.')
    // Fetching it was tried once more: it fails now and then also for good links.
    expect(callsOf(h, 'chat.update')).toHaveLength(3)
  })

  it('and there is no link for people, the failure is said', async () => {
    await using h = await startHarness()
    const { slack, adapter, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel)
    const address = studio.receipt(job.id)?.address
    if (address === undefined) throw new Error('no address')
    for (const local of [undefined, 'http://127.0.0.1:9', `https://results.test/${'x'.repeat(3_000)}`]) {
      slack.fail('files.getUploadURLExternal', { error: 'file_uploads_disabled' })
      const showing = adapter.surface.show(address, resultView(job, await pictures(), local), freeCall)
      await expect(h.within(showing)).rejects.toMatchObject({ code: 'delivery_refused' })
    }
  })

  it('by a response URL, the link comes there, within its uses', async () => {
    await using h = await startHarness({ links })
    const { slack, adapter, studio } = h
    slack.reaches((url) => url.startsWith(publicUrl))
    const channel = slack.channel('private', ['U0ANN'], false)
    const job = await asked(h, channel)
    slack.fail('respond', { status: 404, body: 'invalid_blocks' }, { status: 404, body: 'invalid_blocks' })
    const address = studio.receipt(job.id)?.address
    if (address === undefined) throw new Error('no address')
    const receipt = await h.within(adapter.surface.show(address, resultView(job, await pictures(), link), freeCall))
    expect(slack.messages(channel)[0]?.images[0]?.url).toContain(publicUrl)
    // Uploaded all the same, so that it can be edited.
    expect(receipt.files).toHaveLength(1)
    expect(receipt.address.secret).toMatchObject({ uses: 4 })
  })

  it('by a response URL without a link of ours, the image API’s link comes there, with how to invite the bot', async () => {
    await using h = await startHarness()
    const { slack, adapter, studio } = h
    const channel = slack.channel('private', ['U0ANN'], false)
    const job = await asked(h, channel)
    await h.within(studio.progress(job.id, 20_000))
    slack.fail('respond', { status: 404, body: 'invalid_blocks' })
    const address = studio.receipt(job.id)?.address
    if (address === undefined) throw new Error('no address')
    await h.within(adapter.surface.show(address, resultView(job, await pictures(), link), freeCall))
    const [message] = slack.messages(channel)
    expect(message?.lines.join()).toContain(`[Open](${link}/1.png?a=1&b=2)`)
    expect(message?.lines.join()).toContain('/invite @imagine')
  })
})

describe('a result', () => {
  it.each(['webp', 'avif'] as const)('in %s is converted', async (kind) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel)
    await h.within(studio.deliver(job.id, [source(await draw(kind), `image/${kind}`)]))
    expect(slack.messages(channel)[0]?.images[0]?.type).toMatch(/^image\/(png|jpeg)$/)
  })

  it('of four is one message with four pictures, described and in their order', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel, 'a fox --count 4')
    const given = await pictures(4)
    await h.within(studio.deliver(job.id, given))
    const [message, ...others] = slack.messages(channel)
    expect(others).toEqual([])
    expect(message?.images.map(({ alt }) => alt)).toEqual([1, 2, 3, 4].map((n) => `${n}/4 Picture: a fox`))
    const sizes = await Promise.all([0, 1, 2, 3].map(async (at) => (await draw('png', 20 + at)).length))
    expect(message?.images.map(({ bytes }) => bytes.length)).toEqual(sizes)
    expect(slack.uploads().every(({ alt }) => alt === 'Picture: a fox')).toBe(true)
    expect(callsOf(h, 'files.completeUploadExternal')).toHaveLength(1)
  })

  it('comes also when a socket is refreshed meanwhile', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    const job = await asked(h, channel)
    slack.links.refresh('refresh_requested')
    const delivering = studio.deliver(job.id, await pictures())
    await slack.command({ user: 'U0ANN', channel, text: 'a hen' })
    await h.within(delivering)
    expect(slack.messages(channel)[0]?.images).toHaveLength(1)
    expect(studio.jobs()).toHaveLength(2)
    await h.until('the socket is back', () => slack.links.made() === 3 && slack.links.count() === 2)
  })

  it('in a channel that was archived meanwhile comes by a direct message, which says why', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    await slack.mention(channel, { user: 'U0ANN', text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    slack.archive(channel)
    await h.within(studio.deliver(studio.last().id, await pictures()))
    const [message] = slack.messages(slack.dm('U0ANN'))
    expect(message?.images).toHaveLength(1)
    expect(message?.lines.join()).toContain('The channel takes no posts from apps (it may be archived or restricted)')
  })

  it('in a channel that the bot was thrown out of, too', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('private', ['U0ANN'])
    await slack.mention(channel, { user: 'U0ANN', text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    slack.kick(channel)
    await h.within(studio.deliver(studio.last().id, await pictures()))
    const [message] = slack.messages(slack.dm('U0ANN'))
    expect(message?.images).toHaveLength(1)
    expect(message?.lines.join()).toContain('The bot is not in the channel, so the answer comes here.')
  })
})
