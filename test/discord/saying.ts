import { type Attached, contentTypeOf, userOf, usersOf } from './invocation.ts'
import { type Channel, messageBody, type StoredMessage, userBody, type Where, type World } from './world.ts'

/** What a person says, without any command. */
export interface Saying {
  readonly content?: string
  /** The same name is the same person. */
  readonly author?: string
  readonly nick?: string
  readonly where?: Where
  readonly channel?: string
  readonly replyTo?: StoredMessage
  /** Whether the reply pings whom it answers: a switch beside the composer, on by default. */
  readonly ping?: boolean
  readonly attachments?: readonly Attached[]
  /** Calls the bot by its name, before everything else. */
  readonly mentionsBot?: boolean
  readonly forwards?: StoredMessage
  /** Links that Discord unfolds into embeds at once. */
  readonly embeds?: readonly object[]
  /** Said by another bot, or through a webhook. */
  readonly by?: 'bot' | 'webhook'
  /** Discord did not look up what was replied to. */
  readonly unresolved?: boolean
}

/** D topics/gateway, Gateway Intents. */
const intentsOf = { guildMessages: 1 << 9, directMessages: 1 << 12, messageContent: 1 << 15 } as const

/** Puts a person's message into its channel. */
export function spokenMessage(world: World, saying: Saying): StoredMessage {
  const { replyTo, forwards, ping = true } = saying
  const channelId = saying.channel ?? replyTo?.channelId ?? world.channelOf[saying.where ?? 'guild']
  const content = `${saying.mentionsBot === true ? `<@${world.bot.id}> ` : ''}${saying.content ?? ''}`
  const named = [...content.matchAll(/<@!?(\d+)>/g)].map(([, id]) => id)
  const author = userOf(world, saying.author ?? 'ann')
  // A reply to a command's answer never counts as a ping of the bot.
  const answered = ping && replyTo?.interactionId === null ? replyTo.author.id : null
  const mentions = [world.bot, ...usersOf(world)].filter(({ id }) => named.includes(id) || id === answered)
  const message: StoredMessage = {
    id: world.newId(),
    channelId,
    author,
    nick: saying.nick ?? null,
    createdAt: world.now(),
    interactionId: null,
    nonce: null,
    replyTo: replyTo?.id ?? null,
    mentions,
    snapshot: forwards === undefined ? null : { ...forwards },
    content,
    flags: 0,
    files: (saying.attachments ?? []).map((file) =>
      world.addFile({
        filename: file.name,
        contentType: file.contentType === undefined ? contentTypeOf(file.name) : file.contentType,
        description: null,
        bytes: Buffer.from(file.bytes),
        channelId,
        ephemeral: false,
      }),
    ),
    components: [],
    embeds: saying.embeds ?? [],
    loading: false,
    deleted: false,
    edits: 0,
    pings: [],
  }
  world.messages.set(message.id, message)
  return message
}

/** MESSAGE_CREATE as a session with these intents gets it; null: it gets none. */
export function messageEvent(
  world: World,
  message: StoredMessage,
  intents: number,
  { by, unresolved }: Pick<Saying, 'by' | 'unresolved'> = {},
): object | null {
  const channel = world.channels.get(message.channelId)
  if (channel === undefined || !channel.botReaches) return null
  const needed = channel.guildId === null ? intentsOf.directMessages : intentsOf.guildMessages
  if ((intents & needed) === 0) return null
  const referenced = world.messages.get(message.replyTo ?? '')
  const content = (intents & intentsOf.messageContent) !== 0
  const author = userBody(message.author, message.author === world.bot || by === 'bot')
  return {
    ...seen(world, message, channel, content),
    author,
    channel_type: channel.type,
    ...(by === 'webhook' && { webhook_id: message.author.id }),
    ...(message.replyTo !== null &&
      unresolved !== true && {
        referenced_message:
          referenced === undefined || referenced.deleted ? null : seen(world, referenced, channel, content),
      }),
    ...(channel.guildId !== null && {
      guild_id: channel.guildId,
      member: {
        nick: message.nick,
        roles: [],
        joined_at: new Date(message.createdAt).toISOString(),
        deaf: false,
        mute: false,
        flags: 0,
      },
    }),
  }
}

/** Each message is judged by itself: without the privileged intent only what concerns the bot has anything in it. */
export function seen(world: World, message: StoredMessage, channel: Channel, content: boolean): object {
  const body = messageBody(world, message)
  const concerns = message.author === world.bot || channel.guildId === null || message.mentions.includes(world.bot)
  if (concerns || content) return body
  const { message_snapshots: _, ...rest } = body as Record<string, unknown>
  return { ...rest, content: '', attachments: [], embeds: [], components: [] }
}
