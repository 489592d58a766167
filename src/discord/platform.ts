import {
  type APIApplicationCommand,
  InteractionResponseType,
  MessageFlags,
  type RESTPutAPIApplicationCommandsJSONBody,
  Routes,
} from 'discord.js'
import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { Trouble } from './errors.ts'
import type { Multipart } from './multipart.ts'
import type { MessageBody } from './render.ts'
import type { PlatformRequest, Rest, Terms } from './rest.ts'
import { snowflake } from './snowflake.ts'

/** What we read of a message. */
const messageSchema = z.object({
  id: snowflake,
  channel_id: snowflake,
  flags: z.int().optional(),
  attachments: z.array(z.object({ id: snowflake, filename: z.string(), url: z.string() })).default([]),
})
export type Message = Readonly<z.output<typeof messageSchema>>

// A callback that was taken may also be answered with nothing (204).
const callbackSchema = z
  .object({
    interaction: z.object({
      response_message_id: snowflake.optional(),
      response_message_ephemeral: z.boolean().optional(),
    }),
  })
  .catch({ interaction: {} })

const applicationSchema = z.object({ id: snowflake })

export type Said<T> =
  | { readonly ok: true; readonly body: T }
  | { readonly ok: false; readonly trouble: Trouble; readonly error: AppError }

/** What is asked of an interaction's token. */
export interface Door {
  readonly interactionId: string
  readonly applicationId: string
  readonly token: string
}

/** What an interaction is answered with. */
export type Callback =
  /** A placeholder that says "thinking". */
  | { readonly kind: 'placeholder'; readonly ephemeral: boolean }
  /** Words that only the asker sees. */
  | { readonly kind: 'words'; readonly message: MessageBody }
  /** Nothing: the pressed message changes by itself. */
  | { readonly kind: 'nothing' }
  /** No suggestions for what is being typed. */
  | { readonly kind: 'no_choices' }

export interface Acknowledged {
  /** Null where Discord does not say. */
  readonly messageId: string | null
  readonly ephemeral: boolean | null
}

export interface Edit {
  readonly message: MessageBody
  /** Takes the place of the message's earlier files; null leaves them alone. */
  readonly form: Multipart | null
}

/** Every call that this adapter makes to Discord's REST API. */
export interface Platform {
  acknowledge(door: Door, callback: Callback, terms: Terms): Promise<Said<Acknowledged>>
  /** Edits the interaction's own reply, by its token. */
  editReply(door: Pick<Door, 'applicationId' | 'token'>, edit: Edit, terms: Terms): Promise<Said<Message>>
  /** Edits any message of the bot, by the bot's token. */
  editMessage(channelId: string, messageId: string, edit: Edit, terms: Terms): Promise<Said<Message>>
  /** Posts a message once: within minutes the same nonce gives the message that is already there. */
  post(channelId: string, message: MessageBody, nonce: string, terms: Terms): Promise<Said<Message>>
  getMessage(channelId: string, messageId: string, terms: Terms): Promise<Said<Message>>
  application(terms: Terms): Promise<Said<{ readonly id: string }>>
  commands(applicationId: string, terms: Terms): Promise<Said<readonly APIApplicationCommand[]>>
  setCommands(
    applicationId: string,
    commands: RESTPutAPIApplicationCommandsJSONBody,
    terms: Terms,
  ): Promise<Said<unknown>>
}

export function createPlatform(rest: Rest): Platform {
  async function ask<T>(request: PlatformRequest, schema: z.ZodType<T>, terms: Terms): Promise<Said<T>> {
    const answer = await rest.send(request, terms)
    if (!answer.ok) return answer
    const parsed = schema.safeParse(answer.body)
    if (parsed.success) return { ok: true, body: parsed.data }
    const paths = parsed.error.issues.map(({ path }) => path.join('.')).join(', ')
    const error = new AppError('surface_unavailable', { detail: `an answer of Discord’s without ${paths}` })
    return { ok: false, trouble: 'unavailable', error }
  }

  const edited = ({ message, form }: Edit) => (form === null ? { body: message } : { form })

  return {
    acknowledge: async (door, callback, terms) => {
      const said = await ask(
        {
          method: 'post',
          route: Routes.interactionCallback(door.interactionId, door.token),
          auth: false,
          query: new URLSearchParams({ with_response: 'true' }),
          body: callbackBody(callback),
        },
        callbackSchema,
        terms,
      )
      if (!said.ok) return said
      const { response_message_id: id, response_message_ephemeral: ephemeral } = said.body.interaction
      return { ok: true, body: { messageId: id ?? null, ephemeral: ephemeral ?? null } }
    },
    editReply: ({ applicationId, token }, edit, terms) =>
      ask(
        {
          method: 'patch',
          route: Routes.webhookMessage(applicationId, token, '@original'),
          auth: false,
          ...edited(edit),
        },
        messageSchema,
        terms,
      ),
    editMessage: (channelId, messageId, edit, terms) =>
      ask(
        { method: 'patch', route: Routes.channelMessage(channelId, messageId), auth: true, ...edited(edit) },
        messageSchema,
        terms,
      ),
    post: (channelId, message, nonce, terms) =>
      ask(
        {
          method: 'post',
          route: Routes.channelMessages(channelId),
          auth: true,
          body: { ...message, nonce, enforce_nonce: true },
        },
        messageSchema,
        terms,
      ),
    getMessage: (channelId, messageId, terms) =>
      ask({ method: 'get', route: Routes.channelMessage(channelId, messageId), auth: true }, messageSchema, terms),
    application: (terms) =>
      ask({ method: 'get', route: Routes.currentApplication(), auth: true }, applicationSchema, terms),
    commands: (applicationId, terms) =>
      ask(
        {
          method: 'get',
          route: Routes.applicationCommands(applicationId),
          auth: true,
          query: new URLSearchParams({ with_localizations: 'true' }),
        },
        z.array(z.custom<APIApplicationCommand>((value) => typeof value === 'object' && value !== null)),
        terms,
      ),
    setCommands: (applicationId, commands, terms) =>
      ask(
        { method: 'put', route: Routes.applicationCommands(applicationId), auth: true, body: commands },
        z.unknown(),
        terms,
      ),
  }
}

function callbackBody(callback: Callback): object {
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
    case 'no_choices':
      return { type: InteractionResponseType.ApplicationCommandAutocompleteResult, data: { choices: [] } }
  }
}
