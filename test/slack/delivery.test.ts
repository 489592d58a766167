import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Job } from '../../src/core/job.ts'
import { messagesFor } from '../../src/core/messages.ts'
import type { ShowCall } from '../../src/core/ports.ts'
import { freeCall } from './fake-studio.ts'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'

/** A command that was accepted, with its placeholder. */
async function asked(h: Harness, channel: string, text = 'a fox'): Promise<Job> {
  await h.slack.command({ user: 'U0ANN', channel, text })
  const job = h.studio.last()
  await h.within(h.studio.progress(job.id))
  return job
}

async function png(side?: number) {
  return source(await draw('png', side), 'image/png')
}

const en = messagesFor('en')
const seconds = (h: Harness) => h.clock.monotonic() / 1_000
const callsOf = (h: Harness, method: string) => h.slack.calls.filter((call) => call.method === method)

describe('limits', () => {
  it('drops progress at a 429 and never waits with it', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', { status: 429, retryAfter: 30 })
    const before = seconds(h)
    await expect(studio.progress(job.id, 3_000)).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000 })
    expect(seconds(h)).toBe(before)
    // Another job's message does not wait for it either.
    await asked(h, general, 'a hen')
    expect(seconds(h)).toBeLessThan(before + 5)
    expect(slack.messages(general)).toHaveLength(2)
  })

  it('keeps the result, and waits as long as it is asked to', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', { status: 429, retryAfter: 7 }, { status: 429, retryAfter: 5 })
    const before = seconds(h)
    await h.within(studio.deliver(job.id, [await png()]))
    expect(seconds(h) - before).toBeGreaterThanOrEqual(12)
    expect(slack.messages(general)[0]?.images).toHaveLength(1)
  })

  it.each(['ratelimited', 'message_limit_exceeded'])('said without a time (%s) are waited for too', async (error) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', { error }, { error })
    const before = seconds(h)
    await h.within(studio.deliver(job.id, [await png()]))
    expect(seconds(h) - before).toBeGreaterThanOrEqual(2)
    expect(slack.messages(general)[0]?.images).toHaveLength(1)
  })

  it('waits with the placeholder and does not post it twice', async () => {
    await using h = await startHarness()
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    slack.fail('chat.postMessage', { status: 429, retryAfter: 3 })
    await asked(h, general)
    expect(slack.messages(general)).toHaveLength(1)
  })

  it.each(['files.getUploadURLExternal', 'upload', 'files.completeUploadExternal', 'files.info'])(
    'waits at a 429 of %s and uploads one file',
    async (method) => {
      await using h = await startHarness()
      const { slack, studio } = h
      const general = slack.channel('public', ['U0ANN'])
      const job = await asked(h, general)
      slack.fail(method, { status: 429, retryAfter: 4 })
      const before = seconds(h)
      await h.within(studio.deliver(job.id, [await png()]))
      expect(seconds(h) - before).toBeGreaterThanOrEqual(4)
      expect(slack.messages(general)[0]?.images).toHaveLength(1)
      expect(slack.uploads().filter(({ completed }) => completed)).toHaveLength(1)
    },
  )

  it('gives up waiting after a while, and says for how long it was asked to', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', ...Array.from({ length: 5 }, () => ({ status: 429, retryAfter: 2 })))
    await expect(h.within(studio.fail(job.id, { code: 'timed_out' }))).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 2_000,
    })
  })
})

describe('what passes', () => {
  it.each([
    [{ error: 'internal_error' }, { error: 'service_unavailable' }],
    [{ status: 503 }, { cut: true }],
    [{ status: 200, body: '<html>Bad gateway</html>' }, { status: 500 }],
  ] as const)('is tried again where that does no harm: %j', async (...faults) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', ...faults)
    await h.within(studio.fail(job.id, { code: 'timed_out' }))
    expect(slack.messages(general)[0]?.lines).toContain('The image service took too long. Ask again.')
  })

  it('is not tried again where it might be seen twice', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    slack.fail('chat.postMessage', { error: 'internal_error' })
    await expect(h.within(studio.progress(studio.last().id))).rejects.toMatchObject({ code: 'surface_unavailable' })
    expect(callsOf(h, 'chat.postMessage')).toEqual([])
  })

  it.each(['upload', 'files.getUploadURLExternal'])('a broken %s begins the upload anew', async (method) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail(method, { cut: true })
    const picture = await png(200)
    await h.within(studio.deliver(job.id, [picture]))
    expect(slack.messages(general)[0]?.images).toHaveLength(1)
    expect(picture.counts.ended).toBe(picture.counts.opened)
  })

  it('a source that breaks off is its own failure, and nothing short is shown', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    const bytes = await draw('png', 300)
    const picture = source(bytes, 'image/png', { breaks: { times: 1, code: 'upstream_unavailable' } })
    await expect(h.within(studio.deliver(job.id, [picture]))).rejects.toMatchObject({ code: 'upstream_unavailable' })
    expect(slack.messages(general)[0]?.images).toEqual([])
    await h.within(studio.deliver(job.id, [picture]))
    expect(slack.messages(general)[0]?.images[0]?.bytes.equals(bytes)).toBe(true)
  })

  it('does not upload again what was uploaded when showing it failed', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general, 'a fox --count 2')
    slack.fail('chat.update', { status: 500 }, { status: 500 }, { status: 500 })
    const pictures = [await png(20), await png(21)]
    await expect(h.within(studio.deliver(job.id, pictures))).rejects.toMatchObject({ code: 'surface_unavailable' })
    await h.within(studio.deliver(job.id, pictures))
    expect(slack.uploads()).toHaveLength(2)
    expect(slack.messages(general)[0]?.images).toHaveLength(2)
  })
})

describe('pictures that Slack does not show yet', () => {
  it('are waited for, and then sent again until they are shown', async () => {
    await using h = await startHarness({ looks: 11 })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    await h.within(studio.deliver(job.id, [await png()]))
    expect(callsOf(h, 'files.info').length).toBe(8)
    expect(callsOf(h, 'chat.update').length).toBe(4)
    expect(slack.messages(general)[0]?.images).toHaveLength(1)
  })

  it('are shown also without the scope to look at them', async () => {
    await using h = await startHarness({ without: ['files:read'] })
    const { slack, studio, lines } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    await h.within(studio.deliver(job.id, [await png()]))
    expect(slack.messages(general)[0]?.images).toHaveLength(1)
    expect(JSON.stringify(lines)).toContain('files:read')
  })

  it('are shared into the thread of the message in the end, and the message says so', async () => {
    await using h = await startHarness()
    const { slack, studio, adapter } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general, 'a fox --count 2')
    slack.fail('chat.update', ...invalid(12))
    const pictures = [await draw('png', 20), await draw('png', 21)]
    const receipt = await h.within(
      studio.deliver(
        job.id,
        pictures.map((bytes) => source(bytes, 'image/png')),
      ),
    )
    const [message, ...shared] = slack.messages(general)
    expect(message?.images).toEqual([])
    expect(message?.lines.join()).toContain('The picture is in this message’s thread.')
    expect(shared.map(({ thread }) => thread)).toEqual([message?.ts])
    expect(shared[0]?.files).toEqual(['imagine-1.png', 'imagine-2.png'])
    // Those that the message did not show are not left behind.
    expect(slack.uploads()).toHaveLength(2)
    const opened = await h.within(adapter.surface.picture(receipt, 2).picture.open(new AbortController().signal))
    expect(opened.size).toBe(pictures[1]?.length)
  })

  it('are refused in words when they can’t be shared either', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.neverReady()
    slack.neverShared()
    await expect(h.within(studio.deliver(job.id, [await png()]))).rejects.toMatchObject({ code: 'delivery_refused' })
    await h.within(studio.fail(job.id, { code: 'delivery_refused' }))
    expect(slack.messages(general)[0]?.lines.join()).toContain('this channel does not accept it')
  })
})

const invalid = (times: number) =>
  Array.from({ length: times / 2 }, () => ({
    error: 'invalid_blocks',
    extra: { response_metadata: { messages: ['[ERROR] invalid slack file [json-pointer:/blocks/1/slack_file]'] } },
  }))

describe('a message that Slack does not take', () => {
  it.each(['invalid_blocks', 'msg_blocks_too_long', 'msg_too_long'])(
    '(%s) is sent in its short form',
    async (error) => {
      await using h = await startHarness()
      const { slack, studio, lines } = h
      const general = slack.channel('public', ['U0ANN'])
      const job = await asked(h, general)
      slack.fail('chat.update', { error, extra: { response_metadata: { messages: ['[ERROR] no good'] } } })
      await h.within(studio.fail(job.id, { code: 'timed_out' }))
      expect(slack.messages(general)[0]?.lines).toEqual(['The image service took too long. Ask again.'])
      expect(lines.some(({ fields }) => JSON.stringify(fields).includes('no good'))).toBe(true)
    },
  )
})

describe('a message that is gone', () => {
  it.each(['message_not_found', 'cant_update_message', 'edit_window_closed'])(
    '(%s) gets no more progress, but a new message with the result',
    async (error) => {
      await using h = await startHarness()
      const { slack, studio } = h
      const general = slack.channel('public', ['U0ANN'])
      const job = await asked(h, general)
      const [old] = slack.messages(general)
      slack.fail('chat.update', { error }, { error })
      await expect(studio.progress(job.id, 3_000)).rejects.toMatchObject({ code: 'delivery_gone' })
      expect(slack.messages(general)).toHaveLength(1)
      const receipt = await h.within(studio.deliver(job.id, [await png()]))
      const result = slack.messages(general).at(-1)
      expect(result?.images).toHaveLength(1)
      expect(receipt.messageKey).toBe(`${slack.team}:${general}:${result?.ts}`)
      expect(result?.ts).not.toBe(old?.ts)
      // First words, then the picture.
      expect(callsOf(h, 'chat.postMessage').some(({ args }) => String(args.blocks).includes('slack_file'))).toBe(false)
      expect(result?.edits).toBe(1)
    },
  )

  it('is replaced once, however often the result is tried', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    const [old] = slack.messages(general)
    if (old === undefined) throw new Error('no placeholder')
    slack.remove(old)
    slack.fail('chat.update', { error: 'message_not_found' }, { status: 500 }, { status: 500 }, { status: 500 })
    await expect(h.within(studio.deliver(job.id, [await png()]))).rejects.toMatchObject({ code: 'surface_unavailable' })
    await h.within(studio.deliver(job.id, [await png()]))
    expect(slack.messages(general)).toHaveLength(1)
    expect(slack.messages(general)[0]?.images).toHaveLength(1)
  })

  it('is replaced for a failure too', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    for (const message of slack.messages(general)) slack.remove(message)
    await h.within(studio.fail(job.id, { code: 'content_rejected' }))
    expect(slack.messages(general)[0]?.lines.join()).toContain('content rules')
  })

  it('in a thread that is gone is posted outside it', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const root = slack.mumble(general, { user: 'U0BOB', text: 'words' })
    await slack.mention(general, { user: 'U0ANN', text: 'a fox', thread: root })
    slack.remove({ ts: root })
    await h.within(studio.progress(studio.last().id))
    expect(slack.messages(general)[0]?.thread).toBeNull()
  })
})

describe('where no message can be edited', () => {
  it.each(['edit_window_closed', 'cant_update_message', 'message_not_found', 'something_new'])(
    '(%s) the result is posted',
    async (error) => {
      await using h = await startHarness()
      const { slack, studio } = h
      const general = slack.channel('public', ['U0ANN'])
      const job = await asked(h, general)
      slack.fail('chat.update', ...Array.from({ length: 40 }, () => ({ error })))
      await h.within(studio.deliver(job.id, [await png(), await png(40)]))
      const seen = slack.messages(general)
      expect(seen.map(({ images }) => images.length)).toEqual([0, 0, 2])
      expect(studio.receipt(job.id)).toMatchObject({
        messageKey: expect.stringContaining(seen[2]?.ts ?? ''),
        files: [{}, {}],
      })
      expect(slack.uploads().filter(({ completed }) => completed)).toHaveLength(2)
    },
  )

  it('and no picture can be shown, the image API’s link is posted', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', ...Array.from({ length: 40 }, () => ({ error: 'edit_window_closed' })))
    slack.fail('files.getUploadURLExternal', ...Array.from({ length: 9 }, () => ({ error: 'file_uploads_disabled' })))
    await expect(h.within(studio.deliver(job.id, [await png()]))).rejects.toMatchObject({ code: 'delivery_refused' })
    expect(slack.messages(general).length).toBeLessThan(4)
  })
})

describe('a private request', () => {
  it('is shown in a direct message alone', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general, 'a fox --private')
    const dm = slack.dm('U0ANN')
    expect(slack.messages(dm)).toHaveLength(1)
    await h.within(studio.progress(job.id, 2_000))
    const receipt = await h.within(studio.deliver(job.id, [await png()]))
    expect(slack.messages(general)).toEqual([])
    expect(slack.whispers(general, 'U0ANN')).toEqual([])
    const [result, ...rest] = slack.messages(dm)
    expect(rest).toEqual([])
    expect(result?.images).toHaveLength(1)
    expect(receipt.messageKey).toBe(`${slack.team}:${dm}:${result?.ts}`)
    expect(receipt.address.at).toMatchObject({ message: { channel: dm } })
  })

  it('in a thread too', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const root = slack.mumble(general, { user: 'U0BOB', text: 'words' })
    await slack.mention(general, { user: 'U0ANN', text: 'a fox --private', thread: root })
    await h.within(studio.progress(studio.last().id))
    expect(slack.messages(slack.dm('U0ANN'))[0]?.thread).toBeNull()
    expect(slack.messages(general)).toEqual([])
  })

  it('is whispered where direct messages are switched off', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox --private' })
    slack.fail('chat.postMessage', { error: 'messages_tab_disabled' })
    await h.within(studio.progress(studio.last().id))
    await h.within(studio.deliver(studio.last().id, [await png()]))
    expect(slack.messages(general)).toEqual([])
    expect(slack.whispers(general, 'U0ANN').at(-1)?.images).toHaveLength(1)
  })
})

describe('who may speak', () => {
  it('nothing is sent once the gate is shut', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    const shut: ShowCall = {
      ...freeCall,
      gate: () => {
        throw new AppError('not_ours')
      },
    }
    const before = slack.calls.length
    await expect(studio.progress(job.id, 3_000, shut)).rejects.toMatchObject({ code: 'not_ours' })
    await expect(h.within(studio.deliver(job.id, [await png()], shut))).rejects.toMatchObject({ code: 'not_ours' })
    expect(slack.calls).toHaveLength(before)
  })

  it.each([
    ['files.getUploadURLExternal', 'upload'],
    ['upload', 'files.completeUploadExternal'],
    ['files.info', 'chat.update'],
  ])('the gate is asked after %s, before %s', async (last, next) => {
    await using h = await startHarness({ looks: 0 })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    const gate = () => {
      if (slack.calls.at(-1)?.method === last) throw new AppError('not_ours')
    }
    const call = { ...freeCall, gate }
    await expect(h.within(studio.deliver(job.id, [await png()], call))).rejects.toMatchObject({ code: 'not_ours' })
    expect(callsOf(h, last)).not.toEqual([])
    expect(callsOf(h, next)).toEqual([])
  })

  it('the gate is asked before a response URL is used', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const outside = slack.channel('private', ['U0ANN'], false)
    await slack.command({ user: 'U0ANN', channel: outside, text: 'a fox' })
    const gate = () => {
      if (callsOf(h, 'chat.postMessage').length > 0) throw new AppError('not_ours')
    }
    const call = { ...freeCall, gate }
    await expect(h.within(studio.progress(studio.last().id, undefined, call))).rejects.toMatchObject({
      code: 'not_ours',
    })
    expect(callsOf(h, 'respond')).toEqual([])
  })

  it('an abort ends a wait, with the reason of the signal', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', { status: 429, retryAfter: 3_600 })
    const ending = new AbortController()
    const showing = studio.deliver(job.id, [await png()], { ...freeCall, signal: ending.signal })
    const settled = showing.catch((error: unknown) => error)
    await h.until('it waits', () => callsOf(h, 'files.info').length > 2)
    await h.clock.advance(2_000)
    const reason = new AppError('not_ours', { detail: 'stop' })
    ending.abort(reason)
    expect(await settled).toBe(reason)
  })

  it('a scope that is missing is said once to whoever runs the bot, by its name', async () => {
    await using h = await startHarness({ without: ['files:write'] })
    const { slack, studio, lines } = h
    const general = slack.channel('public', ['U0ANN'])
    for (const text of ['a fox', 'a hen']) {
      const job = await asked(h, general, text)
      await expect(h.within(studio.deliver(job.id, [await png()]))).rejects.toMatchObject({
        code: 'permission_missing',
      })
    }
    const said = lines.filter(
      ({ level, fields }) => level === 'error' && JSON.stringify(fields).includes('files:write'),
    )
    expect(said).toHaveLength(1)
  })

  it('a token that is no longer good is said once, and makes us not ready', async () => {
    await using h = await startHarness()
    const { slack, studio, adapter, lines } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', { error: 'token_revoked' }, { error: 'token_revoked' })
    await expect(studio.progress(job.id, 3_000)).rejects.toMatchObject({ code: 'token_rejected' })
    await expect(h.within(studio.fail(job.id, { code: 'internal' }))).rejects.toMatchObject({ code: 'token_rejected' })
    expect(adapter.intake.ready()).toBe(false)
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  it.each(['token_revoked', 'invalid_auth', 'not_authed', 'token_expired', 'account_inactive'])(
    'after %s nothing is begun that could not be shown, and a minute later Slack is asked again',
    async (error) => {
      await using h = await startHarness()
      const { slack, studio, adapter } = h
      const general = slack.channel('public', ['U0ANN'])
      const job = await asked(h, general)
      slack.fail('chat.update', { error })
      await expect(studio.progress(job.id, 3_000)).rejects.toMatchObject({ code: 'token_rejected' })
      const { answer } = await slack.command({ user: 'U0ANN', channel: general, text: 'a hen' })
      expect(answer?.lines[0]).toContain('not signed in here any more')
      const [message] = slack.messages(general)
      if (message === undefined) throw new Error('no message')
      expect(await slack.press('U0ANN', message, 'cancel')).toMatchObject({ acked: true })
      await h.until('the press is answered', () => slack.whispers(general, 'U0ANN').length === 2, 0)
      expect(slack.whispers(general, 'U0ANN')[1]?.lines[0]).toContain('not signed in here any more')
      expect(studio.jobs()).toHaveLength(1)
      // Slack was mistaken.
      await h.clock.advance(60_000)
      expect(adapter.intake.ready()).toBe(true)
      await asked(h, general, 'a hen')
      expect(slack.messages(general)).toHaveLength(2)
    },
  )
})

describe('a refusal that nobody knows', () => {
  it('of the placeholder leads to the response URL', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    slack.fail('chat.postMessage', { error: 'something_new' })
    const job = await asked(h, general)
    expect(slack.whispers(general, 'U0ANN')).toHaveLength(1)
    await h.within(studio.deliver(job.id, [await png()]))
    expect(slack.messages(general)[0]?.images).toHaveLength(1)
  })

  it.each(['files.getUploadURLExternal', 'files.completeUploadExternal'])(
    'of %s leads to another way of showing the picture',
    async (method) => {
      await using h = await startHarness()
      const { slack, studio } = h
      const general = slack.channel('public', ['U0ANN'])
      const job = await asked(h, general)
      slack.fail(method, { error: 'something_new' })
      await h.within(studio.deliver(job.id, [await png()]))
      const seen = slack.messages(general)
      expect(seen.filter(({ images, files }) => images.length + files.length > 0)).toHaveLength(1)
      expect(seen[0]?.lines.join(' ')).toContain(en.inThread)
      expect(slack.uploads().filter(({ completed }) => completed)).toHaveLength(1)
    },
  )

  it('of every edit leads to a new message', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const job = await asked(h, general)
    slack.fail('chat.update', { error: 'something_new' })
    await h.within(studio.fail(job.id, { code: 'timed_out' }))
    expect(slack.messages(general).at(-1)?.lines).toContain('The image service took too long. Ask again.')
  })
})

describe('the pace', () => {
  it('shares fifty edits a minute among all jobs', async () => {
    await using h = await startHarness()
    const { pace } = h.adapter.surface
    expect(pace(0, 1, 1)).toBe(3_000)
    expect(pace(60_000, 2, 1)).toBe(3_000)
    expect(pace(0, 10, 1)).toBe(15_000)
  })
})
