import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/core/job.ts'
import { messagesFor } from '../../src/core/messages.ts'
import type { JobView } from '../../src/core/view.ts'
import { freeCall } from './fake-studio.ts'
import { type Harness, oauthApp, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'
import type { Whereabouts } from './stand-in/office.ts'

const { install: words } = messagesFor('en')
const first: Whereabouts = { team: 'T0FIRST01', enterprise: null, orgWide: false }
const second: Whereabouts = { team: 'T0SECOND1', enterprise: null, orgWide: false }
const hourMs = 3_600_000
const nowhere: Address = { at: null, secret: null }

/** Opens the install page as a browser does; gives the state and the cookie that it got. */
async function begin(h: Harness) {
  const answer = await fetch(`${h.origin}/slack/install`)
  const page = await answer.text()
  const [, href = ''] = /href="([^"]+)"/.exec(page) ?? []
  const consent = new URL(href.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))))
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';')
  return { answer, page, consent, state: consent.searchParams.get('state') ?? '', cookie }
}

async function comeBack(h: Harness, query: Readonly<Record<string, string>>, cookie: string) {
  const url = `${h.origin}/slack/oauth_redirect?${new URLSearchParams(query)}`
  const answer = await fetch(url, { headers: cookie === '' ? {} : { cookie } })
  return { status: answer.status, page: await answer.text() }
}

/** Installs the app somewhere, the way that people do. */
async function install(h: Harness, where: Whereabouts, expiresIn: number | null = null) {
  const { state, cookie } = await begin(h)
  h.slack.office.move(where)
  return comeBack(h, { code: h.slack.office.consent({ ...where, expiresIn }), state }, cookie)
}

async function start(options: Parameters<typeof startHarness>[0] = {}) {
  const h = await startHarness({ install: {}, ...options })
  h.slack.office.ownTime(h.clock.now)
  return h
}

async function asks(h: Harness, channel: string, text = 'a fox') {
  const told = await h.slack.command({ user: 'U0ANN', channel, text })
  return { ...told, job: h.studio.jobs().at(-1) }
}

describe('the install page', () => {
  it('leads to Slack’s page of consent, with the scopes and a state of its own', async () => {
    await using h = await start()
    const { answer, page, consent, state } = await begin(h)
    expect(answer.status).toBe(200)
    expect(page).toContain(words.button)
    expect(`${consent.origin}${consent.pathname}`).toBe(`${h.slack.origin}/oauth/v2/authorize`)
    expect(Object.fromEntries(consent.searchParams)).toEqual({
      client_id: oauthApp.clientId,
      scope: expect.stringMatching(/^commands,chat:write,files:read,/),
      redirect_uri: 'https://imagine.test/slack/oauth_redirect',
      state,
    })
    expect(answer.headers.get('set-cookie')).toBe(
      `imagine_slack_state=${state}; Path=/slack/oauth_redirect; Max-Age=600; HttpOnly; SameSite=Lax; Secure`,
    )
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect((await begin(h)).state).not.toBe(state)
  })

  it('installs the app, says so, and its workspace is served with its own token', async () => {
    await using h = await start()
    expect(await install(h, first)).toMatchObject({
      status: 200,
      page: expect.stringContaining('Team T0FIRST01 &#60;&#38;&#62;'),
    })
    const general = h.slack.channel('public', ['U0ANN'])
    const { job } = await asks(h, general)
    expect(job?.workspace).toBe('T0FIRST01')
    await h.studio.progress(job?.id ?? '')
    await h.within(h.studio.deliver(job?.id ?? '', [source(await draw('png'), 'image/png')]))
    expect(h.slack.messages(general)[0]?.images).toHaveLength(1)
  })

  it.each<[string, (begun: { state: string; cookie: string }) => { state?: string; cookie: string }]>([
    ['without a state', ({ cookie }) => ({ cookie })],
    ['with a state of somebody else’s making', ({ cookie }) => ({ state: '9999999999999.x.AAAA', cookie })],
    ['with the state of another browser', ({ state }) => ({ state, cookie: '' })],
    [
      'with another state than the browser’s',
      ({ state, cookie }) => ({ state, cookie: cookie.replace(/.$/, (sign) => (sign === 'A' ? 'B' : 'A')) }),
    ],
    ['with a changed state', ({ state }) => ({ state: `${state}A`, cookie: `imagine_slack_state=${state}A` })],
  ])('takes nothing back %s', async (_name, change) => {
    await using h = await start()
    const { state, cookie } = change(await begin(h))
    const code = h.slack.office.consent({ ...first, expiresIn: null })
    const { status, page } = await comeBack(h, { code, ...(state === undefined ? {} : { state }) }, cookie)
    expect(status).toBe(400)
    expect(page).toContain('That took too long')
    expect(h.slack.calls.some(({ method }) => method === 'oauth.v2.access')).toBe(false)
  })

  it('takes nothing back after ten minutes', async () => {
    await using h = await start()
    const { state, cookie } = await begin(h)
    await h.clock.advance(10 * 60_000)
    const code = h.slack.office.consent({ ...first, expiresIn: null })
    expect((await comeBack(h, { code, state }, cookie)).status).toBe(400)
  })

  it('says so when somebody said no, or Slack did', async () => {
    await using h = await start()
    const { state, cookie } = await begin(h)
    expect(await comeBack(h, { error: 'access_denied', state }, cookie)).toMatchObject({
      ...{ status: 200, page: expect.stringContaining(words.denied) },
    })
    const failed = { status: 502, page: expect.stringContaining('Slack did not complete') }
    expect(await comeBack(h, { code: 'old', state }, cookie)).toMatchObject(failed)
    expect((await comeBack(h, { state }, cookie)).status).toBe(400)
    expect(h.lines.some(({ message }) => message === 'an installation in Slack failed')).toBe(true)
  })
})

describe('many workspaces', () => {
  it('are each served with their own token, also jobs that go on after a restart', async () => {
    await using h = await start()
    const general = h.slack.channel('public', ['U0ANN'])
    for (const where of [first, second]) {
      await install(h, where, 43_200)
      await asks(h, general)
    }
    await h.within(h.adapter.intake.stop())
    expect(h.studio.jobs().map(({ workspace }) => workspace)).toEqual(['T0FIRST01', 'T0SECOND1'])
    // Another process, a day later, knows nothing but the store: both tokens are over, and no event came yet.
    await using later = await start({ vault: h.vault, slack: h.slack, laterMs: 24 * hourMs, early: true })
    for (const [at, where] of [first, second].entries()) {
      h.slack.office.move(where)
      await later.adapter.surface.show(h.studio.jobs()[at]?.address ?? nowhere, view, freeCall)
    }
    expect(h.slack.messages(general)).toHaveLength(2)
    expect(h.slack.office.refreshes()).toBe(2)
  })

  it('that did not install it are told so, and nothing of theirs is done', async () => {
    await using h = await start()
    const general = h.slack.channel('public', ['U0ANN'])
    const { answer } = await h.slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    expect(answer?.lines[0]).toContain('not signed in here any more')
    expect(await h.slack.mention(general, { user: 'U0ANN', text: 'a fox' })).toMatchObject({
      acked: true,
      deliveries: 1,
    })
    expect(h.studio.asks).toEqual([])
  })

  it('of one organisation share its token', async () => {
    await using h = await start()
    const org: Whereabouts = { team: 'T0FIRST01', enterprise: 'E0ORG0001', orgWide: true }
    await install(h, org)
    const general = h.slack.channel('public', ['U0ANN'])
    const said = await asks(h, general)
    expect(said.job?.workspace).toBe('T0FIRST01')
    await h.studio.progress(said.job?.id ?? '')
    expect(h.slack.messages(general)).toHaveLength(1)
    h.slack.office.move({ ...org, team: 'T0SECOND1' })
    const cat = h.slack.attach({ name: 'cat.png', bytes: await draw('png') })
    await h.slack.mention(general, { user: 'U0ANN', text: 'make it blue', files: [cat] })
    expect(h.studio.last()).toMatchObject({ workspace: 'T0SECOND1', inputs: [{ at: { enterprise: 'E0ORG0001' } }] })
    await h.slack.openHome('U0ANN')
    await h.until('Home is shown', () => h.slack.home('U0ANN') !== null)
    await h.slack.shortcut('U0ANN', 'create_image')
    await h.until('the form is open', () => h.slack.forms('U0ANN').length === 1)
    const [form] = h.slack.forms('U0ANN')
    if (form === undefined) throw new Error('no form')
    await h.slack.submit(form, { prompt: 'a hen', where: general })
    await h.studio.progress(h.studio.last().id)
    expect(h.slack.messages(general)).toHaveLength(2)
  })

  it('keep their tokens encrypted', async () => {
    await using h = await start()
    await install(h, first)
    const [, token = ''] = h.slack.tokens()
    const kept = await h.vault.get('slack/installation/T0FIRST01')
    expect(kept).toMatch(/^v1\.[\w-]+$/)
    expect(kept).not.toContain(token)
  })

  it('are forgotten when they uninstall it', async () => {
    await using h = await start()
    await install(h, first)
    await h.clock.advance(5_000)
    h.slack.office.revoke('T0FIRST01')
    expect(await h.slack.tell({ type: 'app_uninstalled' })).toMatchObject({ acked: true, deliveries: 1 })
    expect(await h.vault.get('slack/installation/T0FIRST01')).toBeNull()
    const general = h.slack.channel('public', ['U0ANN'])
    const { answer } = await h.slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    expect(answer?.lines[0]).toContain('not signed in here any more')
    // And welcome when they come again.
    await install(h, first)
    expect((await asks(h, general)).job?.workspace).toBe('T0FIRST01')
  })

  it('are forgotten when the bot’s token is revoked, but not for a person’s', async () => {
    await using h = await start()
    await install(h, first)
    await h.clock.advance(5_000)
    await h.slack.tell({ type: 'tokens_revoked', tokens: { oauth: ['U0ANN'] } })
    expect(await h.vault.get('slack/installation/T0FIRST01')).not.toBeNull()
    await h.slack.tell({ type: 'tokens_revoked', tokens: { oauth: [], bot: [h.slack.bot] } })
    expect(await h.vault.get('slack/installation/T0FIRST01')).toBeNull()
  })

  it('that took the token back without a word cost nothing more, until they install it anew', async () => {
    await using h = await start()
    await install(h, first)
    const general = h.slack.channel('public', ['U0ANN'])
    const { job } = await asks(h, general)
    h.slack.office.revoke('T0FIRST01')
    await expect(h.studio.progress(job?.id ?? '')).rejects.toMatchObject({ code: 'token_rejected' })
    const { answer } = await asks(h, general)
    expect(answer?.lines[0]).toContain('not signed in here any more')
    expect(await h.slack.mention(general, { user: 'U0ANN', text: 'a hen' })).toMatchObject({ acked: true })
    expect(h.studio.jobs()).toHaveLength(1)
    expect(h.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    // Others have nothing to do with it.
    await install(h, second)
    await h.studio.progress((await asks(h, general)).job?.id ?? '')
    await install(h, first)
    await h.studio.progress((await asks(h, general)).job?.id ?? '')
    expect(h.slack.messages(general)).toHaveLength(2)
  })

  it('stay when the news of an earlier departure comes late', async () => {
    await using h = await start()
    await h.clock.advance(60_000)
    await install(h, first)
    h.slack.office.ownTime(() => h.clock.now() - 30_000)
    await h.slack.tell({ type: 'app_uninstalled' })
    expect(await h.vault.get('slack/installation/T0FIRST01')).not.toBeNull()
  })
})

describe('tokens that expire', () => {
  it('are renewed while the old one is good, once for all who need it', async () => {
    await using h = await start()
    await install(h, first, 43_200)
    const general = h.slack.channel('public', ['U0ANN'])
    const [, old = ''] = h.slack.tokens()
    const { job } = await asks(h, general)
    await h.studio.progress(job?.id ?? '')
    expect(h.slack.office.refreshes()).toBe(0)
    // Ten hours and a minute: less than two are left.
    await h.clock.advance(10 * hourMs + 60_000)
    await Promise.all(Array.from({ length: 5 }, (_, at) => asks(h, general, `fox ${at}`)))
    for (const { id } of h.studio.jobs()) await h.studio.progress(id)
    await h.until('it is renewed', () => h.slack.office.refreshes() === 1)
    await h.clock.advance(2 * hourMs)
    expect(h.slack.office.isGood(old)).toBe(false)
    for (const { id } of h.studio.jobs()) await h.studio.progress(id, 1_000)
    expect(h.slack.office.refreshes()).toBe(1)
  })

  it('are renewed by one of several processes', async () => {
    await using h = await start()
    await install(h, first, 43_200)
    const general = h.slack.channel('public', ['U0ANN'])
    const { job } = await asks(h, general)
    const options = { vault: h.vault, slack: h.slack, laterMs: 24 * hourMs, early: true }
    await using one = await start(options)
    await using other = await start(options)
    const shown = [one, other].map(({ adapter }) => adapter.surface.show(job?.address ?? nowhere, view, freeCall))
    await Promise.all(shown)
    expect(h.slack.messages(general)).toHaveLength(2)
    expect(h.slack.office.refreshes()).toBe(1)
  })

  it('are renewed first where they are over, as after a long stop', async () => {
    await using h = await start()
    await install(h, first, 43_200)
    const general = h.slack.channel('public', ['U0ANN'])
    const { job } = await asks(h, general)
    await h.clock.advance(20 * hourMs)
    await Promise.all([h.studio.progress(job?.id ?? ''), asks(h, general, 'a hen')])
    expect(h.slack.messages(general)).toHaveLength(1)
    expect(h.slack.office.refreshes()).toBe(1)
  })

  it('are renewed also when Slack says before us that one is over', async () => {
    await using h = await start()
    await install(h, first, 43_200)
    const general = h.slack.channel('public', ['U0ANN'])
    const { job } = await asks(h, general)
    await h.studio.progress(job?.id ?? '')
    await h.clock.advance(12 * hourMs - 60_000)
    h.slack.fail('oauth.v2.access', { status: 503 })
    h.slack.fail('chat.update', { error: 'token_expired' })
    await expect(h.studio.progress(job?.id ?? '', 1_000)).rejects.toMatchObject({ code: 'token_rejected' })
    expect((await asks(h, general, 'a hen')).answer).toBeNull()
    await h.studio.progress(job?.id ?? '', 2_000)
    expect(h.slack.office.refreshes()).toBe(1)
    expect(h.slack.messages(general)[0]?.lines[1]).toContain('Drawing')
  })

  it('are used for as long as they are good when Slack can’t be reached for a new one', async () => {
    await using h = await start()
    await install(h, first, 43_200)
    const general = h.slack.channel('public', ['U0ANN'])
    const { job } = await asks(h, general)
    await h.clock.advance(12 * hourMs - 60_000)
    h.slack.fail('oauth.v2.access', { status: 503 })
    await h.studio.progress(job?.id ?? '')
    expect(h.slack.messages(general)).toHaveLength(1)
    expect(h.lines.some(({ message }) => message === 'a token of Slack was not renewed')).toBe(true)
  })

  it('that can’t be renewed any more end the jobs in words', async () => {
    await using h = await start()
    await install(h, first, 43_200)
    const general = h.slack.channel('public', ['U0ANN'])
    const { job } = await asks(h, general)
    await h.clock.advance(20 * hourMs)
    h.slack.fail('oauth.v2.access', { error: 'invalid_refresh_token' })
    await expect(h.studio.progress(job?.id ?? '')).rejects.toMatchObject({ code: 'token_rejected' })
  })
})

describe('the secrets key', () => {
  it('that is not the one of before is said at the start', async () => {
    await using h = await start()
    await install(h, first)
    const other = await startHarness({
      ...{ vault: h.vault, early: true },
      install: { secretsKey: 'another-secrets-key-of-thirty-two-characters' },
    })
    await other.until('it is said', () => other.fatal.length === 1)
    expect(other.fatal[0]?.failure).toMatchObject({
      code: 'configuration',
      detail: expect.stringContaining('SECRETS_KEY'),
    })
    await other[Symbol.asyncDispose]()
  })
})

const view: JobView = {
  ...{ jobId: 'job1', kind: 'queued', place: null, action: 'imagine', locale: 'en' },
  ...{ inputCount: 0, inputNames: [], omitted: [] },
  request: { prompt: 'a fox', aspectRatio: '1:1', quality: 'medium', count: 1, private: false, spoiler: false },
  person: { id: 'U0ANN', name: 'ann' },
}
