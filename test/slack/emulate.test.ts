import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Adapter, AdapterTools } from '../../src/core/ports.ts'
import { createHttpServer } from '../../src/http/server.ts'
import { createSlack } from '../../src/slack/index.ts'
import { createFakeDrafts, createFakeVault } from '../fakes/tools.ts'
import { createRecordedLog, type LogLine } from '../http/recorded-log.ts'
import { createMemoryShelf } from '../playground/memory-shelf.ts'
import { createFakeStudio, type FakeStudio } from './fake-studio.ts'
import { oauthApp, signingSecret } from './harness.ts'
import { draw, source } from './pictures.ts'
import type { Fields } from './stand-in/blocks.ts'
import { sendRequest } from './stand-in/requests.ts'

/**
 * A peer that is not of our making: npm's `emulate` 0.12.2 for chat, files, views and OAuth, with real Bolt behind signed
 * requests. It knows no limits and no sockets; those are the stand-in's.
 */
const emulate = await import('emulate').catch((error: unknown) => {
  process.stderr.write(`test/slack/emulate.test.ts is skipped: ${error instanceof Error ? error.message : error}\n`)
  return null
})

const publicUrl = 'https://imagine.test'
const team = 'T000000001'
const patience = { timeout: 10_000, interval: 20 }

describe.skipIf(emulate === null)('beside an emulator of somebody else’s', () => {
  const lines: LogLine[] = []
  /** What came by response URLs, which the emulator does not have. */
  const responses: Fields[] = []
  const responder = createServer(async (request, response) => {
    responses.push((await json(request)) as Fields)
    response.end('ok')
  })
  let emulator: { readonly url: string; close(): Promise<void> }
  let http: ReturnType<typeof createHttpServer>
  let adapter: Adapter
  let studio: FakeStudio
  let origin = ''
  let general = ''
  let person = ''

  beforeAll(async () => {
    if (emulate === null) return
    emulator = await emulate.createEmulator({
      service: 'slack',
      port: 20_000 + (process.pid % 20_000),
      seed: {
        slack: {
          channels: [{ name: 'pictures' }],
          users: [{ name: 'ann', real_name: 'Ann' }],
          oauth_apps: [
            {
              ...{ client_id: oauthApp.clientId, client_secret: oauthApp.clientSecret, name: 'Imagine' },
              ...{ redirect_uris: [`${publicUrl}/slack/oauth_redirect`], bot_name: 'imagine' },
            },
          ],
          tokens: [
            {
              token: 'xoxp-of-ann',
              user: 'ann',
              type: 'user',
              scopes: ['channels:read', 'users:read', 'channels:history', 'files:read'],
            },
          ],
          strict_scopes: true,
        },
      },
    })
    await new Promise<void>((resolve) => responder.listen(0, '127.0.0.1', resolve))
    const log = createRecordedLog(lines)
    http = createHttpServer({ host: '127.0.0.1', port: 0, log })
    const shelf = createMemoryShelf(systemClock)
    let ids = 0
    const tools: AdapterTools = {
      ...{ clock: systemClock, log, shelf, random: Math.random, step: () => undefined, links: null },
      ...{ drafts: createFakeDrafts(), vault: createFakeVault(), routes: http.routes },
      meter: { count: () => undefined, time: () => undefined },
      newId: () => {
        ids += 1
        return `id${ids}`
      },
      fatal: (error) => expect.unreachable(error.message),
    }
    adapter = createSlack(
      {
        apiUrl: `${emulator.url}/api/`,
        transport: { kind: 'http', signingSecret },
        access: { kind: 'install', ...oauthApp, publicUrl },
      },
      tools,
    )
    studio = createFakeStudio(() => adapter.surface, systemClock.now)
    origin = (await http.listen()).origin
    await adapter.intake.start(studio)
    await vi.waitFor(() => expect(adapter.intake.ready()).toBe(true), patience)
  })

  afterAll(async () => {
    if (emulate === null) return
    await adapter.intake.stop()
    await http.close()
    await emulator.close()
    await new Promise((resolve) => responder.close(resolve))
  })

  async function call(method: string, args: Readonly<Record<string, string>>): Promise<Fields & { ok: boolean }> {
    const answer = await fetch(`${emulator.url}/api/${method}`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxp-of-ann' },
      body: new URLSearchParams(args),
    })
    return (await answer.json()) as Fields & { ok: boolean }
  }

  const send = (type: string, payload: Fields) =>
    sendRequest(
      { url: `${origin}/slack/events`, secret: signingSecret, now: systemClock.now },
      type,
      payload,
      {},
      3_000,
    )

  async function trigger(): Promise<string> {
    const answer = await call('views.generateTriggerId', { user_id: person })
    return String(answer.trigger_id)
  }

  async function command(text: string, triggerId: string) {
    return send('slash_commands', {
      ...{ team_id: team, channel_id: general, user_id: person, user_name: 'ann', command: '/imagine', text },
      ...{
        response_url: `http://127.0.0.1:${(responder.address() as AddressInfo).port}/`,
        trigger_id: triggerId,
        is_enterprise_install: 'false',
      },
    })
  }

  interface Message {
    readonly ts: string
    readonly text: string
    readonly blocks?: readonly { readonly type: string; readonly slack_file?: { readonly id: string } }[]
  }
  async function messages(): Promise<readonly Message[]> {
    const answer = await call('conversations.history', { channel: general })
    return (answer as unknown as { messages: Message[] }).messages
  }

  it('the app is installed by its page of consent', async () => {
    const page = await (await fetch(`${origin}/slack/install`)).text()
    const begun = await fetch(`${origin}/slack/install`)
    const [cookie = ''] = (begun.headers.get('set-cookie') ?? '').split(';')
    const [, href = ''] = /href="([^"]+)"/.exec(await begun.text()) ?? []
    const consent = new URL(href.replaceAll('&#38;', '&'))
    expect(page).toContain('Add to Slack')
    const asked = await (await fetch(consent)).text()
    expect(asked).toContain('Authorize <strong>Imagine</strong>')
    const hidden = [
      ...(/<form[\s\S]*?ann[\s\S]*?<\/form>/.exec(asked)?.[0] ?? asked).matchAll(/name="([^"]+)" value="([^"]*)"/g),
    ]
    const form = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')]))
    const agreed = await fetch(`${emulator.url}/oauth/v2/authorize/callback`, {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(form) },
    })
    const back = new URL(agreed.headers.get('location') ?? '')
    expect(`${back.origin}${back.pathname}`).toBe(`${publicUrl}/slack/oauth_redirect`)
    const done = await fetch(`${origin}${back.pathname}${back.search}`, { headers: { cookie } })
    expect(done.status).toBe(200)
    expect(await done.text()).toContain('Imagine is installed in')

    const list = (await call('conversations.list', {})) as unknown as { channels: { id: string; name: string }[] }
    general = list.channels.find(({ name }) => name === 'pictures')?.id ?? ''
    const users = (await call('users.list', {})) as unknown as { members: { id: string; name: string }[] }
    person = users.members.find(({ name }) => name === 'ann')?.id ?? ''
    expect([general, person]).not.toContain('')
  })

  it('a command becomes one message that ends with the picture', async () => {
    expect(await command('a fox in the snow', 'T1')).toEqual({ acked: true, payload: {} })
    const { id } = studio.last()
    await studio.progress(id)
    const [placeholder] = await messages()
    expect(placeholder?.text).toContain('a fox in the snow')
    await studio.progress(id, 2_000)
    const png = await draw('png', 64)
    const receipt = await studio.deliver(id, [source(png, 'image/png')])
    const [result, ...others] = (await messages()).filter(({ text }) => text.includes('a fox in the snow'))
    expect(others).toEqual([])
    expect(result?.ts).toBe(placeholder?.ts)
    const file = result?.blocks?.find(({ type }) => type === 'image')?.slack_file?.id
    expect(receipt.files).toEqual([{ file, team, enterprise: null }])
    const { body } = await adapter.surface.picture(receipt, 1).picture.open(new AbortController().signal)
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(png)).toBe(true)
  })

  /** What the emulator's own page says of views: a row each. */
  async function viewRows(): Promise<string[]> {
    const page = await (await fetch(`${emulator.url}/?tab=views`)).text()
    return [...page.matchAll(/<tr>(.*?badge-requested.*?)<\/tr>/gs)].map(([, row = '']) => row.replace(/<[^>]+>/g, ' '))
  }

  it('a bare command opens a form, once for each trigger', async () => {
    const triggerId = await trigger()
    expect(await command('', triggerId)).toEqual({ acked: true, payload: {} })
    await vi.waitFor(
      async () => expect(await viewRows()).toEqual([expect.stringContaining('Create a picture')]),
      patience,
    )
    expect(await command('', triggerId)).toEqual({ acked: true, payload: {} })
    expect(await viewRows()).toHaveLength(1)
    expect(responses).toEqual([])
  })

  it('Home is shown, with the picture', async () => {
    const event = { type: 'app_home_opened', user: person, channel: 'D1', tab: 'home', event_ts: '1' }
    const authorizations = [
      { enterprise_id: null, team_id: team, user_id: 'U1', is_bot: true, is_enterprise_install: false },
    ]
    const payload = { type: 'event_callback', team_id: team, event_id: 'Ev1', event_time: 1, event, authorizations }
    expect(await send('events_api', payload)).toEqual({ acked: true, payload: {} })
    await vi.waitFor(async () => expect((await viewRows()).join()).toMatch(/ home .*Your pictures/), patience)
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  })
})
