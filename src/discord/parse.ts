import {
  type APIApplicationCommandInteraction,
  type APIApplicationCommandInteractionDataOption,
  type APIAttachment,
  type APIChatInputApplicationCommandInteraction,
  type APIInteraction,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  InteractionType,
  PermissionFlagsBits,
} from 'discord.js'
import { AppError } from '../core/failure.ts'
import type { Person } from '../core/job.ts'
import { aspectRatios, type ImageRequestInput, type Problem, qualities } from '../core/request.ts'
import type { Ask, Press } from '../core/studio.ts'
import { parseText } from '../core/text.ts'
import { addressOf, directMessages, type Place } from './address.ts'
import { inputOf, problemsOf } from './attachment.ts'
import { attachmentOptions, commandName, optionNames } from './commands.ts'
import { readCustomId } from './custom-id.ts'
import { uploadBytes } from './limits.ts'
import type { Caller } from './reply.ts'
import { timeOf } from './snowflake.ts'

/** What an interaction is to us. */
export type Arrival =
  | { readonly kind: 'imagine'; readonly caller: Caller; readonly ask: Ask; readonly place: Place }
  | { readonly kind: 'cancel'; readonly caller: Caller; readonly press: Press }
  /** A button or form of another version of this program. */
  | { readonly kind: 'unknown_press'; readonly caller: Caller }
  /** A command of another version of this program. */
  | { readonly kind: 'unknown_command'; readonly caller: Caller }
  | { readonly kind: 'typing'; readonly caller: Caller }
  | { readonly kind: 'none' }

/** `receivedAt`: on the monotonic clock. */
export function parseInteraction(interaction: APIInteraction, receivedAt: number): Arrival {
  switch (interaction.type) {
    case InteractionType.Ping:
      return { kind: 'none' }
    case InteractionType.ApplicationCommand: {
      const caller = callerOf(interaction)
      return isImagine(interaction)
        ? parseImagine(interaction, caller, receivedAt)
        : { kind: 'unknown_command', caller }
    }
    case InteractionType.MessageComponent: {
      const caller = callerOf(interaction)
      const action = readCustomId(interaction.data.custom_id)
      if (action === null) return { kind: 'unknown_press', caller }
      const personId = personOf(interaction).id
      return { kind: 'cancel', caller, press: { jobId: action.jobId, personId, mayManage: mayManage(interaction) } }
    }
    case InteractionType.ApplicationCommandAutocomplete:
      return { kind: 'typing', caller: callerOf(interaction) }
    case InteractionType.ModalSubmit:
      return { kind: 'unknown_press', caller: callerOf(interaction) }
  }
}

type Answerable = Exclude<APIInteraction, { type: InteractionType.Ping }>

function callerOf(interaction: Answerable): Caller {
  const { id, application_id: applicationId, token, locale } = interaction
  return { door: { interactionId: id, applicationId, token }, locale }
}

function isImagine(
  interaction: APIApplicationCommandInteraction,
): interaction is APIChatInputApplicationCommandInteraction {
  const { type, name } = interaction.data
  return type === ApplicationCommandType.ChatInput && name === commandName
}

function parseImagine(
  interaction: APIChatInputApplicationCommandInteraction,
  caller: Caller,
  receivedAt: number,
): Arrival {
  const options = new Map((interaction.data.options ?? []).map((option) => [option.name, option]))
  const typed = parseText(text(options.get(optionNames.prompt)) ?? '')
  const chosen = chosenOptions(options)
  const attachments = attachmentsOf(interaction, options)
  // What was chosen in an option counts before what was typed as a flag.
  const input: ImageRequestInput = { ...typed.input, ...chosen.input }
  const place = placeOf(interaction, caller, input.private ?? false)
  const ask: Ask = {
    eventKey: `discord:${interaction.id}`,
    surface: 'discord',
    workspace: interaction.guild_id ?? directMessages,
    channel: place.channelId,
    person: personOf(interaction),
    locale: interaction.locale,
    action: attachments.length > 0 ? 'edit' : 'imagine',
    parentId: null,
    source: null,
    input,
    inputs: attachments.map(inputOf),
    problems: [...typed.problems, ...chosen.problems, ...attachments.flatMap(problemsOf)],
    address: addressOf(place),
    receivedAt,
  }
  return { kind: 'imagine', caller, ask, place }
}

type Options = ReadonlyMap<string, APIApplicationCommandInteractionDataOption<InteractionType.ApplicationCommand>>

/** Choices of an older version may still be on somebody's screen: what we do not know is a problem, never a default. */
function chosenOptions(options: Options): { input: Partial<ImageRequestInput>; problems: readonly Problem[] } {
  const ratio = text(options.get(optionNames.aspectRatio))
  const quality = text(options.get(optionNames.quality))
  const count = options.get(optionNames.count)
  const isPrivate = options.get(optionNames.private)
  const aspectRatio = aspectRatios.find((known) => known === ratio)
  const knownQuality = qualities.find((known) => known === quality)
  return {
    input: {
      ...(aspectRatio !== undefined && { aspectRatio }),
      ...(knownQuality !== undefined && { quality: knownQuality }),
      ...(count?.type === ApplicationCommandOptionType.Integer && { count: count.value }),
      ...(isPrivate?.type === ApplicationCommandOptionType.Boolean && { private: isPrivate.value }),
    },
    problems: [
      ...unknownChoice(optionNames.aspectRatio, ratio, aspectRatio, aspectRatios),
      ...unknownChoice(optionNames.quality, quality, knownQuality, qualities),
    ],
  }
}

function unknownChoice(
  flag: string,
  value: string | undefined,
  known: string | undefined,
  allowed: readonly string[],
): Problem[] {
  return value === undefined || known !== undefined ? [] : [{ kind: 'flag_value_unknown', flag, value, allowed }]
}

function text(option: APIApplicationCommandInteractionDataOption<InteractionType.ApplicationCommand> | undefined) {
  return option?.type === ApplicationCommandOptionType.String ? option.value : undefined
}

function attachmentsOf(
  interaction: APIChatInputApplicationCommandInteraction,
  options: Options,
): readonly APIAttachment[] {
  return attachmentOptions.flatMap((name): APIAttachment[] => {
    const option = options.get(name)
    if (option?.type !== ApplicationCommandOptionType.Attachment) return []
    const attachment = interaction.data.resolved?.attachments?.[option.value]
    return attachment === undefined ? [] : [attachment]
  })
}

function placeOf(interaction: APIChatInputApplicationCommandInteraction, { door }: Caller, isPrivate: boolean): Place {
  const owners = interaction.authorizing_integration_owners
  return {
    version: 2,
    applicationId: door.applicationId,
    channelId: interaction.channel.id,
    messageId: null,
    ephemeral: isPrivate,
    guildId: interaction.guild_id ?? null,
    // Installed in the server, or called in the bot's own direct messages.
    botReaches:
      owners[ApplicationIntegrationType.GuildInstall] !== undefined ||
      interaction.context === InteractionContextType.BotDM,
    uploadBytes: interaction.attachment_size_limit > 0 ? interaction.attachment_size_limit : uploadBytes,
    replyTo: null,
    secret: { token: door.token, issuedAt: timeOf(interaction.id) },
  }
}

function personOf({ member, user }: Answerable): Person {
  const known = member?.user ?? user
  if (known === undefined) throw new AppError('internal', { detail: 'an interaction of nobody' })
  return { id: known.id, name: member?.nick ?? known.global_name ?? known.username }
}

function mayManage({ member }: Answerable): boolean {
  const held = BigInt(member?.permissions ?? '0')
  return (held & (PermissionFlagsBits.ManageMessages | PermissionFlagsBits.Administrator)) !== 0n
}
