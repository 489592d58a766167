import { type APIAllowedMentions, type APIMessageTopLevelComponent, MessageFlags } from 'discord.js'

/** A message of components alone, for the asker's eyes only. */
export interface Panel {
  readonly flags: number
  readonly components: readonly APIMessageTopLevelComponent[]
  readonly allowed_mentions: APIAllowedMentions
}

export function panelOf(components: readonly APIMessageTopLevelComponent[]): Panel {
  return { flags: MessageFlags.IsComponentsV2, components, allowed_mentions: { parse: [] } }
}
