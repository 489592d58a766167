import { describe, expect, it } from 'vitest'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'

async function made(h: Harness, channel: string, text: string, user = 'U0ANN'): Promise<string> {
  await h.slack.command({ user, channel, text })
  const job = h.studio.last()
  await h.studio.progress(job.id)
  await h.within(h.studio.deliver(job.id, [source(await draw('png'), 'image/png')]))
  return job.id
}

describe.each(['sockets', 'http'] as const)('by %s, App Home', (transport) => {
  it('shows my latest pictures, my credits and how to use the bot', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN', 'U0BOB'])
    await made(h, general, 'a *bold* <!channel> fox --ar 3:2')
    await made(h, general, 'somebody else’s', 'U0BOB')
    await slack.command({ user: 'U0ANN', channel: general, text: 'a cow' })
    await h.within(studio.fail(studio.last().id, { code: 'content_rejected' }))
    await slack.command({ user: 'U0ANN', channel: general, text: 'a hen' })

    expect(await slack.openHome('U0ANN')).toMatchObject({ acked: true, deliveries: 1 })
    await h.until('Home is shown', () => slack.home('U0ANN') !== null)
    const home = slack.home('U0ANN')
    expect(home?.lines).toEqual([
      'Your pictures',
      expect.stringMatching(/^a hen\n.* · Still being made$/s),
      expect.stringMatching(/^a cow\n.* · Not made$/s),
      expect.stringMatching(/^a ∗bold∗ @channel fox\n.* · 3:2 landscape · Medium \(10 credits\)$/s),
      'Your credits',
      'Today: 38 of 100 credits.\nLast 30 days: 380 credits, 31 pictures.',
      'How to use it',
      expect.stringContaining('/imagine a fox in the snow'),
    ])
    expect(home?.images.map(({ id }) => id)).toEqual([slack.uploads()[0]?.id])
    expect(home?.images[0]?.alt).toBe('Picture: a *bold* @channel fox')
    expect(home?.buttons).toEqual([
      { text: 'Again', actionId: 'again', value: 'a1:job3' },
      { text: 'Open', actionId: 'open', value: 'a1:job1' },
      { text: 'Again', actionId: 'again', value: 'a1:job1' },
    ])
  })

  it('makes one again, for me alone, and opens one', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const jobId = await made(h, general, 'a fox')
    await slack.openHome('U0ANN')
    await h.until('Home is shown', () => slack.home('U0ANN') !== null)
    const home = slack.home('U0ANN')
    if (home === null) throw new Error('no Home')
    expect(await slack.pressInView('U0ANN', home, 'again')).toMatchObject({ acked: true })
    await h.until('it is asked for', () => studio.followUps.length === 1)
    expect(studio.last()).toMatchObject({ parentId: jobId, action: 'again', request: { private: true } })
    await studio.progress(studio.last().id)
    expect(slack.messages(slack.dm('U0ANN'))[0]?.lines[0]).toBe('a fox')

    expect(await slack.pressInView('U0ANN', home, 'open')).toMatchObject({ acked: true })
    await h.until('it is open', () => slack.forms('U0ANN').length === 1)
    expect(slack.forms('U0ANN')[0]?.images).toHaveLength(1)
  })

  it('without any picture says how to begin', async () => {
    await using h = await startHarness({ transport })
    const { slack } = h
    await slack.openHome('U0ANN', 'home', true)
    await h.until('Home is shown', () => slack.home('U0ANN') !== null)
    expect(slack.home('U0ANN')?.lines[1]).toBe('No pictures yet. Try /imagine a fox in the snow.')
  })
})

describe('App Home', () => {
  it('is not drawn for its other tabs', async () => {
    await using h = await startHarness()
    const { slack } = h
    expect(await slack.openHome('U0ANN', 'messages')).toMatchObject({ acked: true })
    expect(slack.calls.some(({ method }) => method === 'views.publish')).toBe(false)
  })

  it('is shown without pictures where Slack has lost one', async () => {
    await using h = await startHarness()
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    await made(h, general, 'a fox')
    slack.forget(slack.uploads()[0]?.id ?? '')
    await slack.openHome('U0ANN')
    await h.until('Home is shown', () => slack.home('U0ANN') !== null)
    expect(slack.home('U0ANN')?.images).toEqual([])
    expect(slack.home('U0ANN')?.buttons).toHaveLength(2)
  })

  it('lists ten at most, with the longest prompts', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    for (let n = 1; n <= 12; n += 1) {
      await slack.command({ user: 'U0ANN', channel: general, text: `fox ${n} ${'&'.repeat(4_900)}` })
      await h.within(studio.fail(studio.last().id, { code: 'timed_out' }))
    }
    await slack.openHome('U0ANN')
    await h.until('Home is shown', () => slack.home('U0ANN') !== null)
    expect(slack.home('U0ANN')?.buttons).toHaveLength(10)
    expect(slack.home('U0ANN')?.lines[1]).toMatch(/^fox 12 &+…\n/)
    await slack.command({ user: 'U0ANN', channel: general, text: 'history' })
    await h.until('the list came', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.buttons).toHaveLength(10)
  })

  it('that can’t be drawn is acked all the same, and said in the log', async () => {
    await using h = await startHarness()
    const { slack, studio, lines } = h
    studio.breakDown(1)
    expect(await slack.openHome('U0ANN')).toMatchObject({ acked: true, deliveries: 1 })
    await h.until('it is said', () => lines.some(({ message }) => message === 'somebody was not answered'))
  })
})

describe.each(['sockets', 'http'] as const)('by %s, what is typed', (transport) => {
  it('/imagine history lists my requests, with buttons, for me alone', async () => {
    await using h = await startHarness({ transport })
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    const jobId = await made(h, general, 'a fox')
    await slack.command({ user: 'U0ANN', channel: general, text: 'history' })
    await h.until('the list came', () => slack.whispers(general, 'U0ANN').length === 1)
    const [list] = slack.whispers(general, 'U0ANN')
    expect(list?.lines).toEqual([expect.stringMatching(/^a fox\n/)])
    expect(list?.buttons.map(({ actionId, value }) => `${actionId} ${value}`)).toEqual([
      ...[`open a1:${jobId}`, `again a1:${jobId}`],
    ])
    if (list === undefined) throw new Error('no list')
    await slack.press('U0ANN', list, 'again')
    await h.until('it is asked for', () => h.studio.followUps.length === 1)
    expect(h.studio.last()).toMatchObject({ channel: general, request: { private: false } })
  })

  it('keeps what was private so, also from the list', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await made(h, general, 'a fox --private')
    await slack.command({ user: 'U0ANN', channel: general, text: 'History' })
    await h.until('the list came', () => slack.whispers(general, 'U0ANN').length === 1)
    const [list] = slack.whispers(general, 'U0ANN')
    if (list === undefined) throw new Error('no list')
    await slack.press('U0ANN', list, 'again')
    await h.until('it is asked for', () => studio.followUps.length === 1)
    await studio.progress(studio.last().id)
    expect(slack.messages(general)).toEqual([])
    expect(slack.messages(slack.dm('U0ANN'))).toHaveLength(2)
  })

  it.each(['usage', 'history'])('%s also works in mentions and direct messages', async (text) => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.mention(general, { user: 'U0ANN', text })
    await h.until('the asker was told', () => slack.whispers(general, 'U0ANN').length === 1)
    await slack.write({ user: 'U0ANN', text })
    await h.until('the asker was told', () => slack.messages(slack.dm('U0ANN')).length === 1)
    const said = [slack.whispers(general, 'U0ANN')[0], slack.messages(slack.dm('U0ANN'))[0]].map(
      (seen) => seen?.lines[0],
    )
    expect(new Set(said).size).toBe(1)
    expect(said[0]).toContain(text === 'usage' ? 'Today: 38 of 100 credits.' : 'No pictures yet')
    expect(studio.asks).toEqual([])
  })

  it('/imagine usage says so when the store is down', async () => {
    await using h = await startHarness({ transport })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    studio.breakDown(1)
    expect(await slack.command({ user: 'U0ANN', channel: general, text: 'usage' })).toMatchObject({ acked: true })
    await h.until('the asker was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain('Try again in a minute')
  })
})
