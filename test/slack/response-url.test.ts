import { describe, expect, it } from 'vitest'
import type { Job, Json, Receipt } from '../../src/core/job.ts'
import { freeCall } from './fake-studio.ts'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'

/** A command in a private channel that the bot is not in. */
async function outside(h: Harness, text = 'a fox'): Promise<{ readonly job: Job; readonly channel: string }> {
  const channel = h.slack.channel('private', ['U0ANN', 'U0BOB'], false)
  await h.slack.command({ user: 'U0ANN', channel, text })
  const job = h.studio.last()
  await h.within(h.studio.progress(job.id))
  return { job, channel }
}

async function png() {
  return source(await draw('png'), 'image/png')
}

const uses = (h: Harness) => h.slack.calls.filter(({ method }) => method === 'respond').length

describe('a channel that the bot is not in', () => {
  it('is answered by the response URL: how to invite it, little progress, and the picture for everybody', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const { job, channel } = await outside(h)
    const [queued] = slack.whispers(channel, 'U0ANN')
    expect(queued?.lines).toContain('In line…')
    expect(queued?.lines).toContain('The bot is not in this channel. With /invite @imagine it can do more here.')
    expect(queued?.buttons).toHaveLength(1)

    for (let ms = 1_000; ms <= 200_000; ms += 3_000) await h.within(studio.progress(job.id, ms))
    // The last three are kept for the end.
    expect(uses(h)).toBe(2)

    const receipt = await h.within(studio.deliver(job.id, [await png()]))
    const [result, ...rest] = slack.messages(channel)
    expect(rest).toEqual([])
    expect(result?.images).toHaveLength(1)
    expect(uses(h)).toBe(3)
    expect(receipt.messageKey).toBeNull()
    expect(receipt.files).toHaveLength(1)
    expect(receipt.address.secret).toMatchObject({ uses: 3 })
  })

  it('has a cancel button that works', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const { channel } = await outside(h)
    const [queued] = slack.whispers(channel, 'U0ANN')
    if (queued === undefined) throw new Error('no placeholder')
    await slack.press('U0ANN', queued, 'cancel')
    await h.until('it is cancelled', () => studio.last().state === 'delivered')
    expect(slack.whispers(channel, 'U0ANN').at(-1)?.lines).toContain('Cancelled. Nothing was charged.')
  })

  it('is told a failure in words, to the asker alone', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const { job, channel } = await outside(h)
    await h.within(studio.fail(job.id, { code: 'content_rejected' }))
    expect(slack.messages(channel)).toEqual([])
    expect(slack.whispers(channel, 'U0ANN').at(-1)?.lines.join()).toContain('content rules')
  })

  it('is the same for two people’s own conversation, which nobody can be invited to', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.between('U0ANN', 'U0BOB')
    await slack.command({ user: 'U0ANN', channel, text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    expect(slack.whispers(channel, 'U0ANN')[0]?.lines).not.toContain('/invite @imagine')
    await h.within(studio.deliver(studio.last().id, [await png()]))
    expect(slack.messages(channel)[0]?.images).toHaveLength(1)
  })

  it('needs no response URL when it is public and the bot may post there', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'], false)
    await slack.command({ user: 'U0ANN', channel, text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    await h.within(studio.deliver(studio.last().id, [await png()]))
    expect(uses(h)).toBe(0)
    expect(slack.messages(channel)[0]?.images).toHaveLength(1)
  })

  it('waits for a picture that is not ready, within the uses there are', async () => {
    await using h = await startHarness({ looks: 9 })
    const { slack, studio } = h
    const { job, channel } = await outside(h)
    await h.within(studio.deliver(job.id, [await png()]))
    expect(uses(h)).toBe(3)
    expect(slack.messages(channel)[0]?.images).toHaveLength(1)
  })

  it('leads to a direct message when a picture never gets ready there', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const { job, channel } = await outside(h)
    slack.fail('respond', ...Array.from({ length: 5 }, () => ({ status: 404, body: 'invalid_blocks' })))
    await h.within(studio.deliver(job.id, [await png()]))
    expect(slack.messages(channel)).toEqual([])
    expect(slack.messages(slack.dm('U0ANN'))[0]?.images).toHaveLength(1)
  })

  it.each([
    ['grew old', (h: Harness) => h.slack.advance(31 * 60_000)],
    ['is refused', (h: Harness) => h.slack.fail('respond', { status: 404, body: '{"ok":false,"error":"used_url"}' })],
    ['is refused without a reason', (h: Harness) => h.slack.fail('respond', { status: 404, body: 'no' })],
  ])('leads to a direct message when the URL %s', async (_name, spoil) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const { job, channel } = await outside(h)
    spoil(h)
    const receipt = await h.within(studio.deliver(job.id, [await png()]))
    expect(slack.messages(channel)).toEqual([])
    const dm = slack.dm('U0ANN')
    expect(slack.messages(dm)[0]?.images).toHaveLength(1)
    expect(receipt.messageKey).toBe(`${slack.team}:${dm}:${slack.messages(dm)[0]?.ts}`)
  })

  it('never uses an old URL: after half an hour the answer is a direct message', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const { job } = await outside(h)
    await h.clock.advance(30 * 60_000)
    await h.within(studio.fail(job.id, { code: 'timed_out' }))
    expect(uses(h)).toBe(1)
    expect(slack.messages(slack.dm('U0ANN'))).toHaveLength(1)
  })

  it('is not asked more often than it may be, however often it is tried: each use is written down before', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const { job, channel } = await outside(h)
    const kept: [Json, number][] = []
    const call = {
      ...freeCall,
      keep: async ({ address }: Receipt) => {
        kept.push([address.secret, uses(h)])
      },
    }
    const broken = Array.from({ length: 9 }, () => ({ status: 500 }))
    slack.fail('respond', ...broken)
    for (let tries = 0; tries < 4; tries += 1)
      await expect(h.within(studio.deliver(job.id, [await png()], call))).rejects.toMatchObject({
        code: 'surface_unavailable',
      })
    await h.within(studio.deliver(job.id, [await png()], call))
    expect(slack.messages(channel)).toEqual([])
    expect(slack.messages(slack.dm('U0ANN'))[0]?.images).toHaveLength(1)
    expect(kept.filter(([secret]) => secret !== null)).toEqual(
      expect.arrayContaining(
        [2, 3, 4, 5].map((count) => [expect.objectContaining({ uses: count }), expect.anything()]),
      ),
    )
    expect(slack.uploads()).toHaveLength(1)
  })

  it('waits at a 429', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const { job } = await outside(h)
    slack.fail('respond', { status: 429, retryAfter: 2 })
    await expect(h.within(studio.fail(job.id, { code: 'timed_out' }))).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 2_000,
    })
  })
})

describe('a channel that takes no posts', () => {
  it.each(['is_archived', 'restricted_action_read_only_channel', 'restricted_action'])(
    '(%s) is answered by the response URL',
    async (error) => {
      await using h = await startHarness()
      const { slack, studio } = h
      const channel = slack.channel('public', ['U0ANN'])
      await slack.command({ user: 'U0ANN', channel, text: 'a fox' })
      slack.fail('chat.postMessage', { error })
      await h.within(studio.progress(studio.last().id))
      expect(slack.whispers(channel, 'U0ANN')[0]?.lines).not.toContain('/invite @imagine')
      await h.within(studio.deliver(studio.last().id, [await png()]))
      expect(slack.messages(channel)[0]?.images).toHaveLength(1)
    },
  )

  it('after the bot was thrown out gets no more progress; the result comes by the response URL', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('private', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel, text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    slack.kick(channel)
    await expect(studio.progress(studio.last().id, 3_000)).rejects.toMatchObject({ code: 'permission_missing' })
    await h.within(studio.deliver(studio.last().id, [await png()]))
    expect(slack.messages(channel).at(-1)?.images).toHaveLength(1)
  })

  it('is answered in a direct message where there is no response URL', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    await slack.mention(channel, { user: 'U0ANN', text: 'a fox' })
    slack.archive(channel)
    await h.within(studio.progress(studio.last().id))
    await h.within(studio.deliver(studio.last().id, [await png()]))
    expect(slack.messages(slack.dm('U0ANN'))[0]?.images).toHaveLength(1)
  })

  it.each([
    ['file_uploads_disabled', 'delivery_refused'],
    ['file_upload_size_restricted', 'delivery_refused'],
    ['storage_limit_reached', 'delivery_refused'],
    ['slack_connect_file_upload_sharing_blocked', 'delivery_refused'],
    ['missing_scope', 'permission_missing'],
  ])('(%s) of files is said in words', async (error, code) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const channel = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel, text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    slack.fail('files.getUploadURLExternal', { error })
    await expect(h.within(studio.deliver(studio.last().id, [await png()]))).rejects.toMatchObject({ code })
  })
})
