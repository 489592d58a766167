import { createHash } from 'node:crypto'
import { createSnowflakes } from './snowflake.ts'

/** Where a command is given. */
export type Where = 'guild' | 'bot_dm' | 'user_installed' | 'group_dm'

export interface User {
  readonly id: string
  readonly username: string
  readonly globalName: string | null
}

export interface Channel {
  readonly id: string
  /** 0 text, 1 DM, 3 group DM, 11 thread. */
  readonly type: number
  readonly guildId: string | null
  /** Whether the bot's own token reaches it. */
  botReaches: boolean
  maySend: boolean
  mayAttach: boolean
  mayReadHistory: boolean
  archived: boolean
  readonly nsfw?: boolean
  /** Of a thread: its channel. */
  readonly parentId?: string
  /** Bytes of one file sent with the bot's token. */
  uploadBytes: number
}

export interface StoredFile {
  readonly id: string
  readonly filename: string
  readonly contentType: string | null
  readonly description: string | null
  readonly bytes: Buffer
  readonly channelId: string
  /** Hidden until somebody clicks on it. */
  readonly spoiler?: boolean
  /** Of a command's option or a form: belongs to no message. */
  readonly ephemeral: boolean
  /** Deleted from the CDN although its link has not expired. */
  removed: boolean
}

export interface StoredMessage {
  readonly id: string
  readonly channelId: string
  readonly author: User
  /** The name in the server. */
  readonly nick: string | null
  /** The message that this one answers. */
  readonly replyTo: string | null
  /** Users whom Discord names as mentioned. */
  readonly mentions: readonly User[]
  /** The message that this one forwards, as it was then. */
  readonly snapshot: Pick<StoredMessage, 'content' | 'files' | 'embeds'> | null
  readonly createdAt: number
  readonly interactionId: string | null
  readonly nonce: string | null
  content: string
  flags: number
  files: StoredFile[]
  components: readonly unknown[]
  embeds: readonly unknown[]
  /** "… is thinking": a deferred reply that nothing was put into yet. */
  loading: boolean
  deleted: boolean
  /** How often it was edited. */
  edits: number
  /** Who was pinged by it, in all its versions. */
  pings: string[]
}

export interface StoredInteraction {
  readonly id: string
  readonly token: string
  /** 2 command, 3 component, 4 autocomplete, 5 form. */
  readonly type: number
  readonly channelId: string
  readonly userId: string
  readonly issuedAt: number
  readonly forcedEphemeral: boolean
  /** The pressed message. */
  readonly messageId: string | null
  /** Files of this person may have so many bytes here. */
  readonly uploadBytes: number
  readonly userInstalled: boolean
  /** Callback type, once it was answered. */
  answered: number | null
  answeredAfterMs: number | null
  /** `@original`. */
  originalId: string | null
  followUps: number
  /** The form that it was answered with. */
  form: unknown
  /** The suggestions that it was answered with. */
  choices: readonly { readonly name: string; readonly value: string }[]
  revoked: boolean
}

export interface World {
  readonly now: () => number
  readonly newId: (atMs?: number) => string
  readonly applicationId: string
  readonly bot: User
  /** D resources/application, Application Flags. */
  applicationFlags: number
  /** Into how many connections Discord wants the bot's servers divided. */
  shards: number
  readonly guildId: string
  readonly channels: Map<string, Channel>
  readonly channelOf: Readonly<Record<Where, string>>
  readonly messages: Map<string, StoredMessage>
  readonly interactions: Map<string, StoredInteraction>
  readonly files: Map<string, StoredFile>
  /** The bot's direct messages with people, by their ids. */
  readonly direct: Map<string, string>
  /** Who takes none: refused with this code. */
  readonly closed: Map<string, number>
  commands: unknown[]
  addChannel(channel: Partial<Channel> & Pick<Channel, 'type' | 'guildId'>): Channel
  addFile(file: Omit<StoredFile, 'id' | 'removed'>): StoredFile
  /** A signed link to a file, valid for a day from now. */
  link(file: StoredFile): string
  /** Whether a link's parts belong together and it has not expired. */
  admits(file: StoredFile, query: URLSearchParams): boolean
  byToken(token: string): StoredInteraction | null
}

const dayMs = 86_400_000
const defaultUploadBytes = 10 * 1024 * 1024

export function createWorld(now: () => number, origin: () => string): World {
  const newId = createSnowflakes(now)
  const channels = new Map<string, Channel>()
  const files = new Map<string, StoredFile>()
  const interactions = new Map<string, StoredInteraction>()
  // Accounts and servers are older than what happens in them.
  const old = () => newId(now() - 400 * dayMs)
  const guildId = old()

  const addChannel: World['addChannel'] = (given) => {
    const channel: Channel = {
      id: old(),
      botReaches: true,
      maySend: true,
      mayAttach: true,
      mayReadHistory: true,
      archived: false,
      uploadBytes: defaultUploadBytes,
      ...given,
    }
    channels.set(channel.id, channel)
    return channel
  }

  const signature = (file: StoredFile, ex: string, is: string) =>
    createHash('sha256').update(`${file.id}\n${ex}\n${is}`).digest('hex')

  return {
    now,
    newId,
    applicationId: old(),
    applicationFlags: 0,
    shards: 1,
    bot: { id: old(), username: 'imagine', globalName: null },
    guildId,
    channels,
    channelOf: {
      guild: addChannel({ type: 0, guildId }).id,
      bot_dm: addChannel({ type: 1, guildId: null }).id,
      user_installed: addChannel({ type: 0, guildId: old(), botReaches: false }).id,
      group_dm: addChannel({ type: 3, guildId: null, botReaches: false }).id,
    },
    messages: new Map(),
    interactions,
    files,
    direct: new Map(),
    closed: new Map(),
    commands: [],
    addChannel,
    addFile: (given) => {
      const file: StoredFile = { ...given, id: newId(), removed: false }
      files.set(file.id, file)
      return file
    },
    link: (file) => {
      const ex = Math.floor((now() + dayMs) / 1000).toString(16)
      const is = Math.floor(now() / 1000).toString(16)
      const folder = file.ephemeral ? 'ephemeral-attachments' : 'attachments'
      const path = `/${folder}/${file.channelId}/${file.id}/${encodeURIComponent(file.filename)}`
      return `${origin()}${path}?ex=${ex}&is=${is}&hm=${signature(file, ex, is)}&`
    },
    admits: (file, query) => {
      const ex = query.get('ex') ?? ''
      const is = query.get('is') ?? ''
      return query.get('hm') === signature(file, ex, is) && Number.parseInt(ex, 16) * 1000 > now()
    },
    byToken: (token) => [...interactions.values()].find((one) => one.token === token) ?? null,
  }
}

export function userBody({ id, username, globalName }: User, bot = false): object {
  return {
    id,
    username,
    avatar: null,
    discriminator: '0',
    public_flags: 0,
    flags: 0,
    global_name: globalName,
    primary_guild: null,
    ...(bot && { bot: true }),
  }
}

/** A message as Discord's API gives it. */
export function messageBody(world: World, message: StoredMessage): object {
  let component = 0
  const numbered = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node
    component += 1
    const id = component
    const inner =
      'components' in node && Array.isArray(node.components) ? { components: node.components.map(numbered) } : {}
    const accessory = 'accessory' in node ? { accessory: numbered(node.accessory) } : {}
    return { ...node, ...toldOf(node as Record<string, unknown>), id, ...inner, ...accessory }
  }
  return {
    id: message.id,
    type: message.interactionId !== null ? 20 : message.replyTo !== null ? 19 : 0,
    channel_id: message.channelId,
    author: userBody(message.author, message.author === world.bot),
    content: message.content,
    timestamp: new Date(message.createdAt).toISOString(),
    edited_timestamp: message.edits > 0 ? new Date(world.now()).toISOString() : null,
    tts: false,
    mention_everyone: false,
    mentions: message.mentions.map((user) => userBody(user, user === world.bot)),
    mention_roles: [],
    attachments: message.files.map((file) => attachmentBody(world, file)),
    embeds: message.embeds,
    components: message.components.map(numbered),
    pinned: false,
    flags: message.flags,
    ...(message.interactionId !== null && { application_id: world.applicationId, webhook_id: world.applicationId }),
    ...(message.nonce !== null && { nonce: message.nonce }),
    ...(message.replyTo !== null && {
      message_reference: { type: 0, channel_id: message.channelId, message_id: message.replyTo },
    }),
    ...(message.snapshot !== null && {
      message_reference: { type: 1, channel_id: message.channelId, message_id: message.id },
      message_snapshots: [{ message: snapshotBody(world, message) }],
    }),
  }
}

/** What Discord adds to a component that it was given. */
function toldOf({ type, media, description, spoiler, min_values, max_values }: Record<string, unknown>): object {
  if (type === 3) return { min_values: min_values ?? 1, max_values: max_values ?? 1 }
  if (type !== 11) return {}
  const { url } = media as { url: string }
  return { media: { id: '1', url, proxy_url: url }, description: description ?? null, spoiler: spoiler ?? false }
}

function snapshotBody(world: World, { snapshot, createdAt }: StoredMessage): object {
  return {
    type: 0,
    content: snapshot?.content ?? '',
    embeds: snapshot?.embeds ?? [],
    attachments: (snapshot?.files ?? []).map((file) => attachmentBody(world, file)),
    timestamp: new Date(createdAt).toISOString(),
    edited_timestamp: null,
    flags: 0,
    mentions: [],
    mention_roles: [],
    components: [],
  }
}

export function attachmentBody(world: World, file: StoredFile): object {
  const url = world.link(file)
  return {
    id: file.id,
    filename: file.filename,
    size: file.bytes.length,
    url,
    proxy_url: url,
    ...(file.contentType !== null && { content_type: file.contentType }),
    ...(file.description !== null && { description: file.description }),
    ...(file.ephemeral && { ephemeral: true }),
  }
}
