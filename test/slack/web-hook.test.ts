import { describe, expect, it } from 'vitest'
import { type Harness, signingSecret, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'
import { signed } from './stand-in/requests.ts'

interface Sending {
  readonly headers?: Readonly<Record<string, string>>
  readonly secret?: string
  /** How long ago it was signed, in seconds. */
  readonly age?: number
  readonly type?: string
}

/** Sends a request as anybody could. */
async function post(h: Harness, body: string, { headers, secret, age, type }: Sending = {}) {
  const now = () => h.clock.now() - (age ?? 0) * 1000
  const signature = signed({ url: '', secret: secret ?? signingSecret, now }, body)
  const answer = await fetch(`${h.origin}/slack/events`, {
    method: 'POST',
    headers: { ...signature, 'content-type': type ?? 'application/json', ...headers },
    body,
  })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

const event = JSON.stringify({ type: 'event_callback', event_id: 'Ev1', event: { type: 'app_mention' } })
const challenge = JSON.stringify({
  type: 'url_verification',
  token: 'legacy',
  challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY',
})

describe('requests to our port', () => {
  it('answer Slack’s challenge', async () => {
    await using h = await startHarness({ transport: 'http' })
    expect(await post(h, challenge)).toEqual({
      ...{ status: 200, type: 'application/json; charset=utf-8' },
      text: '{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY"}',
    })
  })

  it.each<[string, Sending, number]>([
    ['signed with another secret', { secret: '0'.repeat(32) }, 401],
    ['with a signature that is too short', { headers: { 'x-slack-signature': 'v0=' } }, 401],
    ['with a signature of another version', { headers: { 'x-slack-signature': `v1=${'0'.repeat(64)}` } }, 401],
    ['without a signature', { headers: { 'x-slack-signature': '' } }, 401],
    ['without a time', { headers: { 'x-slack-request-timestamp': '' } }, 401],
    ['with a time that is none', { headers: { 'x-slack-request-timestamp': 'NaN' } }, 401],
    ['of five minutes ago', { age: 299 }, 200],
    ['of more than five minutes ago', { age: 301 }, 401],
    ['of the time to come', { age: -301 }, 401],
  ])('%s', async (_name, sending, status) => {
    await using h = await startHarness({ transport: 'http' })
    expect((await post(h, challenge, sending)).status).toBe(status)
  })

  it('are signed by their very bytes', async () => {
    await using h = await startHarness({ transport: 'http' })
    const headers = signed({ url: '', secret: signingSecret, now: h.clock.now }, challenge)
    const other = `${challenge} `
    expect((await post(h, other, { headers })).status).toBe(401)
    // Umlauts and half characters too: nothing is decoded before.
    const odd = JSON.stringify({ type: 'url_verification', challenge: 'ü😀\ud800' })
    expect((await post(h, odd)).status).toBe(200)
  })

  it.each([
    ['no JSON', 'hello', 'application/json', 400],
    ['a list', '[]', 'application/json', 400],
    ['a form with a payload that is none', 'payload=%7B', 'application/x-www-form-urlencoded', 400],
    ['a check of the certificate', 'ssl_check=1&token=legacy', 'application/x-www-form-urlencoded', 200],
    ['nothing that anybody knows', '{"type":"of_tomorrow"}', 'application/json', 404],
  ])('with %s', async (_name, body, type, status) => {
    await using h = await startHarness({ transport: 'http' })
    expect((await post(h, body, { type })).status).toBe(status)
  })

  it('are read whatever their charset is called', async () => {
    await using h = await startHarness({ transport: 'http' })
    const general = h.slack.channel('public', ['U0ANN'])
    const body = new URLSearchParams({
      ...{ team_id: h.slack.team, channel_id: general, user_id: 'U0ANN', user_name: 'ann', command: '/imagine' },
      ...{ text: 'help', response_url: `${h.slack.origin}/respond/R`, trigger_id: 'T1' },
    }).toString()
    const answer = await post(h, body, { type: 'application/x-www-form-urlencoded; charset=utf-8' })
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.text)).toMatchObject({ response_type: 'ephemeral' })
  })

  it('of more than four megabytes are refused', async () => {
    await using h = await startHarness({ transport: 'http' })
    expect((await post(h, 'x'.repeat(4 * 1024 * 1024 + 1))).status).toBe(413)
  })

  it('come later while Slack could not be asked who we are', async () => {
    await using h = await startHarness({ transport: 'http', early: true, apiUrl: 'http://127.0.0.1:9/api/' })
    expect((await post(h, event)).status).toBe(503)
    expect(h.adapter.intake.ready()).toBe(false)
  })

  it('come later when nobody listens any more', async () => {
    await using h = await startHarness({ transport: 'http' })
    await h.within(h.adapter.intake.stop())
    expect(h.adapter.intake.ready()).toBe(false)
    expect((await post(h, event)).status).toBe(503)
  })
})

describe('by requests', () => {
  it('a command becomes a picture, as by sockets', async () => {
    await using h = await startHarness({ transport: 'http' })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    expect(await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })).toMatchObject({
      ...{ acked: true, answer: null },
    })
    await studio.progress(studio.last().id)
    await h.within(studio.deliver(studio.last().id, [source(await draw('png'), 'image/png')]))
    expect(slack.messages(general)[0]?.images).toHaveLength(1)
    const [message] = slack.messages(general)
    if (message === undefined) throw new Error('no result')
    expect(await slack.press('U0ANN', message, 'again', undefined)).toMatchObject({ acked: true })
    expect(studio.followUps).toHaveLength(1)
  })

  it('a refusal comes with the ack, for the asker alone', async () => {
    await using h = await startHarness({ transport: 'http' })
    const { slack } = h
    const general = slack.channel('public', ['U0ANN'])
    const { answer } = await slack.command({ user: 'U0ANN', channel: general, text: 'a' })
    expect(answer).toMatchObject({ onlyFor: 'U0ANN', lines: ['Say a little more: at least 3 characters.'] })
  })

  it('events that arrive twice are one', async () => {
    await using h = await startHarness({ transport: 'http' })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.mention(general, { user: 'U0ANN', text: 'a fox', twice: true })
    await slack.write({ user: 'U0ANN', text: 'a hen', twice: true })
    await slack.command({ user: 'U0ANN', channel: general, text: 'a cow', twice: true })
    expect(studio.jobs()).toHaveLength(3)
  })

  it('an event that could not be written down is not acked, and comes again', async () => {
    await using h = await startHarness({ transport: 'http' })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    studio.breakDown(2)
    expect(await slack.mention(general, { user: 'U0ANN', text: 'a fox' })).toMatchObject({ acked: true, deliveries: 3 })
    expect(studio.jobs()).toHaveLength(1)
  })

  it('fifty commands at once are taken', async () => {
    await using h = await startHarness({ transport: 'http' })
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const asked = await Promise.all(
      Array.from({ length: 50 }, (_, at) => slack.command({ user: 'U0ANN', channel: general, text: `fox ${at}` })),
    )
    expect(asked.every(({ acked }) => acked)).toBe(true)
    expect(new Set(studio.jobs().map(({ request }) => request.prompt)).size).toBe(50)
  })
})
