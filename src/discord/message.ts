import { type APIAttachment, type APIMessage, type GatewayMessageCreateDispatchData, MessageType } from 'discord.js'
import type { InputRef, JobFacts, Person } from '../core/job.ts'
import type { Problem } from '../core/request.ts'
import type { Ask } from '../core/studio.ts'
import { parseText } from '../core/text.ts'
import { addressOf, directMessages, type Place } from './address.ts'
import { inputOf, problemsOf } from './attachment.ts'
import { commandName } from './commands.ts'
import { uploadBytes } from './limits.ts'
import { isServed } from './served.ts'
import { readable, withoutMention } from './spoken.ts'

/** What must be known to read a message. */
export interface Listener {
  /** The bot's user id. */
  readonly me: string
  readonly applicationId: string
  readonly apiUrl: string
}

/** A message to the bot. */
export interface Heard {
  readonly messageId: string
  readonly person: Person
  readonly place: Place
  /** Without calling the bot, flags and marks still in it. */
  readonly words: string
  readonly mentions: GatewayMessageCreateDispatchData['mentions']
  readonly inputs: readonly InputRef[]
  readonly problems: readonly Problem[]
  /** Null where nothing was replied to. */
  readonly repliedTo: RepliedTo | null
}

/** The message that somebody replied to. */
interface RepliedTo {
  readonly channelId: string
  readonly messageId: string
  readonly inputs: readonly InputRef[]
  /** `hidden`: Discord does not show us what is in it. */
  readonly sight: 'seen' | 'hidden' | 'deleted'
}

/** Pictures that were pointed at instead of attached. */
export interface Pointed {
  readonly inputs: readonly InputRef[]
  readonly parent: Pick<JobFacts, 'id' | 'request'> | null
}

/** Discord does not say which language the sender of a message reads. */
export const messageLocale = 'en-US'

/** A message to the bot: one that mentions it by name, or a direct one; null for every other, and for what no person said. */
export function parseMessage(message: GatewayMessageCreateDispatchData, listener: Listener): Heard | null {
  const { author, mentions, content, attachments } = message
  if (author.bot === true || author.system === true || message.webhook_id !== undefined || author.id === listener.me)
    return null
  if (message.type !== MessageType.Default && message.type !== MessageType.Reply) return null
  if (message.guild_id !== undefined && !mentions.some(({ id }) => id === listener.me)) return null
  const forwarded = forwardedInputs(message, listener)
  // Also what Discord does not show us, and a call or a sticker.
  if (content.trim() === '' && attachments.length === 0 && forwarded.length === 0) return null
  return {
    messageId: message.id,
    person: { id: author.id, name: message.member?.nick ?? author.global_name ?? author.username },
    place: placeOf(message, listener),
    words: withoutCommand(withoutMention(content, listener.me)),
    mentions,
    inputs: attachments.length > 0 ? attachments.map(inputOf) : forwarded,
    problems: attachments.flatMap(problemsOf),
    repliedTo: repliedToOf(message, listener),
  }
}

/** Whether somebody asked how to use the bot. */
export function wantsHelp({ words, inputs }: Heard): boolean {
  return inputs.length === 0 && (words === '' || /^help[.!?]?$/i.test(words))
}

/** The request in the core's terms. `receivedAt`: on the monotonic clock. */
export function toAsk(heard: Heard, { inputs: pointed, parent }: Pointed, receivedAt: number): Ask {
  const { place, person } = heard
  // Flags first: nobody's name is one.
  const typed = parseText(heard.words)
  const said = { ...typed.input, prompt: readable(typed.input.prompt, heard.mentions) }
  const inputs = heard.inputs.length > 0 ? heard.inputs : pointed
  return {
    eventKey: `discord:message:${heard.messageId}`,
    surface: 'discord',
    workspace: place.guildId ?? directMessages,
    channel: place.channelId,
    person,
    locale: messageLocale,
    action: inputs.length > 0 ? 'edit' : 'imagine',
    parentId: parent?.id ?? null,
    source: null,
    // "Make it night" is said of a picture whose shape nobody wants changed.
    input: parent === null ? said : { aspectRatio: parent.request.aspectRatio, ...said },
    inputs,
    problems: [...typed.problems, ...heard.problems, ...privacyProblems(place, said.private === true)],
    address: addressOf(place),
    receivedAt,
  }
}

/** A message in a server is answered for all to see: only the command's answer can be private. */
function privacyProblems({ guildId }: Place, isPrivate: boolean): Problem[] {
  if (guildId === null || !isPrivate) return []
  return [{ kind: 'flag_value_unknown', flag: '--private', value: 'in a message', allowed: [`/${commandName}`] }]
}

/** Typed out instead of chosen. */
function withoutCommand(words: string): string {
  return words.replace(new RegExp(`^/${commandName}(?=\\s|$)\\s*`, 'i'), '')
}

function placeOf(message: GatewayMessageCreateDispatchData, { applicationId }: Listener): Place {
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
    secret: null,
  }
}

function repliedToOf(message: GatewayMessageCreateDispatchData, listener: Listener): RepliedTo | null {
  const { type, message_reference: reference, referenced_message: referenced } = message
  if (type !== MessageType.Reply || reference?.message_id === undefined) return null
  const at = { channelId: reference.channel_id, messageId: reference.message_id }
  if (referenced === null) return { ...at, inputs: [], sight: 'deleted' }
  if (referenced === undefined) return { ...at, inputs: [], sight: 'hidden' }
  return { ...at, inputs: shownInputs(referenced, listener), sight: isEmptied(referenced) ? 'hidden' : 'seen' }
}

/** Without the intent for it, a message that does not mention the bot has nothing in it, which no sent message is like. */
function isEmptied(message: APIMessage): boolean {
  const { content, attachments, embeds, components = [], sticker_items = [], message_snapshots = [] } = message
  const parts = [attachments, embeds, components, sticker_items, message_snapshots]
  const spoken = message.type === MessageType.Default || message.type === MessageType.Reply
  return spoken && content === '' && message.poll === undefined && parts.every(({ length }) => length === 0)
}

function shownInputs(message: APIMessage, listener: Listener): InputRef[] {
  const own = picturesOf(message, listener)
  return own.length > 0 ? own : forwardedInputs(message, listener)
}

function forwardedInputs({ message_snapshots }: Pick<APIMessage, 'message_snapshots'>, listener: Listener): InputRef[] {
  const [snapshot] = message_snapshots ?? []
  return snapshot === undefined ? [] : picturesOf(snapshot.message, listener)
}

/** The pictures that somebody sees in a message; its other files are nobody's request. */
function picturesOf(
  { attachments, embeds }: Pick<APIMessage, 'attachments' | 'embeds'>,
  { apiUrl }: Listener,
): InputRef[] {
  const attached = attachments.filter((one: APIAttachment) => problemsOf(one).length === 0).map(inputOf)
  const embedded = embeds.flatMap(({ type, image, thumbnail }): InputRef[] => {
    const url = image?.url ?? ((type as string | undefined) === 'image' ? thumbnail?.url : undefined)
    if (url === undefined || !isServed(url, apiUrl)) return []
    const name = new URL(url).pathname.split('/').at(-1) ?? ''
    return [{ kind: 'remote', name, at: { url, size: 0, contentType: null } }]
  })
  return [...attached, ...embedded]
}
