import { type APIMessage, type GatewayMessageCreateDispatchData, Locale, MessageType } from 'discord.js'
import type { JobFacts, Person } from '../core/job.ts'
import type { Problem } from '../core/request.ts'
import type { Ask } from '../core/studio.ts'
import { parseText } from '../core/text.ts'
import { addressOf, directMessages, type Place } from './address.ts'
import { commandName } from './commands.ts'
import { uploadBytes } from './limits.ts'
import { problemsOfStanding, type Standing } from './permissions.ts'
import { choose, handedIn, inherited, type Pointed, seenIn } from './pointed.ts'
import { readable, withoutMention } from './spoken.ts'

/** What must be known to read a message. */
export interface Listener {
  /** The bot's user id. */
  readonly me: string
  readonly applicationId: string
  readonly apiUrl: string
  /** What the bot may do in a channel; null where that is not known. */
  readonly standingIn: (channelId: string) => Standing | null
}

/** Somebody who is to be answered. */
export interface Sender {
  readonly messageId: string
  readonly person: Person
  readonly place: Place
}

/** A message to the bot. */
export interface Heard extends Sender {
  readonly kind: 'heard'
  /** Whether the bot was called, by its name or in direct messages; a mere reply is only meant for it under a result. */
  readonly called: boolean
  /** Without calling the bot, flags and marks still in it. */
  readonly words: string
  readonly mentions: GatewayMessageCreateDispatchData['mentions']
  /** Attached, or forwarded with it. */
  readonly own: readonly Pointed[]
  /** What the bot lacks there to show a picture. */
  readonly problems: readonly Problem[]
  /** Null where nothing was replied to. */
  readonly repliedTo: RepliedTo | null
}

/** The message that somebody replied to. */
export interface RepliedTo {
  readonly channelId: string
  readonly messageId: string
  readonly pointed: readonly Pointed[]
  /** `hidden`: Discord does not show us what is in it; `untold`: it did not look it up. */
  readonly sight: 'seen' | 'hidden' | 'deleted' | 'untold'
}

/** A reply to the bot in which Discord does not show us a word. */
export interface Unread extends Sender {
  readonly kind: 'unread'
}

/** The pictures that a message is about, and the job that made them. */
export interface Meant {
  readonly pointed: readonly Pointed[]
  readonly parent: Pick<JobFacts, 'id' | 'request'> | null
}

/** Discord does not say which language the sender of a message reads. */
export const messageLocale = Locale.EnglishUS

/** A message to the bot: it is named, answered or written to directly; null for every other, and for what no person said. */
export function parseMessage(message: GatewayMessageCreateDispatchData, listener: Listener): Heard | Unread | null {
  const { author, mentions, content, attachments } = message
  if (author.bot === true || author.system === true || message.webhook_id !== undefined || author.id === listener.me)
    return null
  if (message.type !== MessageType.Default && message.type !== MessageType.Reply) return null
  const called = message.guild_id === undefined || mentions.some(({ id }) => id === listener.me)
  if (!called && message.referenced_message?.author.id !== listener.me) return null
  const standing = message.guild_id === undefined ? null : listener.standingIn(message.channel_id)
  const sender: Sender = {
    messageId: message.id,
    person: { id: author.id, name: message.member?.nick ?? author.global_name ?? author.username },
    place: placeOf(message, listener, standing),
  }
  if (!called && isEmptied(message)) return { kind: 'unread', ...sender }
  const words = withoutCommand(withoutMention(content, listener.me))
  // Its own pictures are those that somebody attached to it, and those of a message that it forwards.
  const forwarded = seenIn({ message_snapshots: message.message_snapshots ?? [] }, listener.apiUrl)
  const own = [...handedIn(attachments), ...forwarded]
  // A call or a sticker; and a picture without words under a result is no request.
  if (content.trim() === '' && (own.length === 0 || !called)) return null
  return {
    kind: 'heard',
    ...sender,
    ...{ called, words, mentions, own },
    problems: problemsOfStanding(standing),
    repliedTo: repliedToOf(message, listener),
  }
}

/** Whether somebody asked how to use the bot. */
export function wantsHelp({ words, own, called }: Heard): boolean {
  return own.length === 0 && ((called && words === '') || /^help[.!?]?$/i.test(words))
}

/** The request in the core's terms. `receivedAt`: on the monotonic clock. */
export function toAsk(heard: Heard, { pointed, parent }: Meant, receivedAt: number): Ask {
  const { place, person } = heard
  // Flags first: nobody's name is one.
  const typed = parseText(heard.words)
  const said = { ...typed.input, prompt: readable(typed.input.prompt, heard.mentions) }
  const pictures = choose(pointed)
  return {
    eventKey: `discord:message:${heard.messageId}`,
    surface: 'discord',
    workspace: place.guildId ?? directMessages,
    channel: place.channelId,
    person,
    locale: messageLocale,
    action: pictures.inputs.length > 0 ? 'edit' : 'imagine',
    parentId: parent?.id ?? null,
    source: null,
    input: { ...inherited(parent), ...said },
    inputs: pictures.inputs,
    omitted: pictures.omitted,
    problems: [
      ...typed.problems,
      ...pictures.problems,
      ...privacyProblems(place, said.private === true),
      ...heard.problems,
    ],
    address: addressOf(place),
    receivedAt,
  }
}

/** A message in a server is answered for all to see: only the command's answer can be private. */
function privacyProblems({ guildId }: Place, isPrivate: boolean): Problem[] {
  if (guildId === null || !isPrivate) return []
  return [{ kind: 'private_needs_command', command: `/${commandName}` }]
}

/** Typed out instead of chosen. */
function withoutCommand(words: string): string {
  return words.replace(new RegExp(`^/${commandName}(?=\\s|$)\\s*`, 'i'), '')
}

function placeOf(
  message: GatewayMessageCreateDispatchData,
  { applicationId }: Listener,
  standing: Standing | null,
): Place {
  return {
    version: 2,
    applicationId,
    channelId: message.channel_id,
    messageId: null,
    ephemeral: false,
    guildId: message.guild_id ?? null,
    botReaches: true,
    uploadBytes,
    replyTo: message.id,
    spoiler: standing?.ageRestricted ?? false,
    secret: null,
  }
}

function repliedToOf(message: GatewayMessageCreateDispatchData, { apiUrl }: Listener): RepliedTo | null {
  const { type, message_reference: reference, referenced_message: referenced } = message
  if (type !== MessageType.Reply || reference?.message_id === undefined) return null
  const at = { channelId: reference.channel_id, messageId: reference.message_id }
  if (referenced === null) return { ...at, pointed: [], sight: 'deleted' }
  if (referenced === undefined) return { ...at, pointed: [], sight: 'untold' }
  return { ...at, ...lookAt(referenced, apiUrl) }
}

/** What there is to see in a message that was replied to. */
export function lookAt(message: APIMessage, apiUrl: string): Pick<RepliedTo, 'pointed' | 'sight'> {
  return { pointed: seenIn(message, apiUrl), sight: isEmptied(message) ? 'hidden' : 'seen' }
}

type Emptied = Pick<APIMessage, 'type' | 'content' | 'attachments' | 'poll'> &
  Partial<Pick<APIMessage, 'embeds' | 'components' | 'sticker_items' | 'message_snapshots'>>

/** Without the intent for it, a message that does not concern the bot has nothing in it, which no sent message is like. */
function isEmptied(message: Emptied): boolean {
  const { content, attachments, embeds = [], components = [], sticker_items = [], message_snapshots = [] } = message
  const parts = [attachments, embeds, components, sticker_items, message_snapshots]
  const spoken = message.type === MessageType.Default || message.type === MessageType.Reply
  return spoken && content === '' && message.poll === undefined && parts.every(({ length }) => length === 0)
}
