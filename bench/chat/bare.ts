import { say, told } from '../process.ts'
import type { ChatReady } from './server.ts'

// The two SDKs and nothing else: each signed in, answering every command as its guide has it.

export interface BareOptions {
  readonly discord: ChatReady['discord'] | null
  readonly slack: ChatReady['slack'] | null
}

const { discord, slack } = told<BareOptions>()
if (discord !== null) await startDiscord(discord)
if (slack !== null) await startSlack(slack)
say({ pid: process.pid })

async function startDiscord({ apiUrl, token }: ChatReady['discord']): Promise<void> {
  const { Client, Events } = await import('discord.js')
  const client = new Client({ intents: [], rest: { api: apiUrl } })
  client.on(Events.InteractionCreate, async (interaction) => {
    if (interaction.isRepliable()) await interaction.deferReply()
  })
  await client.login(token)
}

async function startSlack({ apiUrl, botToken, appToken }: ChatReady['slack']): Promise<void> {
  const { App, LogLevel } = await import('@slack/bolt')
  const app = new App({
    ...{ token: botToken, appToken, socketMode: true, logLevel: LogLevel.ERROR },
    clientOptions: { slackApiUrl: apiUrl },
  })
  app.command('/imagine', async ({ ack }) => ack())
  await app.start()
}
