import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  Locale,
  type LocalizationMap,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord.js'
import { catalogue, type Messages, messagesFor } from '../core/messages.ts'
import { aspectRatios, qualities, requestLimits } from '../core/request.ts'

export const commandName = 'imagine'

export const optionNames = {
  prompt: 'prompt',
  aspectRatio: 'aspect_ratio',
  quality: 'quality',
  count: 'count',
  private: 'private',
} as const

/** An attachment option holds one file. */
export const attachmentOptions = ['image', 'image2', 'image3', 'image4'] as const

/** What is registered with Discord, in the catalogue's languages. */
export function commandsFor({ userInstall }: { readonly userInstall: boolean }): RESTPutAPIApplicationCommandsJSONBody {
  return [
    {
      type: ApplicationCommandType.ChatInput,
      name: commandName,
      ...described(({ command }) => command.imagine),
      contexts: [
        InteractionContextType.Guild,
        InteractionContextType.BotDM,
        ...(userInstall ? [InteractionContextType.PrivateChannel] : []),
      ],
      integration_types: [
        ApplicationIntegrationType.GuildInstall,
        ...(userInstall ? [ApplicationIntegrationType.UserInstall] : []),
      ],
      options: [
        {
          type: ApplicationCommandOptionType.String,
          name: optionNames.prompt,
          ...described(({ command }) => command.prompt),
          required: true,
          max_length: requestLimits.promptMax,
        },
        {
          type: ApplicationCommandOptionType.String,
          name: optionNames.aspectRatio,
          ...described(({ command }) => command.aspectRatio),
          choices: aspectRatios.map((ratio) => ({
            ...named((messages) => messages.ratio(ratio)),
            value: ratio,
          })),
        },
        {
          type: ApplicationCommandOptionType.String,
          name: optionNames.quality,
          ...described(({ command }) => command.quality),
          choices: qualities.map((quality) => ({
            ...named((messages) => messages.quality(quality)),
            value: quality,
          })),
        },
        ...attachmentOptions.map((name, at) => ({
          type: ApplicationCommandOptionType.Attachment as const,
          name,
          ...described(({ command }) => (at === 0 ? command.image : command.moreImages)),
        })),
        {
          type: ApplicationCommandOptionType.Integer,
          name: optionNames.count,
          ...described(({ command }) => command.count),
          min_value: 1,
          max_value: requestLimits.count,
        },
        {
          type: ApplicationCommandOptionType.Boolean,
          name: optionNames.private,
          ...described(({ command }) => command.private),
        },
      ],
    },
  ]
}

type Wording = (messages: Messages) => string

function described(wording: Wording): { description: string; description_localizations?: LocalizationMap } {
  const description_localizations = localisations(wording)
  return { description: wording(messagesFor('en')), ...(description_localizations && { description_localizations }) }
}

function named(wording: Wording): { name: string; name_localizations?: LocalizationMap } {
  const name_localizations = localisations(wording)
  return { name: wording(messagesFor('en')), ...(name_localizations && { name_localizations }) }
}

/** Discord's locales that the catalogue has; null with one language, where the default is all there is to say. */
function localisations(wording: Wording): LocalizationMap | null {
  if (Object.keys(catalogue).length < 2) return null
  const known = Object.values(Locale).filter(
    // Both kinds of English are named, or people with one see the other's.
    (locale) => locale.startsWith('en') || messagesFor(locale).locale !== 'en',
  )
  return Object.fromEntries(known.map((locale) => [locale, wording(messagesFor(locale))]))
}
