import {
  type APIApplicationCommandAutocompleteInteraction,
  type APIApplicationCommandInteraction,
  type APIChatInputApplicationCommandInteraction,
  type APIInteraction,
  type APIMessage,
  type APIMessageApplicationCommandInteraction,
  type APIMessageComponentInteraction,
  type APIModalSubmitInteraction,
  ApplicationCommandType,
  ComponentType,
  InteractionType,
  MessageFlags,
} from 'discord.js'
import type { FollowUpAsk } from '../core/follow-up.ts'
import type { Person } from '../core/job.ts'
import type { ImageRequestInput, Problem } from '../core/request.ts'
import type { Ask } from '../core/studio.ts'
import { parseText } from '../core/text.ts'
import { addressOf, type Place } from './address.ts'
import { commandName, editImageName, imagesName, optionNames, showOptions, subcommands } from './commands.ts'
import { type ButtonAction, readCustomId } from './custom-id.ts'
import { type FormEntry, readForm } from './form.ts'
import { pickId, readPageId } from './history.ts'
import { attachmentsOf, chosenOptions, isOn, type Options, optionsOf, textOf } from './options.ts'
import { type Answerable, callerOf, eventKeyOf, mayManage, personOf, placeOf, workspaceOf } from './origin.ts'
import { maySend, problemsAt } from './permissions.ts'
import { choose, handedIn } from './pointed.ts'
import type { Caller } from './reply.ts'
import { readable } from './spoken.ts'

/** Who did it, and where: what every interaction has. */
interface Origin {
  readonly caller: Caller
  readonly person: Person
  readonly workspace: string
}

/** What an interaction that leads to a picture has besides. */
interface Source extends Origin {
  readonly eventKey: string
  /** Where an answer of its own would be, with the interaction's own token. */
  readonly place: Place
  /** What the bot lacks there to show a picture. */
  readonly problems: readonly Problem[]
  /** On the monotonic clock. */
  readonly receivedAt: number
}

/** A press on a button of a job's message; an answer of its own is seen by whoever sees that message. */
export interface ButtonPress extends Source {
  readonly kind: 'press'
  readonly button: ButtonAction
  /** Whether Discord lets this person manage other people's messages there. */
  readonly mayManage: boolean
  /** Whether the bot may post there by itself. */
  readonly maySend: boolean
  /** The message that has the button. */
  readonly pressed: { readonly messageId: string; readonly ephemeral: boolean }
}

/** The menu entry at a message. */
export interface MenuEdit extends Origin {
  readonly kind: 'menu_edit'
  readonly target: APIMessage
  readonly channelId: string
  /** What the bot lacks there even for an answer that only the asker sees. */
  readonly problems: readonly Problem[]
}

/** A form that was sent. */
export interface FormSent extends Source {
  readonly kind: 'form'
  readonly entry: FormEntry
}

/** What is asked about one's earlier pictures, for the asker's eyes only. */
export interface Records extends Origin {
  readonly kind: 'records'
  readonly asked: 'history' | 'usage'
}

/** What an interaction is to us. */
export type Arrival =
  | { readonly kind: 'imagine'; readonly caller: Caller; readonly ask: Ask; readonly place: Place }
  | { readonly kind: 'show'; readonly caller: Caller; readonly ask: FollowUpAsk; readonly place: Place }
  | ButtonPress
  | MenuEdit
  | FormSent
  | Records
  | (Origin & { readonly kind: 'page'; readonly offset: number })
  | (Origin & { readonly kind: 'typing'; readonly typed: string | null })
  | { readonly kind: 'help'; readonly caller: Caller }
  /** A button or form of another version of this program. */
  | { readonly kind: 'unknown_press'; readonly caller: Caller }
  | { readonly kind: 'none' }

/** `receivedAt`: on the monotonic clock. */
export function parseInteraction(interaction: APIInteraction, receivedAt: number): Arrival {
  switch (interaction.type) {
    case InteractionType.Ping:
      return { kind: 'none' }
    case InteractionType.ApplicationCommand:
      return parseCommand(interaction, receivedAt)
    case InteractionType.MessageComponent:
      return parseComponent(interaction, receivedAt)
    case InteractionType.ApplicationCommandAutocomplete:
      return { kind: 'typing', ...originOf(interaction), typed: typedId(interaction) }
    case InteractionType.ModalSubmit:
      return parseForm(interaction, receivedAt)
  }
}

function originOf(interaction: Answerable): Origin {
  return { caller: callerOf(interaction), person: personOf(interaction), workspace: workspaceOf(interaction) }
}

function sourceOf(interaction: Answerable, isPrivate: boolean, receivedAt: number): Source {
  const place = placeOf(interaction, isPrivate)
  const problems = problemsAt(interaction, place)
  return { ...originOf(interaction), eventKey: eventKeyOf(interaction), place, problems, receivedAt }
}

function parseCommand(interaction: APIApplicationCommandInteraction, receivedAt: number): Arrival {
  const { name } = interaction.data
  if (isMenu(interaction) && name === editImageName) return parseMenu(interaction)
  if (isTyped(interaction) && name === commandName) return parseImagine(interaction, receivedAt)
  if (isTyped(interaction) && name === imagesName) return parseImages(interaction, receivedAt)
  // A command of another version of this program.
  return { kind: 'help', caller: callerOf(interaction) }
}

function isTyped(asked: APIApplicationCommandInteraction): asked is APIChatInputApplicationCommandInteraction {
  return asked.data.type === ApplicationCommandType.ChatInput
}

function isMenu(asked: APIApplicationCommandInteraction): asked is APIMessageApplicationCommandInteraction {
  return asked.data.type === ApplicationCommandType.Message
}

function parseImagine(interaction: APIChatInputApplicationCommandInteraction, receivedAt: number): Arrival {
  const options = optionsOf(interaction.data.options)
  const typed = parseText(textOf(options.get(optionNames.prompt)) ?? '')
  const chosen = chosenOptions(options)
  const pictures = choose(handedIn(attachmentsOf(interaction, options)))
  // What was chosen in an option counts before what was typed as a flag.
  const input: ImageRequestInput = { ...typed.input, ...chosen.input, prompt: readable(typed.input.prompt, []) }
  const { caller, place, problems, ...source } = sourceOf(interaction, input.private ?? false, receivedAt)
  const ask: Ask = {
    ...source,
    surface: 'discord',
    channel: place.channelId,
    locale: caller.locale,
    action: pictures.inputs.length > 0 ? 'edit' : 'imagine',
    parentId: null,
    source: null,
    input,
    inputs: pictures.inputs,
    omitted: pictures.omitted,
    problems: [...typed.problems, ...chosen.problems, ...pictures.problems, ...problems],
    address: addressOf(place),
  }
  return { kind: 'imagine', caller, ask, place }
}

function parseImages(interaction: APIChatInputApplicationCommandInteraction, receivedAt: number): Arrival {
  const [given] = interaction.data.options ?? []
  const asked = subcommands.find((name) => name === given?.name)
  switch (asked) {
    case 'history':
    case 'usage':
      return { kind: 'records', ...originOf(interaction), asked }
    case 'show': {
      const options: Options = optionsOf(given !== undefined && 'options' in given ? given.options : [])
      const isPrivate = isOn(options.get(showOptions.private)) ?? true
      return parseShow(interaction, textOf(options.get(showOptions.id)) ?? '', isPrivate, receivedAt)
    }
    case 'help':
    case undefined:
      return { kind: 'help', caller: callerOf(interaction) }
  }
}

/** An earlier picture, brought back in a message of its own. */
function parseShow(interaction: Answerable, jobId: string, isPrivate: boolean, receivedAt: number): Arrival {
  const { caller, place, ...source } = sourceOf(interaction, isPrivate, receivedAt)
  const ask: FollowUpAsk = {
    ...source,
    ...{ surface: 'discord', channel: place.channelId, locale: caller.locale, address: addressOf(place) },
    ...{ jobId: jobId.trim(), action: 'share', private: isPrivate },
  }
  return { kind: 'show', caller, ask, place }
}

function parseMenu(interaction: APIMessageApplicationCommandInteraction): Arrival {
  const { target_id: id, resolved } = interaction.data
  const target = resolved.messages[id]
  const { caller, ...origin } = originOf(interaction)
  if (target === undefined) return { kind: 'unknown_press', caller }
  const problems = problemsAt(interaction, placeOf(interaction, true))
  return { kind: 'menu_edit', caller, ...origin, target, channelId: target.channel_id, problems }
}

function parseComponent(interaction: APIMessageComponentInteraction, receivedAt: number): Arrival {
  const { data, message } = interaction
  const origin = originOf(interaction)
  if (data.component_type === ComponentType.StringSelect && data.custom_id === pickId)
    return parseShow(interaction, data.values[0] ?? '', true, receivedAt)
  const offset = readPageId(data.custom_id)
  if (offset !== null) return { kind: 'page', ...origin, offset }
  const button = readCustomId(data.custom_id)
  if (button === null) return { kind: 'unknown_press', caller: origin.caller }
  const ephemeral = ((message.flags ?? 0) & MessageFlags.Ephemeral) !== 0
  return {
    kind: 'press',
    ...sourceOf(interaction, ephemeral, receivedAt),
    button,
    mayManage: mayManage(interaction),
    maySend: maySend(interaction),
    pressed: { messageId: message.id, ephemeral },
  }
}

function parseForm(interaction: APIModalSubmitInteraction, receivedAt: number): Arrival {
  const entry = readForm(interaction.data)
  if (entry === null) return { kind: 'unknown_press', caller: callerOf(interaction) }
  return { kind: 'form', ...sourceOf(interaction, entry.input.private ?? false, receivedAt), entry }
}

/** What is being typed where a picture's number is asked for; null anywhere else. */
function typedId({ data }: APIApplicationCommandAutocompleteInteraction): string | null {
  const [given] = data.options
  if (data.name !== imagesName || given === undefined || !('options' in given)) return null
  return textOf(optionsOf(given.options).get(showOptions.id)) ?? ''
}
