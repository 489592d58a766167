import {
  type APIApplicationCommand,
  type APIMessage,
  MessageFlags,
  type RESTPutAPIApplicationCommandsJSONBody,
  Routes,
} from 'discord.js'
import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import { type Callback, callbackBody } from './callback.ts'
import type { Trouble } from './errors.ts'
import type { MessageBody } from './message-body.ts'
import type { Multipart } from './multipart.ts'
import type { Panel } from './panel.ts'
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

const directSchema = z.object({ id: snowflake })
const applicationSchema = z.object({ id: snowflake, flags: z.int().default(0) })
export type Application = Readonly<z.output<typeof applicationSchema>>

export type Said<T> =
  | { readonly ok: true; readonly body: T }
  | { readonly ok: false; readonly trouble: Trouble; readonly error: AppError }

/** What is asked of an interaction's token. */
export interface Door {
  readonly interactionId: string
  readonly applicationId: string
  readonly token: string
}

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
  /** Puts a list into the interaction's own reply. */
  fillPanel(door: Pick<Door, 'applicationId' | 'token'>, panel: Panel, terms: Terms): Promise<Said<Message>>
  /** Says something more to whoever made the interaction, and to nobody else. */
  followUp(door: Pick<Door, 'applicationId' | 'token'>, message: MessageBody, terms: Terms): Promise<Said<Message>>
  /** Deletes the interaction's own reply; of a press that was answered with nothing, the pressed message. */
  deleteReply(door: Pick<Door, 'applicationId' | 'token'>, terms: Terms): Promise<Said<unknown>>
  /** Edits any message of the bot, by the bot's token. */
  editMessage(channelId: string, messageId: string, edit: Edit, terms: Terms): Promise<Said<Message>>
  /** Posts a message once: within minutes the same nonce gives the message that is already there. */
  post(channelId: string, message: MessageBody, nonce: string, terms: Terms): Promise<Said<Message>>
  deleteMessage(channelId: string, messageId: string, terms: Terms): Promise<Said<unknown>>
  /** The channel of the bot's direct messages with somebody. */
  directMessages(personId: string, terms: Terms): Promise<Said<{ readonly id: string }>>
  getMessage(channelId: string, messageId: string, terms: Terms): Promise<Said<Message>>
  /** A message with all that Discord lets us see of it. */
  lookUp(channelId: string, messageId: string, terms: Terms): Promise<Said<APIMessage>>
  application(terms: Terms): Promise<Said<Application>>
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
    fillPanel: ({ applicationId, token }, panel, terms) =>
      ask(
        {
          method: 'patch',
          route: Routes.webhookMessage(applicationId, token, '@original'),
          auth: false,
          body: panel,
        },
        messageSchema,
        terms,
      ),
    followUp: ({ applicationId, token }, message, terms) =>
      ask(
        {
          method: 'post',
          route: Routes.webhook(applicationId, token),
          auth: false,
          query: new URLSearchParams({ wait: 'true' }),
          body: { ...message, flags: MessageFlags.Ephemeral },
        },
        messageSchema,
        terms,
      ),
    deleteReply: ({ applicationId, token }, terms) =>
      ask(
        { method: 'delete', route: Routes.webhookMessage(applicationId, token, '@original'), auth: false },
        z.unknown(),
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
    deleteMessage: (channelId, messageId, terms) =>
      ask({ method: 'delete', route: Routes.channelMessage(channelId, messageId), auth: true }, z.unknown(), terms),
    directMessages: (personId, terms) =>
      ask(
        { method: 'post', route: Routes.userChannels(), auth: true, body: { recipient_id: personId } },
        directSchema,
        terms,
      ),
    getMessage: (channelId, messageId, terms) =>
      ask({ method: 'get', route: Routes.channelMessage(channelId, messageId), auth: true }, messageSchema, terms),
    lookUp: (channelId, messageId, terms) =>
      ask(
        { method: 'get', route: Routes.channelMessage(channelId, messageId), auth: true },
        messageSchema.loose().transform((message) => message as unknown as APIMessage),
        terms,
      ),
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
