import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Recorded } from './exchange.ts'
import type { Fault } from './fault.ts'
import { type Entries, fieldsOf, flat, formEvent, menuEvent, pickEvent, typingEvent } from './gestures.ts'
import {
  type Button,
  buttonsOf,
  type CommandOptions,
  commandEvent,
  type OptionValue,
  pressEvent,
} from './invocation.ts'
import { readMarkdown } from './markdown.ts'
import { messageEvent, type Saying, spokenMessage } from './saying.ts'
import { createGatewayStandIn, type GatewayStandIn } from './stand-in-gateway.ts'
import { createRestStandIn } from './stand-in-rest.ts'
import { createWorld, type StoredFile, type StoredInteraction, type StoredMessage, type World } from './world.ts'

export type { Recorded } from './exchange.ts'
export type { CommandOptions } from './invocation.ts'
export type { StoredMessage } from './world.ts'

/** A command or press, as its sender follows it. */
export interface Invocation {
  readonly id: string
  readonly token: string
  /** Resolves with the callback type when it was answered; rejects when Discord gives up after 3 seconds. */
  answered(): Promise<number>
  /** The reply: null before the answer, and where the answer is none. */
  message(): StoredMessage | null
  readonly interaction: StoredInteraction
}

/** Something that was said, as its sender follows it. */
export interface Said {
  readonly id: string
  readonly posted: StoredMessage
  /** What the bot answered, oldest first. */
  answers(): readonly StoredMessage[]
  /** The first answer. */
  message(): StoredMessage | null
}

/** A message as a person sees it. */
interface Screen {
  /** With its markup rendered away. */
  readonly text: string
  /** Constructs that were rendered, such as `link` or `spoiler`, besides the quote and small print of the bot's own. */
  readonly markup: readonly string[]
  readonly pictures: readonly StoredFile[]
  readonly buttons: readonly Button[]
  readonly ephemeral: boolean
  readonly thinking: boolean
}

/**
 * Discord on loopback: gateway, REST API and CDN, as unfriendly as the fact sheet says it is. Every request is judged by
 * Discord's OpenAPI document and by the rules that it does not know; `stop` throws when any was broken.
 */
export interface StandIn {
  readonly botToken: string
  /** For `DISCORD_API_URL`. */
  readonly apiUrl: string
  readonly origin: string
  readonly world: World
  readonly gateway: GatewayStandIn
  readonly requests: readonly Recorded[]
  readonly violations: readonly string[]
  /** `/imagine` as a person gives it: only once the command is registered, and with values that Discord's client lets through. */
  command(name: string, values: Readonly<Record<string, OptionValue>>, options?: CommandOptions): Invocation
  /** Presses a button of a message by its label or custom_id. */
  press(message: StoredMessage, button: string, options?: CommandOptions): Invocation
  /** Chooses an entry of a message's menu. */
  menu(message: StoredMessage, name: string, options?: CommandOptions): Invocation
  /** Chooses from a select of a message, by the labels of its options. */
  pick(message: StoredMessage, labels: readonly string[], options?: CommandOptions): Invocation
  /** Types into an option that has suggestions. */
  type(command: string, option: string, typed: string, options?: CommandOptions): Invocation
  /** The form that an invocation was answered with. */
  form(opener: Invocation): ReturnType<typeof fieldsOf>
  /** Fills that form in, by the labels of its fields, and sends it. */
  submit(opener: Invocation, entries: Entries, options?: CommandOptions): Invocation
  /** Delivers an invocation's event once more. */
  redeliver(invocation: Pick<Invocation | Said, 'id'>): void
  /** Says something as a person does; the bot hears of it what its intents let through. */
  say(saying: Saying): Said
  message(id: string): StoredMessage
  screen(message: StoredMessage | null): Screen
  /** Lets matching requests go wrong; gives the fault's own count of what is left. */
  fail(fault: Fault): { left: number }
  /** Requests of a method and route. */
  sent(method: string, route: string | RegExp): Recorded[]
  /** Resolves as soon as the condition holds. */
  until<T>(condition: () => T | false | null | undefined, what?: string): Promise<T>
  /** Resolves when at least so many clients are signed in and the command is registered. */
  ready(clients?: number): Promise<void>
  /** Nothing answers on the port, and all connections break. */
  down(): Promise<void>
  up(): Promise<void>
  stop(): Promise<void>
}

export interface StandInOptions {
  readonly now?: () => number
  readonly botToken?: string
  /** How long `until` waits, in milliseconds. */
  readonly patienceMs?: number
}

/** Longer than anything here takes; a condition that does not come true fails its test. */
const defaultPatienceMs = 10_000
export const routes = {
  callback: '/interactions/{interaction_id}/{interaction_token}/callback',
  original: '/webhooks/{webhook_id}/{webhook_token}/messages/@original',
  message: '/channels/{channel_id}/messages/{message_id}',
  messages: '/channels/{channel_id}/messages',
  followUp: '/webhooks/{webhook_id}/{webhook_token}',
  direct: '/users/@me/channels',
  commands: '/applications/{application_id}/commands',
  application: '/applications/@me',
  gateway: '/gateway/bot',
} as const

export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const {
    now = Date.now,
    patienceMs = defaultPatienceMs,
    botToken = 'MTAwMDAwMDAwMDAwMDAwMDAwMQ.stand-in.bot-token',
  } = options
  const watchers = new Set<() => void>()
  /** How to deliver an event once more, by the id of what happened. */
  const events = new Map<string, () => void>()
  let port = 0
  const changed = () => {
    for (const watcher of [...watchers]) watcher()
  }
  const origin = () => `http://127.0.0.1:${port}`
  const world = createWorld(now, origin)
  const created = (message: StoredMessage) =>
    gateway.dispatchTo('MESSAGE_CREATE', (intents) => messageEvent(world, message, intents))
  const rest = createRestStandIn({ world, botToken, gatewayUrl: () => `ws://127.0.0.1:${port}/gw`, changed, created })
  const failures: unknown[] = []
  const server: Server = createServer((request, response) => {
    rest.handle(request, response).catch((error: unknown) => {
      // A client that went away is no failure of the stand-in.
      if (!request.destroyed) failures.push(error)
      response.destroy()
    })
  })
  const gateway = createGatewayStandIn({ server, world, botToken, url: () => `ws://127.0.0.1:${port}/gw`, changed })
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve())
    })
  await listen()
  port = (server.address() as AddressInfo).port

  function until<T>(condition: () => T | false | null | undefined, what = condition.toString()): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(limit)
        watchers.delete(look)
      }
      const limit = setTimeout(() => {
        finish()
        reject(new Error(`never came true: ${what}\n${JSON.stringify(rest.requests.map(summary), null, 1)}`))
      }, patienceMs)
      const look = () => {
        const found = condition()
        if (found === false || found === null || found === undefined) return
        finish()
        resolve(found)
      }
      watchers.add(look)
      look()
    })
  }

  function begin({ event, interaction }: { event: object; interaction: StoredInteraction }): Invocation {
    const deliver = () => gateway.dispatch('INTERACTION_CREATE', event)
    events.set(interaction.id, deliver)
    deliver()
    return {
      id: interaction.id,
      token: interaction.token,
      interaction,
      answered: () => until(() => interaction.answered, `an answer to ${interaction.id}`),
      message: () => world.messages.get(interaction.originalId ?? '') ?? null,
    }
  }

  function say(saying: Saying): Said {
    const message = spokenMessage(world, saying)
    const deliver = () =>
      gateway.dispatchTo('MESSAGE_CREATE', (intents) => messageEvent(world, message, intents, saying))
    events.set(message.id, deliver)
    deliver()
    const answers = () =>
      [...world.messages.values()].filter(({ replyTo, deleted }) => replyTo === message.id && !deleted)
    return { id: message.id, posted: message, answers, message: () => answers()[0] ?? null }
  }

  function screen(message: StoredMessage | null): Screen {
    if (message === null) throw new Error('there is no message to look at')
    const displayed = message.components
      .flatMap(flat)
      .flatMap(({ type, content }) => (type === 10 ? [String(content)] : []))
    const { text, constructs } = readMarkdown([message.content, ...displayed].filter((part) => part !== '').join('\n'))
    return {
      text,
      markup: constructs,
      pictures: message.files,
      buttons: buttonsOf(message),
      ephemeral: (message.flags & 64) !== 0,
      thinking: message.loading,
    }
  }

  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const sent: StandIn['sent'] = (method, route) =>
    rest.requests.filter(
      (one) => one.method === method && (typeof route === 'string' ? one.route === route : route.test(one.route)),
    )

  return {
    botToken,
    apiUrl: `${origin()}/api`,
    origin: origin(),
    world,
    gateway,
    requests: rest.requests,
    violations: rest.violations,
    command: (name, values, given = {}) => begin(commandEvent(world, name.replace(/^\//, ''), values, given)),
    press: (message, button, given = {}) => begin(pressEvent(world, message, button, given)),
    menu: (message, name, given = {}) => begin(menuEvent(world, message, name, given)),
    pick: (message, labels, given = {}) => begin(pickEvent(world, message, labels, given)),
    type: (name, option, typed, given = {}) => begin(typingEvent(world, name.replace(/^\//, ''), option, typed, given)),
    form: ({ interaction }) => fieldsOf(interaction),
    submit: ({ interaction }, entries, given = {}) => begin(formEvent(world, interaction, entries, given)),
    redeliver: ({ id }) => events.get(id)?.(),
    say,
    message: (id) => {
      const message = world.messages.get(id)
      if (message === undefined) throw new Error(`no message ${id}`)
      return message
    },
    screen,
    fail: (fault) => {
      const entry = { fault, left: fault.times ?? 1 }
      rest.faults.push(entry)
      return entry
    },
    sent,
    until,
    ready: async (clients = 1) => {
      await until(() => gateway.live() >= clients && world.commands.length > 0, 'signed in, with commands')
    },
    down: async () => {
      gateway.refuse(true)
      gateway.drop('cut')
      await close()
    },
    up: async () => {
      gateway.refuse(false)
      await listen()
    },
    stop: async () => {
      await gateway.close()
      if (server.listening) await close()
      if (failures.length > 0) throw failures[0]
      if (rest.violations.length > 0) throw new Error(`Discord’s rules were broken:\n${rest.violations.join('\n')}`)
    },
  }
}

function summary({ method, route, status }: Recorded): string {
  return `${method} ${route} ${status}`
}
