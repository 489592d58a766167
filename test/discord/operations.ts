import { type Answer, type ApiRequest, failed, isRecord, namesOf } from './exchange.ts'
import { ephemeral, type MessageBook, sizeProblem } from './message-book.ts'
import { callbackProblems, commandProblems, isEmptyMessage } from './rules.ts'
import { seen } from './saying.ts'
import { type Channel, messageBody, type StoredInteraction, type StoredMessage, userBody, type World } from './world.ts'

export interface OperationsOptions {
  readonly world: World
  readonly book: MessageBook
  readonly violations: string[]
  readonly gatewayUrl: () => string
  /** A message was sent, for all to see. */
  readonly created: (message: StoredMessage) => void
}

const ackMs = 3_000
const tokenMs = 15 * 60_000
const nonceMs = 5 * 60_000

/** What Discord does, operation by operation. */
export function createOperations({
  world,
  book,
  violations,
  gatewayUrl,
  created,
}: OperationsOptions): (request: ApiRequest) => Answer {
  function setCommands({ raw }: ApiRequest): Answer {
    violations.push(...commandProblems(raw).map((problem) => `commands: ${problem}`))
    if (!Array.isArray(raw)) return failed(400, 50_035, 'Invalid Form Body')
    world.commands = raw.filter(isRecord).map((command) => ({
      // What Discord says of a command besides what it was told.
      id: world.newId(),
      application_id: world.applicationId,
      version: world.newId(),
      default_member_permissions: null,
      dm_permission: true,
      nsfw: false,
      name_localizations: null,
      description_localizations: null,
      ...command,
      contexts: Array.isArray(command.contexts) ? [...command.contexts].reverse() : [0, 1],
    }))
    return { status: 200, body: world.commands }
  }

  function callback(request: ApiRequest): Answer {
    const { interaction_id: id = '', interaction_token: token = '' } = request.operation.params
    const interaction = world.interactions.get(id)
    if (interaction === undefined || interaction.token !== token) return failed(404, 10_062, 'Unknown interaction')
    if (interaction.answered !== null) return failed(400, 40_060, 'Interaction has already been acknowledged.')
    const afterMs = world.now() - interaction.issuedAt
    if (afterMs > ackMs) return failed(404, 10_062, 'Unknown interaction')
    const { type, data } = request.body
    const wrong = callbackProblems(request.raw, interaction.type, namesOf(request.files))
    violations.push(...wrong.map((problem) => `callback: ${problem}`))
    interaction.answered = Number(type)
    interaction.answeredAfterMs = afterMs
    const given = isRecord(data) ? data : {}
    let resource = {}
    if (type === 4 || type === 5) {
      const hidden = interaction.forcedEphemeral || (Number(given.flags ?? 0) & ephemeral) !== 0
      const message = book.create(interaction.channelId, { interactionId: interaction.id })
      message.flags = hidden ? ephemeral : 0
      message.loading = type === 5
      interaction.originalId = message.id
      if (type === 4) {
        book.apply(message, given, request.files)
        resource = { resource: { type: 4, message: messageBody(world, message) } }
      }
      if (!hidden) created(message)
    }
    if (type === 9) interaction.form = data
    if (type === 8 && Array.isArray(given.choices)) interaction.choices = given.choices
    if (type === 6 || type === 7) interaction.originalId = interaction.messageId
    const message = world.messages.get(interaction.originalId ?? '')
    if (type === 7 && message !== undefined) book.apply(message, given, request.files)
    if (request.query.get('with_response') !== 'true') return { status: 204 }
    return book.honest('InteractionCallbackResponse', {
      interaction: {
        id,
        type: interaction.type,
        ...(message !== undefined && {
          response_message_id: message.id,
          response_message_loading: message.loading,
          response_message_ephemeral: (message.flags & ephemeral) !== 0,
        }),
      },
      ...resource,
    })
  }

  function throughToken(
    request: ApiRequest,
    token: string,
    messageId: string,
    task: (message: StoredMessage, interaction: StoredInteraction) => Answer,
  ): Answer {
    const interaction = world.byToken(token)
    const unknown = request.operation.params.webhook_id !== world.applicationId
    if (interaction === null || unknown || interaction.answered === null) return failed(404, 10_015, 'Unknown Webhook')
    if (interaction.revoked || world.now() > interaction.issuedAt + tokenMs)
      return failed(401, 50_027, 'Invalid Webhook Token')
    const message = world.messages.get(messageId === '' ? (interaction.originalId ?? '') : messageId)
    if (message === undefined || message.deleted) return failed(404, 10_008, 'Unknown Message')
    return task(message, interaction)
  }

  function followUp(request: ApiRequest, token: string): Answer {
    const interaction = world.byToken(token)
    if (interaction === null || interaction.answered === null) return failed(404, 10_015, 'Unknown Webhook')
    if (interaction.revoked || world.now() > interaction.issuedAt + tokenMs)
      return failed(401, 50_027, 'Invalid Webhook Token')
    const original = world.messages.get(interaction.originalId ?? '')
    // Deprecated, and still so: the first one after a defer fills the placeholder.
    if (original?.loading === true && !original.deleted) return book.edit(original, request, interaction.uploadBytes)
    interaction.followUps += 1
    if (interaction.userInstalled && interaction.followUps > 5)
      return failed(400, 40_094, 'Maximum number of follow-ups')
    const tooLarge = sizeProblem(request.files, interaction.uploadBytes)
    if (tooLarge !== null) return tooLarge
    const message = book.create(interaction.channelId, { interactionId: interaction.id })
    if ((Number(request.body.flags ?? 0) & ephemeral) !== 0 || interaction.forcedEphemeral) message.flags = ephemeral
    const answer = book.fill(message, request)
    return request.query.get('wait') === 'false' ? { status: 204 } : answer
  }

  function inChannel(
    channelId: string,
    messageId: string,
    task: (message: StoredMessage, channel: Channel) => Answer,
  ): Answer {
    const channel = world.channels.get(channelId)
    if (channel === undefined) return failed(404, 10_003, 'Unknown Channel')
    if (!channel.botReaches) return failed(403, 50_001, 'Missing Access')
    const message = world.messages.get(messageId)
    // The bot's own token does not see an ephemeral message.
    if (
      message === undefined ||
      message.deleted ||
      message.channelId !== channelId ||
      (message.flags & ephemeral) !== 0
    )
      return failed(404, 10_008, 'Unknown Message')
    return task(message, channel)
  }

  function postMessage(request: ApiRequest, channelId: string): Answer {
    const channel = world.channels.get(channelId)
    if (channel === undefined) return failed(404, 10_003, 'Unknown Channel')
    if (!channel.botReaches) return failed(403, 50_001, 'Missing Access')
    const refusal = closedTo(channelId)
    if (refusal !== undefined) return failed(403, refusal, 'Cannot send messages to this user')
    if (!channel.maySend || (request.files.length > 0 && !channel.mayAttach))
      return failed(403, 50_013, 'Missing Permissions')
    if (isEmptyMessage(request.raw, request.files.length)) return failed(400, 50_006, 'Cannot send an empty message')
    const tooLarge = sizeProblem(request.files, channel.uploadBytes)
    if (tooLarge !== null) return tooLarge
    const { nonce, enforce_nonce: enforce } = request.body
    if (typeof nonce !== 'string' || enforce !== true) violations.push('message posted without an enforced nonce')
    const same = [...world.messages.values()].find(
      (message) =>
        message.nonce === nonce && message.channelId === channelId && world.now() - message.createdAt < nonceMs,
    )
    if (enforce === true && same !== undefined) return book.shown(same)
    // A new message wakes an archived thread.
    channel.archived = false
    const answered = answeredBy(request, channelId)
    if (answered === 'forbidden') return failed(403, 160_002, 'Cannot reply without permission to read message history')
    if (answered === 'unknown') return failed(400, 50_035, 'Invalid Form Body')
    const message = book.create(channelId, { nonce: typeof nonce === 'string' ? nonce : null, replyTo: answered })
    const answer = book.fill(message, request)
    created(message)
    return answer
  }

  /** The bot's direct messages with somebody; whether they are taken is only found out by sending one. */
  function openDirect({ body }: ApiRequest): Answer {
    const personId = String(body.recipient_id)
    const known = world.direct.get(personId)
    const id = known ?? world.addChannel({ type: 1, guildId: null }).id
    world.direct.set(personId, id)
    const recipient = userBody({ id: personId, username: 'somebody', globalName: null })
    return book.honest('PrivateChannelResponse', { id, type: 1, flags: 0, recipients: [recipient] })
  }

  function closedTo(channelId: string): number | undefined {
    const [personId] = [...world.direct].find(([, id]) => id === channelId) ?? []
    return personId === undefined ? undefined : world.closed.get(personId)
  }

  /** The message that a new one answers; null for none, also where it is gone and that is allowed. */
  function answeredBy({ body }: ApiRequest, channelId: string): string | 'forbidden' | 'unknown' | null {
    const { message_reference: reference } = body
    if (!isRecord(reference)) return null
    if (world.channels.get(channelId)?.mayReadHistory !== true) return 'forbidden'
    const found = world.messages.get(String(reference.message_id))
    if (found !== undefined && !found.deleted && found.channelId === channelId) return found.id
    return reference.fail_if_not_exists === false ? null : 'unknown'
  }

  return (request) => {
    const { method, operation } = request
    const { channel_id: channelId = '', message_id: messageId = '', webhook_token: token = '' } = operation.params
    switch (`${method} ${operation.path}`) {
      case 'GET /gateway/bot': {
        const limits = { total: 1000, remaining: 999, reset_after: 86_400_000, max_concurrency: world.shards }
        return book.honest('GatewayBotResponse', {
          url: gatewayUrl(),
          shards: world.shards,
          session_start_limit: limits,
        })
      }
      case 'GET /applications/@me':
        return book.honest('PrivateApplicationResponse', applicationBody(world))
      case 'GET /applications/{application_id}/commands':
        return { status: 200, body: world.commands }
      case 'PUT /applications/{application_id}/commands':
        return setCommands(request)
      case 'POST /interactions/{interaction_id}/{interaction_token}/callback':
        return callback(request)
      case 'PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original':
      case 'PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}':
        return throughToken(request, token, messageId, (message, interaction) =>
          book.edit(message, request, interaction.uploadBytes),
        )
      case 'GET /webhooks/{webhook_id}/{webhook_token}/messages/@original':
        return throughToken(request, token, messageId, book.shown)
      case 'DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original':
        return throughToken(request, token, messageId, (message) => {
          message.deleted = true
          return { status: 204 }
        })
      case 'POST /webhooks/{webhook_id}/{webhook_token}':
        return followUp(request, token)
      case 'GET /channels/{channel_id}/messages/{message_id}':
        return inChannel(channelId, messageId, (message, channel) =>
          channel.mayReadHistory
            ? book.honest('MessageResponse', seen(world, message, channel, world.applicationFlags !== 0))
            : failed(403, 50_001, 'Missing Access'),
        )
      case 'DELETE /channels/{channel_id}/messages/{message_id}':
        return inChannel(channelId, messageId, (message) => {
          message.deleted = true
          return { status: 204 }
        })
      case 'POST /users/@me/channels':
        return openDirect(request)
      case 'PATCH /channels/{channel_id}/messages/{message_id}':
        return inChannel(channelId, messageId, (message, channel) => {
          if (channel.archived) return failed(400, 50_083, 'Thread is archived')
          if (request.files.length > 0 && !channel.mayAttach) return failed(403, 50_013, 'Missing Permissions')
          return book.edit(message, request, channel.uploadBytes)
        })
      case 'POST /channels/{channel_id}/messages':
        return postMessage(request, channelId)
      default:
        violations.push(`${method} ${operation.path}: the stand-in does not do this`)
        return failed(404, 0, '404: Not Found')
    }
  }
}

function applicationBody(world: World): object {
  return {
    id: world.applicationId,
    name: 'imagine',
    icon: null,
    description: '',
    type: null,
    bot: userBody(world.bot, true),
    verify_key: '0'.repeat(64),
    flags: world.applicationFlags,
    flags_new: String(world.applicationFlags),
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    owner: userBody({ id: world.newId(), username: 'owner', globalName: null }),
    approximate_guild_count: 1,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    team: null,
    eligible_oauth2_scopes: [],
  }
}
