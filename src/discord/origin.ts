import {
  type APIInteraction,
  ApplicationIntegrationType,
  InteractionContextType,
  type InteractionType,
  Locale,
  PermissionFlagsBits,
} from 'discord.js'
import { AppError } from '../core/failure.ts'
import type { Person } from '../core/job.ts'
import { directMessages, type Place } from './address.ts'
import { uploadBytes } from './limits.ts'
import type { Standing } from './permissions.ts'
import type { Caller } from './reply.ts'
import { timeOf } from './snowflake.ts'

/** An interaction with a person behind it. */
export type Answerable = Exclude<APIInteraction, { type: InteractionType.Ping }>

export function callerOf({ id, application_id: applicationId, token, locale }: Answerable): Caller {
  return { door: { interactionId: id, applicationId, token }, locale: locale ?? Locale.EnglishUS }
}

export function personOf({ member, user }: Answerable): Person {
  const known = member?.user ?? user
  if (known === undefined) throw new AppError('internal', { detail: 'an interaction of nobody' })
  return { id: known.id, name: member?.nick ?? known.global_name ?? known.username }
}

export function workspaceOf({ guild_id }: Answerable): string {
  return guild_id ?? directMessages
}

/** The same on every delivery, to every replica. */
export function eventKeyOf({ id }: Answerable): string {
  return `discord:${id}`
}

/** Where the interaction's own reply will be. */
export function placeOf(interaction: Answerable, isPrivate: boolean): Place {
  const { channel, authorizing_integration_owners: owners, attachment_size_limit: limit } = interaction
  const channelId = channel?.id ?? interaction.channel_id
  if (channelId === undefined) throw new AppError('internal', { detail: 'an interaction of nowhere' })
  return {
    version: 2,
    applicationId: interaction.application_id,
    channelId,
    messageId: null,
    ephemeral: isPrivate,
    guildId: interaction.guild_id ?? null,
    // Not where only its user brought the app to, unless it is the bot's own direct messages.
    botReaches:
      owners[ApplicationIntegrationType.GuildInstall] !== undefined ||
      owners[ApplicationIntegrationType.UserInstall] === undefined ||
      interaction.context === InteractionContextType.BotDM,
    uploadBytes: limit > 0 ? limit : uploadBytes,
    replyTo: null,
    // An age-restricted channel, where Discord says so.
    spoiler: channel !== undefined && 'nsfw' in channel && channel.nsfw === true,
    secret: { token: interaction.token, issuedAt: timeOf(interaction.id) },
  }
}

/** Of a thread Discord does not say whether it is age-restricted: its channel is. */
export function withRestriction<T extends APIInteraction>(
  interaction: T,
  standingIn: (channelId: string) => Standing | null,
): T {
  const { channel } = interaction
  if (channel === undefined || standingIn(channel.id)?.ageRestricted !== true) return interaction
  return { ...interaction, channel: { ...channel, nsfw: true } }
}

/** Whether Discord lets this person manage other people's messages there. */
export function mayManage({ member }: Answerable): boolean {
  const held = BigInt(member?.permissions ?? '0')
  return (held & (PermissionFlagsBits.ManageMessages | PermissionFlagsBits.Administrator)) !== 0n
}
