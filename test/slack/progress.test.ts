import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/core/job.ts'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'

const callsOf = (h: Harness, method: string) => h.slack.calls.filter((call) => call.method === method)
const png = async () => source(await draw('png'), 'image/png')

async function asked(h: Harness, channel: string, text = 'a fox'): Promise<Job> {
  await h.slack.command({ user: 'U0ANN', channel, text })
  const job = h.studio.last()
  await h.within(h.studio.progress(job.id))
  return job
}

describe('the workspace’s edits', () => {
  it('are never more than fifty in any minute, however many jobs run; what is too much is dropped at once', async () => {
    await using h = await startHarness()
    const { slack, studio, clock } = h
    const channel = slack.channel('public', ['U0ANN'])
    const jobs: Job[] = []
    for (let at = 0; at < 12; at += 1) jobs.push(await asked(h, channel, `fox ${at}`))
    const before = callsOf(h, 'chat.update').length
    const times: number[] = []
    let dropped = 0
    for (let second = 1; second <= 120; second += 3) {
      const now = clock.monotonic()
      for (const job of jobs) {
        const made = callsOf(h, 'chat.update').length
        await studio.progress(job.id, second * 1_000).catch((error: { code: string }) => {
          expect(error.code).toBe('rate_limited')
          dropped += 1
        })
        if (callsOf(h, 'chat.update').length > made) times.push(now)
      }
      // Nothing waited.
      expect(clock.monotonic()).toBe(now)
      await clock.advance(3_000)
    }
    expect(callsOf(h, 'chat.update').length - before).toBe(times.length)
    expect(dropped).toBeGreaterThan(100)
    for (const from of times)
      expect(times.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(40)
    expect(times.length).toBeGreaterThanOrEqual(80)

    // A result needs no edit left for progress.
    await h.within(studio.deliver(jobs[0]?.id ?? '', [await png()]))
    expect(slack.messages(channel)[0]?.images).toHaveLength(1)
  })

  it('rest for as long as Slack asks, and only those of progress', async () => {
    await using h = await startHarness()
    const { slack, studio, clock } = h
    const channel = slack.channel('public', ['U0ANN'])
    const [one, other] = [await asked(h, channel), await asked(h, channel, 'a hen')]
    slack.fail('chat.update', { status: 429, retryAfter: 30 })
    await expect(studio.progress(one.id, 3_000)).rejects.toMatchObject({ code: 'rate_limited' })
    const before = callsOf(h, 'chat.update').length
    await expect(studio.progress(other.id, 3_000)).rejects.toMatchObject({ code: 'rate_limited' })
    expect(callsOf(h, 'chat.update')).toHaveLength(before)
    const startedAt = clock.monotonic()
    await h.within(studio.deliver(one.id, [await png()]))
    expect(slack.messages(channel)[0]?.images).toHaveLength(1)
    expect(clock.monotonic() - startedAt).toBeLessThan(10_000)
    await clock.advance(30_000)
    await studio.progress(other.id, 40_000)
    expect(slack.messages(channel)[1]?.lines.join()).toContain('40 s so far')
  })
})

describe('the status line', () => {
  it('stands in the thread while it is drawn, is renewed before it ends, and goes with the result', async () => {
    await using h = await startHarness()
    const { slack, studio, clock } = h
    const channel = slack.channel('public', ['U0ANN'])
    const thread = slack.mumble(channel, { user: 'U0BOB', text: 'words' })
    await slack.mention(channel, { user: 'U0ANN', text: 'a fox', thread })
    const job = studio.last()
    await h.within(studio.progress(job.id))
    await h.until('it stands there', () => slack.statuses().length > 0, 0)
    expect(slack.statuses()).toEqual([[`${channel}:${thread}`, 'is drawing…']])
    for (let ms = 3_000; ms <= 150_000; ms += 3_000) {
      await clock.advance(3_000)
      await studio.progress(job.id, ms)
    }
    expect(callsOf(h, 'assistant.threads.setStatus')).toHaveLength(3)
    await h.within(studio.deliver(job.id, [await png()]))
    expect(slack.statuses()).toEqual([])
  })

  it('goes with a failure too', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    await slack.write({ user: 'U0ANN', text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    await h.until('it stands there', () => slack.statuses().length > 0, 0)
    await h.within(studio.fail(studio.last().id, { code: 'content_rejected' }))
    expect(slack.statuses()).toEqual([])
  })

  it('is not set in channels', async () => {
    await using h = await startHarness()
    const { slack } = h
    await asked(h, slack.channel('public', ['U0ANN']))
    expect(callsOf(h, 'assistant.threads.setStatus')).toEqual([])
  })

  it.each(['missing_scope', 'not_allowed_token_type', 'channel_not_found', 'unknown_method'])(
    'is not asked for again where it is not allowed (%s), and disturbs nothing',
    async (error) => {
      await using h = await startHarness()
      const { slack, studio, clock, lines } = h
      slack.fail('assistant.threads.setStatus', { error })
      await slack.write({ user: 'U0ANN', text: 'a fox' })
      const job = studio.last()
      await h.within(studio.progress(job.id))
      await h.until('it is refused', () => lines.some(({ message }) => message.includes('status line')), 0)
      await clock.advance(70_000)
      await studio.progress(job.id, 70_000)
      await h.within(studio.deliver(job.id, [await png()]))
      // The one that failed is not in the list.
      expect(callsOf(h, 'assistant.threads.setStatus')).toEqual([])
      expect(slack.messages(slack.dm('U0ANN'))[0]?.images).toHaveLength(1)
    },
  )

  it('that can’t be set now does not hold anything up', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    slack.fail('assistant.threads.setStatus', { status: 429, retryAfter: 600 }, { cut: true })
    await slack.write({ user: 'U0ANN', text: 'a fox' })
    await h.within(studio.progress(studio.last().id))
    await h.within(studio.deliver(studio.last().id, [await png()]))
    expect(slack.messages(slack.dm('U0ANN'))[0]?.images).toHaveLength(1)
  })
})
