import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../src/core/clock.ts'
import { createSimulator } from '../../src/simulator/server.ts'
import { startStandIn } from '../../test/discord/stand-in.ts'
import { startSlack } from '../../test/slack/stand-in.ts'
import { answering, say, told } from '../process.ts'
import { quietLog } from '../quiet.ts'
import { openPacedLink } from './paced-link.ts'

// Where pictures come from and where they go: the simulator, Discord's and Slack's stand-ins, and a place that takes
// anything. All ways may be paced.

export interface TransferServerOptions {
  readonly bytes: number
  readonly deliveries: number
  /** Of each way, a second; null: as fast as loopback is. */
  readonly pace: number | null
}

export interface TransferReady {
  /** The result's link. */
  readonly picture: string
  readonly size: number
  readonly imageApi: string
  readonly sink: string
  readonly discord: {
    readonly apiUrl: string
    readonly applicationId: string
    readonly channelId: string
    readonly replies: readonly Reply[]
  }
  readonly slack: {
    readonly apiUrl: string
    readonly botToken: string
    readonly appToken: string
    readonly team: string
    readonly channel: string
  }
}

/** A deferred reply to a command: who has its token may put a file into it. */
interface Reply {
  readonly token: string
  readonly messageId: string
}

/** Pictures that arrived whole. */
export interface Arrived {
  readonly discord: number
  readonly slack: number
  readonly sink: number
}

const { bytes, deliveries, pace } = told<TransferServerOptions>()
const person = 'U0BENCH'
const links = new Map<number, Promise<number>>()

const simulator = createSimulator({
  ...{ host: '127.0.0.1', port: 0, dir: null, clock: systemClock, random: Math.random, log: quietLog },
  durationMs: { min: 0, max: 0 },
})
const imageApi = await simulator.listen()
simulator.behave({ on: 'result', do: 'large', bytes })
const picture = await finishedPicture()
const content = Buffer.from(await (await fetch(picture)).arrayBuffer())

const discord = await startStandIn()
discord.world.commands = [{ type: 1, name: 'imagine', options: [{ type: 3, name: 'prompt', required: true }] }]
const replies: Reply[] = []
for (let n = 0; n < deliveries; n += 1) replies.push(await deferredReply())

let slackLink: string | null = null
const slack = await startSlack({ looks: 0, reachedAt: (own) => slackLink ?? own })
slackLink = (await way(slack.origin)).replace(/\/$/, '')
const channel = slack.channel('public', [person])

let sunk = 0
const sink = createServer(async (request, response) => {
  let length = 0
  for await (const chunk of request) length += (chunk as Buffer).length
  if (length === content.length) sunk += 1
  response.end('OK')
})
await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))

answering(
  (): Arrived => ({
    discord: [...discord.world.messages.values()].filter(({ files }) =>
      files.some((file) => content.equals(file.bytes)),
    ).length,
    slack: slack.uploads().filter((file) => file.bytes !== null && content.equals(file.bytes)).length,
    sink: sunk,
  }),
)
say({
  ...{ picture: await way(picture), size: content.length, imageApi: await way(imageApi) },
  sink: await way(`http://127.0.0.1:${(sink.address() as AddressInfo).port}/`),
  discord: {
    apiUrl: await way(discord.apiUrl),
    ...{ applicationId: discord.world.applicationId, channelId: discord.world.channelOf.guild, replies },
  },
  slack: {
    ...{ apiUrl: `${slackLink}/api/`, botToken: slack.botToken, appToken: slack.appToken, team: slack.team, channel },
  },
} satisfies TransferReady)

/** The same address, over a paced link where that is asked for: one for each port. */
async function way(address: string): Promise<string> {
  if (pace === null) return address
  const url = new URL(address)
  const port = Number(url.port)
  const link = links.get(port) ?? openPacedLink(port, pace)
  links.set(port, link)
  url.port = String(await link)
  return url.href
}

async function finishedPicture(): Promise<string> {
  const headers = { authorization: 'Bearer aio_bench', 'content-type': 'application/json' }
  const body = JSON.stringify({ model: 'gpt-image-1-5', prompt: 'a picture for the benchmark' })
  const submitted = await fetch(`${imageApi}/images/generations`, { method: 'POST', headers, body })
  const { data: task } = (await submitted.json()) as { data: { task_id: string } }
  const looked = await fetch(`${imageApi}/tasks/${task.task_id}`, { headers })
  const { data } = (await looked.json()) as { data: { output: { image_url: string } } }
  return data.output.image_url
}

async function deferredReply(): Promise<Reply> {
  const { id, token, interaction } = discord.command('/imagine', { prompt: 'a picture' })
  await fetch(`${discord.apiUrl}/v10/interactions/${id}/${token}/callback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'DiscordBot (bench, 1)' },
    body: JSON.stringify({ type: 5 }),
  })
  const messageId = interaction.originalId
  if (messageId === null) throw new Error('the stand-in took no answer')
  return { token, messageId }
}
