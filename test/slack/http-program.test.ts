import { afterEach, expect, test, vi } from 'vitest'
import { startProgram } from '../program.ts'
import { oauthApp, signingSecret } from './harness.ts'
import { startSlack } from './stand-in.ts'

const patience = { timeout: 40_000, interval: 50 }
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

test('the whole program by requests: installed by its page, asked by a form, and its picture in the channel', {
  timeout: 90_000,
}, async () => {
  const slack = await startSlack({ looks: 1 })
  closing.push(() => slack.close())
  const program = await startProgram({
    env: {
      ...{ SLACK_SIGNING_SECRET: signingSecret, SLACK_API_URL: slack.apiUrl, IMAGE_API_URL: 'simulator' },
      LOOKS_PER_TASK: '30',
      ...{ SLACK_CLIENT_ID: oauthApp.clientId, SLACK_CLIENT_SECRET: oauthApp.clientSecret },
      ...{ SLACK_STATE_SECRET: oauthApp.stateSecret, SECRETS_KEY: oauthApp.secretsKey },
      PUBLIC_URL: 'https://imagine.test',
    },
  })
  closing.push(() => program.end())
  slack.byRequests({ url: `${program.origin}/slack/events`, secret: signingSecret, now: Date.now })
  await vi.waitFor(async () => expect((await fetch(`${program.origin}/readyz`)).status).toBe(200), patience)

  const home = { team: 'T0FIRST01', enterprise: null, orgWide: false }
  slack.office.move(home)
  const page = await fetch(`${program.origin}/slack/install`)
  const [cookie = ''] = (page.headers.get('set-cookie') ?? '').split(';')
  const code = slack.office.consent({ ...home, expiresIn: 43_200 })
  const state = cookie.slice(cookie.indexOf('=') + 1)
  const back = `${program.origin}/slack/oauth_redirect?${new URLSearchParams({ code, state })}`
  expect((await fetch(back, { headers: { cookie } })).status).toBe(200)

  const general = slack.channel('public', ['U0ANN'])
  expect(await slack.command({ user: 'U0ANN', channel: general, text: '' })).toMatchObject({ acked: true })
  const form = await vi.waitFor(() => {
    const [opened] = slack.forms('U0ANN')
    if (opened === undefined) throw new Error('no form')
    return opened
  }, patience)
  expect(await slack.submit(form, { prompt: 'a fox [sim:slow=1]', aspect_ratio: '3:2' }, true)).toMatchObject({
    ...{ acked: true, errors: {} },
  })
  await vi.waitFor(() => expect(slack.messages(general)[0]?.images).toHaveLength(1), patience)
  expect(slack.messages(general)).toHaveLength(1)

  expect(await slack.openHome('U0ANN')).toMatchObject({ acked: true })
  await vi.waitFor(() => expect(slack.home('U0ANN')?.images).toHaveLength(1), patience)
  expect(slack.home('U0ANN')?.lines).toContain('Today: 10 credits.\nLast 30 days: 10 credits, 1 picture.')
  expect(slack.violations).toEqual([])
  expect(await program.end()).toBe(0)
  for (const secret of [signingSecret, oauthApp.secretsKey, oauthApp.clientSecret, ...slack.tokens(), 'fox'])
    expect(program.output()).not.toContain(secret)
})
