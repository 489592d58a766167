import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import type { AdapterTools, Picture, ShowCall, Surface } from '../../src/core/ports.ts'
import type { ViewOf } from '../../src/core/view.ts'
import { noMeter, quietLog } from '../quiet.ts'
import type { TransferReady } from './server.ts'

/** Brings the result to its n-th message. */
export type Deliver = (n: number) => Promise<unknown>
export type Mode = 'raw pipe' | 'ours, Discord' | 'discord.js' | 'ours, Slack' | 'Slack SDK'

/** Each loads what it needs and nothing else. */
export const deliverers: Readonly<Record<Mode, (places: TransferReady) => Promise<Deliver>>> = {
  // As little as can be: one stream into another.
  'raw pipe': async ({ picture, sink, size }) => {
    const { request } = await import('undici')
    return async () => {
      const { body: source } = await request(picture)
      const headers = { 'content-type': 'image/png', 'content-length': String(size) }
      const { statusCode, body } = await request(sink, { method: 'POST', headers, body: source })
      await body.dump()
      if (statusCode !== 200) throw new Error(`HTTP ${statusCode}`)
    }
  },

  'ours, Discord': async (places) => {
    const [{ createDiscord }, { addressOf }] = await Promise.all([
      import('../../src/discord/index.ts'),
      import('../../src/discord/address.ts'),
    ])
    const { apiUrl, applicationId, channelId, replies } = places.discord
    const { surface } = createDiscord({ token: 'bench', apiUrl, userInstall: false }, await tools())
    const show = await shower(surface, places)
    return (n) => {
      const { token, messageId } = replies[n] ?? { token: '', messageId: null }
      return show(
        n,
        addressOf({
          ...{ version: 2, applicationId, channelId, messageId, ephemeral: false, guildId: null, botReaches: true },
          ...{ uploadBytes: 10 * 1024 * 1024, replyTo: null, spoiler: false, secret: { token, issuedAt: Date.now() } },
        }),
      )
    }
  },

  // As its guide has it.
  'discord.js': async ({ picture, discord: { apiUrl, applicationId, replies } }) => {
    const { AttachmentBuilder, WebhookClient } = await import('discord.js')
    return async (n) => {
      const webhook = new WebhookClient(
        { id: applicationId, token: replies[n]?.token ?? '' },
        { rest: { api: apiUrl } },
      )
      const bytes = Buffer.from(await (await fetch(picture)).arrayBuffer())
      const files = [new AttachmentBuilder(bytes, { name: 'picture.png' })]
      await webhook.editMessage('@original', { content: 'a picture', files })
    }
  },

  'ours, Slack': async (places) => {
    const [{ createSlack }, { newAddress }] = await Promise.all([
      import('../../src/slack/index.ts'),
      import('../../src/slack/address.ts'),
    ])
    const { apiUrl, botToken, appToken, team, channel } = places.slack
    const { surface } = createSlack(
      {
        apiUrl,
        transport: { kind: 'sockets', appToken, sockets: 1 },
        access: { kind: 'token', botToken },
      },
      await tools(),
    )
    const show = await shower(surface, places)
    const address = newAddress({
      team,
      channel,
      enterprise: null,
      thread: null,
      user: 'U0BENCH',
      private: false,
      response: null,
    })
    return (n) => show(n, address)
  },

  'Slack SDK': async ({ picture, slack: { apiUrl, botToken, channel } }) => {
    const { LogLevel, WebClient } = await import('@slack/web-api')
    // It warns of what it then does itself.
    const client = new WebClient(botToken, { slackApiUrl: apiUrl, logLevel: LogLevel.ERROR })
    return async () => {
      const bytes = Buffer.from(await (await fetch(picture)).arrayBuffer())
      await client.filesUploadV2({ channel_id: channel, file: bytes, filename: 'picture.png', title: 'a picture' })
    }
  },
}

/** What an adapter is given; the store is real, in a folder that goes with the machine's temporary files. */
async function tools(): Promise<AdapterTools> {
  const newId = () => randomBytes(16).toString('hex')
  const { openSqliteStore } = await import('../../src/store/store.ts')
  const dataDir = await mkdtemp(join(tmpdir(), 'imagine-bench-'))
  const { drafts, vault, shelf } = await openSqliteStore({ dataDir, newId, ttlMs: 12_000, historyMs: 86_400_000 })
  return {
    ...{ log: quietLog, meter: noMeter, clock: systemClock, random: Math.random, newId, step: () => undefined },
    ...{ drafts, vault, shelf, links: null, routes: { mount: () => undefined } },
    fatal: (error) => {
      throw error
    },
  }
}

/** Shows a finished job on a surface, with its picture from the image API. */
async function shower(surface: Surface, { imageApi, picture }: TransferReady) {
  const { createImageApi } = await import('../../src/imageapi/client.ts')
  const api = createImageApi(
    {
      ...{ baseUrl: imageApi, key: 'aio_bench', model: 'gpt-image-1-5', poolSize: 1 },
      timeouts: { submitMs: 30_000, lookMs: 15_000, resultMs: 30_000 },
    },
    { log: quietLog },
  )
  const result: Picture = api.result(picture)
  const call: ShowCall = { signal: new AbortController().signal, gate: () => undefined, keep: async () => undefined }
  return (n: number, address: Parameters<Surface['show']>[0]) => surface.show(address, viewOf(n, result), call)
}

function viewOf(n: number, picture: Picture): ViewOf<'result'> {
  return {
    ...{
      kind: 'result',
      jobId: `bench${n}`,
      action: 'imagine',
      inputCount: 0,
      inputNames: [],
      omitted: [],
      locale: 'en',
    },
    request: { prompt: 'a picture', aspectRatio: '1:1', quality: 'medium', count: 1, private: false, spoiler: false },
    ...{
      person: { id: 'U0BENCH', name: 'ann' },
      pictures: [{ n: 1, picture }],
      failures: [],
      credits: 10,
      tookMs: 4_000,
    },
  }
}
