import { ChannelType, PermissionFlagsBits } from 'discord.js'
import type { BotPermission, Problem } from '../core/request.ts'
import type { Place } from './address.ts'
import type { Answerable } from './origin.ts'

const bits: Readonly<Record<BotPermission, bigint>> = {
  view_channel: PermissionFlagsBits.ViewChannel,
  send_messages: PermissionFlagsBits.SendMessages,
  send_in_threads: PermissionFlagsBits.SendMessagesInThreads,
  attach_files: PermissionFlagsBits.AttachFiles,
  read_history: PermissionFlagsBits.ReadMessageHistory,
}

/** Everything that the bot ever needs, as one decimal number: what the invitation asks for. */
export const neededPermissions = String(Object.values(bits).reduce((all, bit) => all | bit, 0n))

const threads: ReadonlySet<ChannelType> = new Set([
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
])

export function isThread(type: ChannelType): boolean {
  return threads.has(type)
}

/**
 * What the bot lacks to answer an interaction there. The reply's own token needs no right to send; after its 14 minutes,
 * the bot's token edits the message, which it must see. In direct messages nobody can withhold anything.
 */
export function problemsAt(interaction: Answerable, place: Place): Problem[] {
  const { channel } = interaction
  if (place.guildId === null) return []
  const seen: readonly BotPermission[] =
    place.ephemeral || !place.botReaches
      ? []
      : ['view_channel', ...(channel !== undefined && isThread(channel.type) ? (['send_in_threads'] as const) : [])]
  return missing(heldIn(interaction), [...seen, 'attach_files'])
}

/** Without a word of Discord's the bot may do everything: it is tried. */
function heldIn({ app_permissions: held }: Partial<Pick<Answerable, 'app_permissions'>>): bigint {
  return held === undefined ? PermissionFlagsBits.Administrator : BigInt(held)
}

/** What the bot may do in a channel, as far as it knows its server. */
export interface Standing {
  readonly held: bigint
  readonly thread: boolean
  readonly ageRestricted: boolean
}

/** What the bot lacks to answer a message. `standing` null: not known, so it is tried. */
export function problemsOfStanding(standing: Standing | null): Problem[] {
  if (standing === null) return []
  return missing(standing.held, [standing.thread ? 'send_in_threads' : 'send_messages', 'attach_files'])
}

/** Whether the bot may post there by itself, and not only answer. */
export function maySend(interaction: Answerable): boolean {
  const { channel } = interaction
  const thread = channel !== undefined && isThread(channel.type)
  const needed: readonly BotPermission[] = [
    'view_channel',
    thread ? 'send_in_threads' : 'send_messages',
    'attach_files',
  ]
  return missing(heldIn(interaction), needed).length === 0
}

function missing(held: bigint, needed: readonly BotPermission[]): Problem[] {
  if ((held & PermissionFlagsBits.Administrator) !== 0n) return []
  const permissions = needed.filter((name) => (held & bits[name]) === 0n)
  return permissions.length === 0 ? [] : [{ kind: 'permission_missing', permissions }]
}
