import {
  type APIApplicationCommandOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  Locale,
  type LocalizationMap,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord.js'
import { type CommandName, catalogue, type Messages, messagesFor } from '../core/messages.ts'
import { aspectRatios, qualities, requestLimits } from '../core/request.ts'

export const commandName = 'imagine'
export const imagesName = 'images'
/** The entry in the menu of a message. */
export const editImageName = messagesFor('en').command.editImage

export const optionNames = {
  prompt: 'prompt',
  aspectRatio: 'aspect_ratio',
  quality: 'quality',
  count: 'count',
  private: 'private',
  spoiler: 'spoiler',
} as const

/** An attachment option holds one file. */
export const attachmentOptions = ['image', 'image2', 'image3', 'image4'] as const

/** What a file picker offers, by the file's name; HEIC and AVIF may not count as images yet ≈. D reference, File Type Filtering. */
export const pictureFiles = ['image', '.heic', '.heif', '.avif'] as const

export const subcommands = ['history', 'show', 'usage', 'help'] as const
export const showOptions = { id: 'id', private: 'private' } as const

export interface CommandsOptions {
  readonly userInstall: boolean
  readonly languages?: Readonly<Record<string, Messages>>
}

/** What is registered with Discord, in the catalogue's languages. */
export function commandsFor({
  userInstall,
  languages = catalogue,
}: CommandsOptions): RESTPutAPIApplicationCommandsJSONBody {
  const { described, named, called } = wordingIn(languages)
  const places = {
    contexts: [
      InteractionContextType.Guild,
      InteractionContextType.BotDM,
      ...(userInstall ? [InteractionContextType.PrivateChannel] : []),
    ],
    integration_types: [
      ApplicationIntegrationType.GuildInstall,
      ...(userInstall ? [ApplicationIntegrationType.UserInstall] : []),
    ],
  }
  const imagine: APIApplicationCommandOption[] = [
    {
      type: ApplicationCommandOptionType.String,
      ...called('prompt', optionNames.prompt),
      ...described(({ command }) => command.prompt),
      required: true,
      max_length: requestLimits.promptMax,
    },
    {
      type: ApplicationCommandOptionType.String,
      ...called('aspectRatio', optionNames.aspectRatio),
      ...described(({ command }) => command.aspectRatio),
      choices: aspectRatios.map((ratio) => ({ ...named((messages) => messages.ratio(ratio)), value: ratio })),
    },
    {
      type: ApplicationCommandOptionType.String,
      ...called('quality', optionNames.quality),
      ...described(({ command }) => command.quality),
      choices: qualities.map((quality) => ({ ...named((messages) => messages.quality(quality)), value: quality })),
    },
    ...attachmentOptions.map((name, at) => ({
      type: ApplicationCommandOptionType.Attachment as const,
      ...called('image', name, name.replace('image', '')),
      ...described(({ command }) => (at === 0 ? command.image : command.moreImages)),
      file_types: [...pictureFiles],
    })),
    {
      type: ApplicationCommandOptionType.Integer,
      ...called('count', optionNames.count),
      ...described(({ command }) => command.count),
      min_value: 1,
      max_value: requestLimits.count,
    },
    {
      type: ApplicationCommandOptionType.Boolean,
      ...called('private', optionNames.private),
      ...described(({ command }) => command.private),
    },
    {
      type: ApplicationCommandOptionType.Boolean,
      ...called('spoiler', optionNames.spoiler),
      ...described(({ command }) => command.spoiler),
    },
  ]
  const show: APIApplicationCommandSubcommandOption['options'] = [
    {
      type: ApplicationCommandOptionType.String,
      ...called('id', showOptions.id),
      ...described(({ command }) => command.showId),
      required: true,
      autocomplete: true,
    },
    {
      type: ApplicationCommandOptionType.Boolean,
      ...called('private', showOptions.private),
      ...described(({ command }) => command.private),
    },
  ]
  return [
    {
      type: ApplicationCommandType.ChatInput,
      ...called('imagine', commandName),
      ...described(({ command }) => command.imagine),
      ...places,
      options: imagine,
    },
    {
      type: ApplicationCommandType.ChatInput,
      ...called('images', imagesName),
      ...described(({ command }) => command.images),
      ...places,
      options: subcommands.map((name) => ({
        type: ApplicationCommandOptionType.Subcommand as const,
        ...called(name, name),
        ...described(({ command }) => command[name]),
        ...(name === 'show' && { options: show }),
      })),
    },
    { type: ApplicationCommandType.Message, ...named(({ command }) => command.editImage), ...places },
  ]
}

type Wording = (messages: Messages) => string

interface Described {
  readonly description: string
  readonly description_localizations?: LocalizationMap
}
interface Named {
  readonly name: string
  readonly name_localizations?: LocalizationMap
}

function wordingIn(languages: Readonly<Record<string, Messages>>) {
  const english = messagesFor('en', languages)

  /** Discord's locales that the catalogue has; null with one language, where the default is all there is to say. */
  function localised(wording: Wording): LocalizationMap | null {
    if (Object.keys(languages).length < 2) return null
    const known = Object.values(Locale).filter(
      // Both kinds of English are named, or people with one see the other's.
      (locale) => locale.startsWith('en') || messagesFor(locale, languages) !== english,
    )
    return Object.fromEntries(known.map((locale) => [locale, wording(messagesFor(locale, languages))]))
  }

  function described(wording: Wording): Described {
    const description_localizations = localised(wording)
    return { description: wording(english), ...(description_localizations && { description_localizations }) }
  }

  function named(wording: Wording): Named {
    const name_localizations = localised(wording)
    return { name: wording(english), ...(name_localizations && { name_localizations }) }
  }

  /** A command or option: `name` is what comes back, whatever it is called on somebody's screen. */
  function called(key: CommandName, name: string, suffix = ''): Named {
    const name_localizations = localised(({ names }) => names[key] + suffix)
    return { name, ...(name_localizations && { name_localizations }) }
  }

  return { described, named, called }
}
