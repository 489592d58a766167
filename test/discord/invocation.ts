import { randomBytes } from 'node:crypto'
import {
  attachmentBody,
  type Channel,
  messageBody,
  type StoredInteraction,
  type StoredMessage,
  type User,
  userBody,
  type Where,
  type World,
} from './world.ts'

interface Sender {
  /** The same name is the same person. */
  readonly name?: string
  /** Name in the server. */
  readonly nick?: string
  readonly locale?: string
  /** Discord's permission bits of the person in the channel. */
  readonly permissions?: bigint
}

export interface Attached {
  readonly name: string
  readonly bytes: Uint8Array
  /** Null: Discord has no idea. By the name unless given, as Discord does. */
  readonly contentType?: string | null
}

export type OptionValue = string | number | boolean | Attached

export interface CommandOptions extends Sender {
  readonly where?: Where
  readonly channelId?: string
  /** Sends what Discord's own client would refuse to send, as an old or a foreign client does. */
  readonly unchecked?: boolean
  /** When it was given; now unless said otherwise. */
  readonly at?: number
  /** Discord makes the reply ephemeral by itself. */
  readonly forcedEphemeral?: boolean
  /** An age-restricted channel. */
  readonly nsfw?: boolean
  /** What the bot may do there; everything unless given. */
  readonly appPermissions?: bigint
  /** The person's limit there, in bytes. */
  readonly uploadBytes?: number
}

interface Definition {
  readonly type?: number
  readonly name: string
  readonly options?: readonly OptionDefinition[]
}
interface OptionDefinition {
  readonly type: number
  /** Of a subcommand. */
  readonly options?: readonly OptionDefinition[]
  readonly name: string
  readonly required?: boolean
  readonly choices?: readonly { readonly value: string | number }[]
  readonly min_length?: number
  readonly max_length?: number
  readonly min_value?: number
  readonly max_value?: number
}

/** View Channel, Send Messages, Attach Files, Read Message History, Send Messages in Threads. */
const allPermissions = [10n, 11n, 15n, 16n, 38n].reduce((all, bit) => all | (1n << bit), 0n)

/** The event of a command, and the interaction that Discord now waits to be answered. */
export function commandEvent(
  world: World,
  name: string,
  values: Readonly<Record<string, OptionValue>>,
  options: CommandOptions,
): { event: object; interaction: StoredInteraction } {
  const [first, second] = name.split(' ')
  const command = (world.commands as readonly Definition[]).find((one) => one.name === first && (one.type ?? 1) === 1)
  const definition =
    second === undefined ? command : command?.options?.find((one) => one.type === 1 && one.name === second)
  if (definition === undefined) throw new Error(`Discord has no command /${name}`)
  if (options.unchecked !== true) checkValues(definition, values)
  const { event, interaction } = opened(world, 2, options, null)
  const resolved: Record<string, object> = {}
  const given = Object.entries(values).map(([option, value]) => {
    const { type } = definition.options?.find((one) => one.name === option) ?? { type: typeOf(value) }
    if (typeof value !== 'object') return { name: option, type, value }
    const file = world.addFile({
      filename: value.name,
      contentType: value.contentType === undefined ? contentTypeOf(value.name) : value.contentType,
      description: null,
      bytes: Buffer.from(value.bytes),
      channelId: interaction.channelId,
      ephemeral: true,
    })
    resolved[file.id] = attachmentBody(world, file)
    return { name: option, type, value: file.id }
  })
  const data = {
    id: world.newId(),
    name: first,
    type: 1,
    options: second === undefined ? given : [{ name: second, type: 1, options: given }],
    ...(Object.keys(resolved).length > 0 && { resolved: { attachments: resolved } }),
  }
  return { event: { ...event, data }, interaction }
}

/** The event of a pressed button. Throws where the person sees no such button. */
export function pressEvent(
  world: World,
  message: StoredMessage,
  button: string,
  options: CommandOptions,
): { event: object; interaction: StoredInteraction } {
  const found = buttonsOf(message).find(({ label, customId }) => label === button || customId === button)
  const customId = found?.customId ?? (options.unchecked === true ? button : null)
  if (customId === null || message.deleted) throw new Error(`there is no button ${button} to press`)
  if (found?.disabled === true) throw new Error(`the button ${button} is disabled`)
  const { event, interaction } = opened(world, 3, { ...options, channelId: message.channelId }, message)
  const data = { component_type: 2, custom_id: customId, id: 2 }
  return { event: { ...event, message: messageBody(world, message), data }, interaction }
}

export interface Button {
  readonly label: string
  readonly customId: string
  readonly disabled: boolean
}

export function buttonsOf({ components }: StoredMessage): Button[] {
  const flat = (node: unknown): unknown[] =>
    typeof node === 'object' && node !== null && 'components' in node && Array.isArray(node.components)
      ? [node, ...node.components.flatMap(flat)]
      : [node]
  return components.flatMap(flat).flatMap((node): Button[] => {
    if (typeof node !== 'object' || node === null || !('custom_id' in node) || !('label' in node)) return []
    return [
      {
        label: String(node.label),
        customId: String(node.custom_id),
        disabled: 'disabled' in node && node.disabled === true,
      },
    ]
  })
}

export function opened(
  world: World,
  type: number,
  options: CommandOptions,
  message: StoredMessage | null,
): { event: object; interaction: StoredInteraction } {
  const where = options.where ?? 'guild'
  const channel = world.channels.get(options.channelId ?? world.channelOf[where])
  if (channel === undefined) throw new Error('no such channel')
  const user = userOf(world, options.name ?? 'ann')
  const at = options.at ?? world.now()
  const userInstalled = where === 'user_installed' || where === 'group_dm'
  const interaction: StoredInteraction = {
    id: world.newId(at),
    // Real tokens have about 200 characters.
    token: `aW50ZXJhY3Rpb246${randomBytes(120).toString('base64url')}`,
    type,
    channelId: channel.id,
    userId: user.id,
    issuedAt: at,
    forcedEphemeral: options.forcedEphemeral ?? false,
    messageId: message?.id ?? null,
    uploadBytes: options.uploadBytes ?? 10 * 1024 * 1024,
    userInstalled,
    answered: null,
    answeredAfterMs: null,
    originalId: null,
    followUps: 0,
    form: null,
    choices: [],
    revoked: false,
  }
  world.interactions.set(interaction.id, interaction)
  return { event: eventOf(world, interaction, channel, user, options, where), interaction }
}

function eventOf(
  world: World,
  interaction: StoredInteraction,
  channel: Channel,
  user: User,
  options: CommandOptions,
  where: Where,
): object {
  const person = userBody(user)
  const member = {
    user: person,
    nick: options.nick ?? null,
    avatar: null,
    roles: [],
    joined_at: new Date(world.now()).toISOString(),
    deaf: false,
    mute: false,
    flags: 0,
    permissions: String(options.permissions ?? 2048n),
  }
  return {
    id: interaction.id,
    application_id: world.applicationId,
    type: interaction.type,
    token: interaction.token,
    version: 1,
    channel_id: channel.id,
    channel: {
      id: channel.id,
      type: channel.type,
      ...(channel.guildId !== null && {
        guild_id: channel.guildId,
        name: 'general',
        permissions: '0',
        // Of a thread Discord says nothing.
        ...(channel.type !== 11 && { nsfw: options.nsfw ?? false }),
      }),
    },
    ...(channel.guildId === null ? { user: person } : { guild_id: channel.guildId, guild_locale: 'en-US', member }),
    locale: options.locale ?? 'en-US',
    app_permissions: String(options.appPermissions ?? allPermissions),
    entitlements: [],
    authorizing_integration_owners: ownersOf(where, world, user),
    context: { guild: 0, bot_dm: 1, user_installed: 0, group_dm: 2 }[where],
    attachment_size_limit: interaction.uploadBytes,
  }
}

function ownersOf(where: Where, world: World, user: User): Record<string, string> {
  if (where === 'guild') return { '0': world.guildId }
  return where === 'bot_dm' ? { '0': '0' } : { '1': user.id }
}

const users = new WeakMap<World, Map<string, User>>()

export function usersOf(world: World): readonly User[] {
  return [...(users.get(world)?.values() ?? [])]
}

export function userOf(world: World, name: string): User {
  const known = users.get(world) ?? new Map<string, User>()
  users.set(world, known)
  const user = known.get(name) ?? { id: world.newId(world.now() - 30 * 86_400_000), username: name, globalName: name }
  known.set(name, user)
  return user
}

/** What Discord's own client checks before it sends a command. */
function checkValues(definition: Definition, values: Readonly<Record<string, OptionValue>>): void {
  const options = definition.options ?? []
  const refuse = (why: string) => {
    throw new Error(`Discord’s client does not send this: ${why}`)
  }
  for (const name of Object.keys(values)) if (!options.some((one) => one.name === name)) refuse(`no option ${name}`)
  for (const option of options) {
    const value = values[option.name]
    if (value === undefined) {
      if (option.required === true) refuse(`${option.name} is missing`)
      continue
    }
    if (typeOf(value) !== option.type) refuse(`${option.name} is of another type`)
    if (option.choices !== undefined && !option.choices.some((choice) => choice.value === value))
      refuse(`${option.name} is none of its choices`)
    const size = typeof value === 'string' ? value.length : typeof value === 'number' ? value : null
    const least = typeof value === 'string' ? Math.max(1, option.min_length ?? 1) : option.min_value
    const most = typeof value === 'string' ? (option.max_length ?? 6000) : option.max_value
    if (size !== null && ((least !== undefined && size < least) || (most !== undefined && size > most)))
      refuse(`${option.name} is too short, too long, too small or too large`)
  }
}

function typeOf(value: OptionValue): number {
  if (typeof value === 'string') return 3
  if (typeof value === 'number') return 4
  return typeof value === 'boolean' ? 5 : 11
}

const types: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  avif: 'image/avif',
  heic: 'image/heic',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
}

export function contentTypeOf(name: string): string | null {
  return types[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? null
}
