import { once } from 'node:events'
import {
  type APIInteraction,
  Client,
  type CloseEvent,
  DiscordAPIError,
  DiscordjsError,
  DiscordjsErrorCodes,
  Events,
  GatewayCloseCodes,
  GatewayDispatchEvents,
  type GatewayDispatchPayload,
  GatewayIntentBits,
  type GatewayMessageCreateDispatchData,
  Options,
  SimpleShardingStrategy,
  WebSocketShardStatus,
} from 'discord.js'
import { type AppError, failureOf } from '../core/failure.ts'
import type { AdapterTools, Clock } from '../core/ports.ts'
import { closeFailure } from './close-failure.ts'
import { isThread, type Standing } from './permissions.ts'
import { signedOut } from './rest.ts'
import { divert, type Sockets } from './sockets.ts'

export interface GatewayOptions {
  readonly token: string
  readonly apiUrl: string
  /** Whether to ask for the privileged intent for what is in messages that don't concern the bot. */
  readonly messageContent: boolean
  readonly tools: Pick<AdapterTools, 'log' | 'clock'>
  readonly onInteraction: (interaction: APIInteraction) => void
  /** Every message in the bot's servers and direct messages; `me` is the bot's own user id. */
  readonly onMessage: (message: GatewayMessageCreateDispatchData, me: string) => void
  /** What no reconnect cures, met after signing in. */
  readonly onFatal: (error: AppError) => void
}

/** One sign-in to Discord's gateway: discord.js reconnects and resumes by itself. */
export interface Gateway {
  /**
   * Resolves when signed in, or when the privileged intent was refused; rejects when it failed for another reason, or when
   * the signal aborts. What failed leaves nothing behind.
   */
  connect(signal: AbortSignal): Promise<'signed_in' | 'intent_refused'>
  /** Whether events arrive right now. */
  ready(): boolean
  /** What the bot may do in a channel; null where it does not know the server, or in direct messages. */
  standingIn(channelId: string): Standing | null
  close(): Promise<void>
}

/** Users and members that discord.js remembers; we read events as they come, and it would keep everybody for ever. */
const remembered = 100
/** What we never ask for, and what comes with every server. */
const forgotten = {
  MessageManager: 0,
  GuildEmojiManager: 0,
  GuildStickerManager: 0,
  GuildScheduledEventManager: 0,
  PresenceManager: 0,
  ReactionManager: 0,
  StageInstanceManager: 0,
  ThreadMemberManager: 0,
  VoiceStateManager: 0,
} as const
/** How long servers are waited for after a sign-in; events arrive meanwhile. */
const guildsMs = 2_000
/** How long `close` waits for a connection that is being made. */
const dialMs = 2_000
/** How long it waits for Discord to say goodbye as well. */
const goodbyeMs = 3_000

export function createGateway(options: GatewayOptions): Gateway {
  const { token, apiUrl, messageContent, tools, onInteraction, onMessage, onFatal } = options
  const { log, clock } = tools
  const up = new Set<number>()
  let sockets: Sockets | null = null
  let signedIn = false
  let closed = false
  let closedWith: number | null = null
  let failure: AppError | null = null

  const client = new Client({
    // Interactions come without any; of these only the last is privileged, and without it what does not concern the bot
    // arrives empty. Guilds tell what the bot may do where.
    intents: [
      GatewayIntentBits.Guilds,
      GatewayIntentBits.GuildMessages,
      GatewayIntentBits.DirectMessages,
      ...(messageContent ? [GatewayIntentBits.MessageContent] : []),
    ],
    waitGuildTimeout: guildsMs,
    shards: 'auto',
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      ...forgotten,
      GuildMemberManager: { maxSize: remembered, keepOverLimit: ({ id, client: { user } }) => id === user.id },
      UserManager: { maxSize: remembered, keepOverLimit: ({ id, client: { user } }) => id === user.id },
    }),
    rest: { api: apiUrl, version: '10', retries: 0, timeout: 15_000 },
    ws: {
      buildStrategy: (manager) => {
        sockets = manager
        divert(manager, take)
        // discord.js dials again half a second after a loss although it was destroyed meanwhile: it begins by asking
        // for the session, and then waits here for good.
        const { retrieveSessionInfo } = manager.options
        manager.options.retrieveSessionInfo = (shardId) =>
          closed ? new Promise<never>(() => undefined) : retrieveSessionInfo(shardId)
        return new SimpleShardingStrategy(manager)
      },
    },
  })

  /** What we read ourselves; discord.js keeps what it needs for the rest. */
  function take({ t, d }: GatewayDispatchPayload): boolean {
    if (t !== GatewayDispatchEvents.InteractionCreate && t !== GatewayDispatchEvents.MessageCreate) return false
    if (closed) return true
    if (t === GatewayDispatchEvents.InteractionCreate) onInteraction(d)
    else if (client.user !== null) onMessage(d, client.user.id)
    return true
  }

  client.on(Events.ShardReady, (shard) => {
    up.add(shard)
    log.info({ shard }, 'signed in to Discord')
  })
  client.on(Events.ShardResume, (shard, replayed) => {
    up.add(shard)
    log.info({ shard, replayed }, 'resumed at Discord')
  })
  client.on(Events.ShardReconnecting, (shard) => {
    up.delete(shard)
    if (!closed) log.warn({ shard }, 'Discord’s gateway lost, reconnecting')
  })
  client.on(Events.ShardDisconnect, ({ code }: CloseEvent, shard) => {
    up.delete(shard)
    closedWith = code
    failure = closeFailure(code)
    if (signedIn && !closed) onFatal(failure)
  })
  client.on(Events.ShardError, (error, shard) => log.warn({ shard, failure: error.name }, 'Discord’s gateway failed'))
  // Without a listener a failure inside discord.js would end the process.
  client.on(Events.Error, (error) => log.error({ ...failureOf(error), name: error.name }, 'discord.js failed'))
  client.on(Events.Warn, (message) => log.warn({ message }, 'discord.js warns'))

  async function close(): Promise<void> {
    if (closed) return
    closed = true
    up.clear()
    const dialling = sockets !== null && (await isDialling(sockets))
    // Destroying a connection that is just being made ends in an error that nobody can catch.
    if (dialling && !(await settles(client, clock))) return
    const waited = new AbortController()
    await Promise.race([client.destroy(), clock.sleep(goodbyeMs, waited.signal)])
    waited.abort()
  }

  return {
    connect: async (signal) => {
      try {
        await Promise.race([client.login(token), aborted(signal)])
        signedIn = true
        return 'signed_in'
      } catch (error) {
        signal.throwIfAborted()
        closed = true
        up.clear()
        if (messageContent && closedWith === GatewayCloseCodes.DisallowedIntents) return 'intent_refused'
        throw failure ?? (isSignedOut(error) ? signedOut() : error)
      }
    },
    standingIn: (channelId) => {
      const channel = client.channels.cache.get(channelId)
      if (channel === undefined || channel.isDMBased() || client.user === null) return null
      const held = channel.permissionsFor(client.user)
      if (held === null) return null
      const thread = isThread(channel.type)
      const place = channel.isThread() ? channel.parent : channel
      return { held: held.bitfield, thread, ageRestricted: place !== null && 'nsfw' in place && place.nsfw }
    },
    ready: () => up.size > 0 && up.size === client.ws.shards.size,
    close,
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    if (signal.aborted) reject(signal.reason)
  })
}

async function isDialling(sockets: Sockets): Promise<boolean> {
  const states = await sockets.fetchStatus()
  return states.some((state) => state === WebSocketShardStatus.Connecting)
}

/** Whether a connection that is being made comes to something in time. */
async function settles(client: Client, clock: Clock): Promise<boolean> {
  const done = new AbortController()
  const { signal } = done
  try {
    return await Promise.race([
      once(client, Events.ShardReady, { signal }).then(() => true),
      once(client, Events.ShardReconnecting, { signal }).then(() => true),
      clock.sleep(dialMs, signal).then(() => false),
    ])
  } finally {
    done.abort()
  }
}

function isSignedOut(error: unknown): boolean {
  if (error instanceof DiscordAPIError) return error.status === 401
  return error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.TokenInvalid
}
