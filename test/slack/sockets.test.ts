import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startHarness } from './harness.ts'

const methodsOf = (h: { slack: { calls: readonly { method: string }[] } }, method: string) =>
  h.slack.calls.filter((call) => call.method === method).length

describe('tokens', () => {
  it('a wrong bot token ends the process in words', async () => {
    await using h = await startHarness({ given: { botToken: 'xoxb-wrong' }, early: true })
    await h.until('it is fatal', () => h.fatal.length > 0)
    expect(h.fatal).toHaveLength(1)
    expect(h.fatal[0]).toMatchObject({
      code: 'token_rejected',
      detail: 'SLACK_BOT_TOKEN is not accepted by Slack (Slack: invalid_auth)',
    })
    expect(h.adapter.intake.ready()).toBe(false)
    expect(JSON.stringify(h.lines)).not.toContain('xoxb-wrong')
  })

  it.each(['xapp-wrong', 'xoxb-stand-in'])('a wrong app token (%s) ends the process in words', async (appToken) => {
    await using h = await startHarness({ given: { appToken }, early: true })
    await h.until('it is fatal', () => h.fatal.length > 0)
    expect(h.fatal).toHaveLength(1)
    expect(h.fatal[0]).toMatchObject({ code: 'token_rejected' })
    expect(h.fatal[0]?.detail).toContain('SLACK_APP_TOKEN is not accepted by Slack')
    expect(h.adapter.intake.ready()).toBe(false)
  })

  it('an app token that is taken back later does so too, and is nobody’s unhandled rejection', async () => {
    await using h = await startHarness()
    h.slack.fail('apps.connections.open', { error: 'account_inactive' })
    h.slack.links.cut()
    await h.until('it is fatal', () => h.fatal.length > 0)
    expect(h.fatal[0]).toMatchObject({ code: 'token_rejected' })
  })

  it('a token of a person is refused', async () => {
    await using h = await startHarness({ early: true })
    h.slack.fail('auth.test', { error: 'not_allowed_token_type' })
    await h.until('it is fatal', () => h.fatal.length > 0)
    expect(h.fatal[0]?.detail).toContain('SLACK_BOT_TOKEN')
  })
})

describe('an unreachable Slack', () => {
  it('is tried until it answers', async () => {
    await using h = await startHarness({ early: true })
    h.slack.fail(
      'auth.test',
      { cut: true },
      { status: 503 },
      { status: 429, retryAfter: 2 },
      { error: 'internal_error' },
    )
    h.slack.fail(
      'apps.connections.open',
      { cut: true },
      { status: 500 },
      { status: 429, retryAfter: 3 },
      { error: 'fatal_error' },
    )
    expect(h.adapter.intake.ready()).toBe(false)
    await h.until('it is up', () => h.adapter.intake.ready() && h.slack.links.count() === 2)
    expect(h.fatal).toEqual([])
    expect(h.lines.filter(({ level }) => level === 'warn').length).toBeGreaterThan(0)
  })

  it('leaves us unready, and lets us stop', async () => {
    const port = await freePort()
    await using h = await startHarness({ early: true, apiUrl: `http://127.0.0.1:${port}/api/` })
    for (let at = 0; at < 5; at += 1) await h.until('a try', () => true)
    await h.clock.advance(120_000)
    expect(h.adapter.intake.ready()).toBe(false)
    expect(h.fatal).toEqual([])
  })

  it('that never greets is left and tried again', async () => {
    await using h = await startHarness({ early: true, sockets: 1 })
    h.slack.links.silence(true)
    await h.until('it was tried', () => h.slack.links.made() > 0, 0)
    await h.until('it was tried again', () => h.slack.links.made() > 1)
    expect(h.adapter.intake.ready()).toBe(false)
    h.slack.links.silence(false)
    await h.until('it is up', () => h.adapter.intake.ready())
  })
})

describe('the sockets', () => {
  it('are two, and a refresh of one loses nothing', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    expect(slack.links.count()).toBe(2)
    slack.links.refresh('refresh_requested')
    // Whoever is chosen meanwhile answers.
    const asked = await Promise.all(
      Array.from({ length: 6 }, (_, at) => slack.mention(general, { user: 'U0ANN', text: `fox ${at}` })),
    )
    expect(asked.every(({ acked }) => acked)).toBe(true)
    expect(new Set(studio.jobs().map(({ request }) => request.prompt)).size).toBe(6)
    await h.until('both are up again', () => slack.links.count() === 2 && slack.links.made() === 3)
    expect(h.adapter.intake.ready()).toBe(true)
  })

  it.each(['warning', 'too_many_websockets', 'link_disabled'])('come back after %s', async (reason) => {
    await using h = await startHarness()
    h.slack.links.refresh(reason, 0)
    h.slack.links.refresh(reason, 1)
    await h.until('both are up again', () => h.slack.links.made() >= 4 && h.slack.links.count() === 2)
    expect(
      await h.slack.command({ user: 'U0ANN', channel: h.slack.channel('public', ['U0ANN']), text: 'a fox' }),
    ).toMatchObject({ acked: true })
  })

  it('come back when they are cut without a word, and say that they were not ready', async () => {
    await using h = await startHarness({ sockets: 3 })
    h.slack.fail('apps.connections.open', { cut: true }, { cut: true }, { cut: true }, { cut: true })
    h.slack.links.cut()
    await h.until('none is up', () => !h.adapter.intake.ready(), 0)
    await h.until('all are up again', () => h.slack.links.count() === 3 && h.adapter.intake.ready())
  })

  it('do not run in a circle when each is closed at once', async () => {
    await using h = await startHarness({ sockets: 1 })
    for (let at = 0; at < 4; at += 1) {
      await h.until('up', () => h.slack.links.count() === 1)
      h.slack.links.cut()
      await h.until('down', () => h.slack.links.count() === 0, 0)
    }
    const before = methodsOf(h, 'apps.connections.open')
    await h.clock.advance(1_000)
    await h.clock.settle()
    expect(methodsOf(h, 'apps.connections.open') - before).toBeLessThanOrEqual(1)
  })

  it('are at most ten', async () => {
    await using h = await startHarness({ sockets: 25, early: true })
    await h.until('ten are up', () => h.slack.links.count() === 10, 0)
    expect(methodsOf(h, 'apps.connections.open')).toBe(10)
  })

  it('hear nothing after the stop, and what was being answered is answered', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const goOn = studio.stall()
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    let stopped = false
    const stopping = h.adapter.intake.stop().then(() => {
      stopped = true
    })
    await h.until('the sockets are closed', () => slack.links.count() === 0, 0)
    await h.clock.advance(1_000)
    expect(stopped).toBe(false)
    studio.refuse({ code: 'day_spent' })
    goOn()
    await h.until('it was answered and stopped', () => stopped && slack.whispers(general, 'U0ANN').length === 1, 0)
    await stopping
    expect(await slack.command({ user: 'U0ANN', channel: general, text: 'a hen' })).toMatchObject({ acked: false })
    expect(h.adapter.intake.ready()).toBe(false)
  })

  it('do not wait for ever for an answer that does not come', async () => {
    await using h = await startHarness()
    const general = h.slack.channel('public', ['U0ANN'])
    const goOn = h.studio.stall()
    await h.slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    await h.within(h.adapter.intake.stop())
    h.studio.refuse({ code: 'day_spent' })
    goOn()
    let turns = 0
    await h.until('a while is over', () => ++turns > 25, 0)
    expect(h.slack.whispers(general, 'U0ANN')).toEqual([])
  })

  it('stop before they are up', async () => {
    await using h = await startHarness({ early: true })
    await h.within(h.adapter.intake.stop())
    expect(h.slack.links.count()).toBe(0)
    expect(h.fatal).toEqual([])
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return typeof address === 'object' && address !== null ? address.port : 0
}
