import {
  type APIApplicationCommandInteractionDataOption,
  type APIAttachment,
  type APIChatInputApplicationCommandInteraction,
  ApplicationCommandOptionType,
  type InteractionType,
} from 'discord.js'
import { aspectRatios, type ImageRequestInput, type Problem, qualities } from '../core/request.ts'
import { attachmentOptions, optionNames } from './commands.ts'

type Option = APIApplicationCommandInteractionDataOption<
  InteractionType.ApplicationCommand | InteractionType.ApplicationCommandAutocomplete
>
/** A command's options by their names. */
export type Options = ReadonlyMap<string, Option>

export function optionsOf(given: readonly Option[] | undefined): Options {
  return new Map((given ?? []).map((option) => [option.name, option]))
}

export function textOf(option: Option | undefined): string | undefined {
  return option?.type === ApplicationCommandOptionType.String ? option.value : undefined
}

export function isOn(option: Option | undefined): boolean | undefined {
  return option?.type === ApplicationCommandOptionType.Boolean ? option.value : undefined
}

/** Choices of an older version may still be on somebody's screen: what we do not know is a problem, never a default. */
export function chosenOptions(options: Options): {
  readonly input: Partial<ImageRequestInput>
  readonly problems: readonly Problem[]
} {
  const count = options.get(optionNames.count)
  const isPrivate = isOn(options.get(optionNames.private))
  const spoiler = isOn(options.get(optionNames.spoiler))
  const chosen = chosenShape(textOf(options.get(optionNames.aspectRatio)), textOf(options.get(optionNames.quality)))
  return {
    input: {
      ...chosen.input,
      ...(count?.type === ApplicationCommandOptionType.Integer && { count: Number(count.value) }),
      ...(isPrivate !== undefined && { private: isPrivate }),
      ...(spoiler !== undefined && { spoiler }),
    },
    problems: chosen.problems,
  }
}

/** What was chosen from our lists of shapes and qualities, as it came back. */
export function chosenShape(
  ratio: string | undefined,
  quality: string | undefined,
): { readonly input: Partial<ImageRequestInput>; readonly problems: readonly Problem[] } {
  const aspectRatio = aspectRatios.find((known) => known === ratio)
  const knownQuality = qualities.find((known) => known === quality)
  return {
    input: {
      ...(aspectRatio !== undefined && { aspectRatio }),
      ...(knownQuality !== undefined && { quality: knownQuality }),
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

export function attachmentsOf(
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
