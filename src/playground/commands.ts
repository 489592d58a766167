import type { Messages } from '../core/messages.ts'
import { aspectRatios, countsAllowed, qualities } from '../core/request.ts'

/** The one command, as it is typed. */
export const imagineCommand = '/imagine'

interface FlagDefinition {
  readonly name: string
  readonly about: string
  /** Empty for a switch. */
  readonly values: readonly { readonly value: string; readonly about: string }[]
}

export interface CommandDefinition {
  readonly name: string
  readonly about: string
  readonly flags: readonly FlagDefinition[]
}

/** What the composer completes. `--private` is left out: there is nobody else here. */
export function commandFor(messages: Messages): CommandDefinition {
  const { command } = messages
  return {
    name: imagineCommand,
    about: command.imagine,
    flags: [
      {
        name: '--ar',
        about: command.aspectRatio,
        // The catalogue's name of a ratio begins with the ratio, which stands there already.
        values: aspectRatios.map((value) => ({ value, about: messages.ratio(value).replace(value, '').trim() })),
      },
      {
        name: '--quality',
        about: command.quality,
        values: qualities.map((value) => ({ value, about: messages.quality(value) })),
      },
      { name: '--hq', about: messages.quality('high'), values: [] },
      { name: '--count', about: command.count, values: countsAllowed.map((value) => ({ value, about: '' })) },
    ],
  }
}
