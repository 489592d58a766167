import {
  type APIApplicationCommandOptionChoice,
  type APIModalInteractionResponseCallbackData,
  InteractionResponseType,
  MessageFlags,
} from 'discord.js'
import type { MessageBody } from './message-body.ts'
import type { Panel } from './panel.ts'

/** What an interaction is answered with. */
export type Callback =
  /** A placeholder that says "thinking". */
  | { readonly kind: 'placeholder'; readonly ephemeral: boolean }
  /** Words that only the asker sees. */
  | { readonly kind: 'words'; readonly message: MessageBody }
  /** Nothing: the pressed message changes by itself. */
  | { readonly kind: 'nothing' }
  /** A list that only the asker sees. */
  | { readonly kind: 'panel'; readonly panel: Panel }
  /** Another page of the list that was pressed. */
  | { readonly kind: 'turned'; readonly panel: Panel }
  | { readonly kind: 'form'; readonly form: APIModalInteractionResponseCallbackData }
  /** Suggestions for what is being typed. */
  | { readonly kind: 'choices'; readonly choices: readonly APIApplicationCommandOptionChoice<string>[] }

/** An answer as Discord's API takes it. */
export function callbackBody(callback: Callback): object {
  switch (callback.kind) {
    case 'placeholder':
      // Exactly this one flag is heeded here.
      return {
        type: InteractionResponseType.DeferredChannelMessageWithSource,
        ...(callback.ephemeral && { data: { flags: MessageFlags.Ephemeral } }),
      }
    case 'words':
      return {
        type: InteractionResponseType.ChannelMessageWithSource,
        data: { ...callback.message, flags: MessageFlags.Ephemeral },
      }
    case 'nothing':
      return { type: InteractionResponseType.DeferredMessageUpdate }
    case 'panel':
      return {
        type: InteractionResponseType.ChannelMessageWithSource,
        data: { ...callback.panel, flags: callback.panel.flags | MessageFlags.Ephemeral },
      }
    case 'turned':
      return { type: InteractionResponseType.UpdateMessage, data: callback.panel }
    case 'form':
      return { type: InteractionResponseType.Modal, data: callback.form }
    case 'choices':
      return {
        type: InteractionResponseType.ApplicationCommandAutocompleteResult,
        data: { choices: callback.choices },
      }
  }
}
