import { setTimeout as after } from 'node:timers/promises'
import { startStandIn } from '../../test/discord/stand-in.ts'
import { startSlack } from '../../test/slack/stand-in.ts'
import { answering, say } from '../process.ts'

// Discord and Slack on loopback, in a process of their own, with people who give many commands at once.

export interface ChatReady {
  readonly discord: { readonly apiUrl: string; readonly token: string }
  readonly slack: { readonly apiUrl: string; readonly botToken: string; readonly appToken: string }
}

export type ChatQuestion =
  /** Waits until somebody is signed in to these. */
  | { readonly ask: 'connected'; readonly discord: boolean; readonly slack: boolean }
  /** Gives so many commands to Discord at once, each by another person. */
  | { readonly ask: 'burst'; readonly commands: number; readonly prompt: string }
  /** Gives so many commands and waits for nothing. */
  | { readonly ask: 'give'; readonly commands: number; readonly prompt: string }
  | { readonly ask: 'state' }

export interface Burst {
  /** From the gateway's event to the ack, in milliseconds; what was never acked is missing. */
  readonly acksMs: readonly number[]
}

export interface ChatState {
  /** Messages with a picture. */
  readonly pictures: number
}

const discord = await startStandIn({ patienceMs: 60_000 })
const slack = await startSlack({ looks: 0 })
let people = 0

answering<ChatQuestion>(async (question) => {
  switch (question.ask) {
    case 'connected':
      while (question.slack && slack.links.count() === 0) await after(20)
      if (question.discord) await discord.until(() => discord.gateway.live() > 0, 'signed in')
      return {}
    case 'burst':
      return burst(question.commands, question.prompt)
    case 'give':
      for (let n = 0; n < question.commands; n += 1) {
        give(question.prompt)
        // As fast as people of a large server might be.
        if (n % 10 === 9) await after(20)
      }
      return {}
    case 'state':
      return state()
  }
})
say({
  discord: { apiUrl: discord.apiUrl, token: discord.botToken },
  slack: { apiUrl: slack.apiUrl, botToken: slack.botToken, appToken: slack.appToken },
} satisfies ChatReady)

function give(prompt: string) {
  people += 1
  return discord.command('/imagine', { prompt: `${prompt} (${people})` }, { name: `person${people}`, unchecked: true })
}

/** The bare handler registers no command; Discord knows it all the same here. */
discord.world.commands.push({ type: 1, name: 'imagine', options: [{ type: 3, name: 'prompt', required: true }] })

const patienceMs = 5_000

async function burst(commands: number, prompt: string): Promise<Burst> {
  const given = Array.from({ length: commands }, () => give(prompt).interaction)
  const until = performance.now() + patienceMs
  while (given.some(({ answered }) => answered === null) && performance.now() < until) await after(5)
  return { acksMs: given.flatMap(({ answeredAfterMs }) => (answeredAfterMs === null ? [] : [answeredAfterMs])) }
}

function state(): ChatState {
  return { pictures: [...discord.world.messages.values()].filter(({ files }) => files.length > 0).length }
}
