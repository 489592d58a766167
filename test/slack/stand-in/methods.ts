import type { Fields, Json } from './blocks.ts'
import type { Office } from './office.ts'
import type { Views } from './views.ts'
import { type Channel, type File, Refused, type Workspace } from './workspace.ts'

/** The Web API's methods, as unfriendly as the real ones. */
export interface MethodsOptions {
  readonly workspace: Workspace
  readonly views: Views
  readonly office: Office
  readonly appToken: string
  readonly scopes: Set<string>
  readonly origin: () => string
  readonly connect: () => string
  /** How often a new upload is still shown as unprocessed. */
  readonly looks: () => number
  /** Whether completing an upload really shares it. */
  readonly sharing: () => boolean
}

export type Methods = (method: string, args: Fields, token: string) => Fields

type Method = (args: Record<string, string>) => Fields
const scopesOf: Readonly<Record<string, string>> = {
  'chat.postMessage': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'chat.update': 'chat:write',
  'chat.delete': 'chat:write',
  'assistant.threads.setStatus': 'chat:write',
  'files.delete': 'files:write',
  'files.info': 'files:read',
  'files.getUploadURLExternal': 'files:write',
  'files.completeUploadExternal': 'files:write',
}
const historyScopes = {
  public: 'channels:history',
  private: 'groups:history',
  mpim: 'mpim:history',
  im: 'im:history',
} as const
const known: Readonly<Record<string, readonly string[]>> = {
  'chat.postMessage': ['channel', 'text', 'blocks', 'thread_ts', 'unfurl_links', 'unfurl_media'],
  'chat.postEphemeral': ['channel', 'user', 'text', 'blocks', 'thread_ts'],
  'chat.update': ['channel', 'ts', 'text', 'blocks'],
  'chat.delete': ['channel', 'ts'],
  'chat.getPermalink': ['channel', 'message_ts'],
  'assistant.threads.setStatus': ['channel_id', 'thread_ts', 'status'],
  'files.delete': ['file'],
  'files.info': ['file'],
  'files.getUploadURLExternal': ['filename', 'length', 'alt_txt', 'snippet_type'],
  'files.completeUploadExternal': ['files', 'channel_id', 'thread_ts', 'initial_comment'],
  'conversations.replies': ['channel', 'ts', 'limit', 'inclusive'],
  'views.open': ['trigger_id', 'view'],
  'views.publish': ['user_id', 'view'],
}

export function createMethods(options: MethodsOptions): Methods {
  const { workspace, scopes, views, office } = options
  const { bot, channels, messages, files, violations } = workspace

  function needs(scope: string): void {
    if (!scopes.has(scope)) throw new Refused('missing_scope', { needed: scope, provided: [...scopes].join(',') })
  }

  function conversation(id: string): Channel {
    const channel = id.startsWith('U') ? workspace.dmOf(id) : channels.get(id)
    if (channel === undefined) throw new Refused('channel_not_found')
    if (channel.archived) throw new Refused('is_archived')
    return channel
  }

  function mayPost(channel: Channel): void {
    if (channel.members.has(bot)) return
    if (channel.kind !== 'public') throw new Refused('channel_not_found')
    if (!scopes.has('chat:write.public')) throw new Refused('not_in_channel')
  }

  function bodyOf({ text, blocks }: Record<string, string>): Fields {
    return { ...(text === undefined ? {} : { text }), ...(blocks === undefined ? {} : { blocks: JSON.parse(blocks) }) }
  }

  function threadOf(channel: Channel, thread: string | undefined): string | null {
    if (thread === undefined) return null
    const parent = messages.find((message) => message.channel === channel.id && message.ts === thread)
    if (parent === undefined) throw new Refused('thread_not_found')
    return parent.thread ?? parent.ts
  }

  const methods: Readonly<Record<string, Method>> = {
    'auth.test': () => ({ user_id: bot, bot_id: 'B0IMAGINE', team_id: office.team(), user: 'imagine' }),

    'views.open': (args) => views.open(args),
    'views.publish': (args) => views.publish(args),

    'chat.postMessage': (args) => {
      const channel = conversation(args.channel ?? '')
      mayPost(channel)
      if (args.unfurl_links !== 'false' || args.unfurl_media !== 'false') violations.push('a message that unfurls')
      const thread = threadOf(channel, args.thread_ts)
      const { ts } = workspace.write({ channel: channel.id, thread, onlyFor: null, body: bodyOf(args) })
      return { channel: channel.id, ts, message: { ts } }
    },

    'chat.postEphemeral': (args) => {
      const channel = conversation(args.channel ?? '')
      mayPost(channel)
      if (!channel.members.has(args.user ?? '')) throw new Refused('user_not_in_channel')
      const thread = threadOf(channel, args.thread_ts)
      const { ts } = workspace.write({ channel: channel.id, thread, onlyFor: args.user ?? '', body: bodyOf(args) })
      return { message_ts: ts }
    },

    'chat.update': (args) => {
      if (/^U/.test(args.channel ?? '')) throw new Refused('channel_not_found')
      const channel = conversation(args.channel ?? '')
      const found = messages.find(
        ({ ts, channel: id, onlyFor }) => ts === args.ts && id === channel.id && onlyFor === null,
      )
      if (found === undefined) throw new Refused('message_not_found')
      if (found.user !== bot) throw new Refused('cant_update_message')
      mayPost(channel)
      workspace.rewrite(found, bodyOf(args))
      return { channel: channel.id, ts: found.ts, text: found.text }
    },

    'chat.delete': (args) => {
      const channel = conversation(args.channel ?? '')
      const at = messages.findIndex(({ ts, channel: id, onlyFor }) => ts === args.ts && id === channel.id && !onlyFor)
      if (messages[at] === undefined) throw new Refused('message_not_found')
      if (messages[at].user !== bot) throw new Refused('cant_delete_message')
      mayPost(channel)
      messages.splice(at, 1)
      return { channel: channel.id, ts: args.ts ?? '' }
    },

    'chat.getPermalink': (args) => {
      const channel = conversation(args.channel ?? '')
      const found = messages.find(({ ts, channel: id }) => ts === args.message_ts && id === channel.id)
      if (found === undefined) throw new Refused('message_not_found')
      return { permalink: `https://stand-in.slack.com/archives/${channel.id}/p${found.ts.replace('.', '')}` }
    },

    'assistant.threads.setStatus': (args) => {
      const channel = conversation(args.channel_id ?? '')
      const thread = threadOf(channel, args.thread_ts)
      if (thread === null) throw new Refused('invalid_thread_ts')
      if (args.status === undefined) throw new Refused('missing_argument')
      workspace.statuses.set(`${channel.id}:${thread}`, args.status)
      return {}
    },

    'files.delete': (args) => {
      const file = files.get(args.file ?? '')
      if (file === undefined) throw new Refused('file_not_found')
      if (file.owner !== bot) throw new Refused('cant_delete_file')
      files.delete(file.id)
      const left = messages.filter((message) => !message.files.includes(file.id) || message.files.length > 1)
      messages.splice(0, messages.length, ...left)
      return {}
    },

    'files.getUploadURLExternal': (args) => {
      const length = Number(args.length)
      if (args.filename === undefined || !(length > 0)) throw new Refused('missing_argument')
      if ((args.alt_txt ?? '').length > 1_000) violations.push('alt_txt longer than 1000')
      const id = workspace.nextId('F')
      const fresh: File = {
        ...{ id, length, name: args.filename, owner: bot, alt: args.alt_txt ?? '', bytes: null, mimetype: '' },
        ...{ completed: false, looksLeft: options.looks(), shares: new Map(), stub: false, redirect: null },
      }
      files.set(id, fresh)
      return { file_id: id, upload_url: `${options.origin()}/upload/v1/${id}` }
    },

    'files.completeUploadExternal': (args) => {
      const channel = args.channel_id === undefined ? null : conversation(args.channel_id)
      // Posting in a public channel without joining it is allowed, uploading to it is not.
      if (channel !== null && !channel.members.has(bot)) throw new Refused('not_in_channel')
      const orders = JSON.parse(args.files ?? '[]') as { id: string }[]
      const found = orders.map(({ id }) => files.get(id))
      for (const file of found) {
        if (file === undefined || file.bytes === null) throw new Refused('file_not_found')
        if (file.completed) violations.push('an upload completed twice')
        file.completed = true
      }
      if (channel !== null && options.sharing()) {
        const ts = workspace.nextTs()
        const thread = threadOf(channel, args.thread_ts)
        // One message has them all.
        messages.push({
          ...{ channel: channel.id, ts, user: bot, thread, files: orders.map(({ id }) => id) },
          ...{ onlyFor: null, text: '', seen: { lines: [], images: [], buttons: [] }, blockIds: [], edits: 0 },
        })
        for (const file of found) file?.shares.set(channel.id, ts)
      }
      return { files: orders.map(({ id }) => ({ id, mimetype: '', shares: {} })) }
    },

    'files.info': (args) => {
      const file = files.get(args.file ?? '')
      // Before it is completed, an upload is no file.
      if (file === undefined || !file.completed) throw new Refused('file_not_found')
      return { file: infoOf(file, look(file)) }
    },

    'conversations.replies': (args) => {
      const channel = conversation(args.channel ?? '')
      needs(historyScopes[channel.kind])
      if (!channel.members.has(bot)) throw new Refused('not_in_channel')
      const thread = messages.filter(
        ({ channel: id, ts, thread: parent, onlyFor }) =>
          id === channel.id && onlyFor === null && (ts === args.ts || parent === args.ts),
      )
      if (thread.length === 0) throw new Refused('thread_not_found')
      return {
        messages: thread.slice(0, Number(args.limit ?? '20')).map(({ ts, user, text, files: ids }) => ({
          ...{ type: 'message', ts, user, text },
          ...(ids.length === 0 ? {} : { files: ids.map((id) => eventFile(files.get(id))) }),
        })),
      }
    },
  }

  /** Whether a file is processed; each look brings it nearer. */
  function look(file: File): boolean {
    if (file.looksLeft === 0) return true
    file.looksLeft -= 1
    return false
  }

  function infoOf(file: File, ready: boolean): Fields {
    const base: Fields = { id: file.id, name: file.name, user: file.owner, size: file.length }
    if (!ready) return { ...base, mimetype: '', shares: {} }
    const url = `${options.origin()}/files-pri/${workspace.team}-${file.id}/${encodeURIComponent(file.name)}`
    const shares = Object.fromEntries([...file.shares].map(([channel, ts]): [string, Json] => [channel, [{ ts }]]))
    return { ...base, mimetype: file.mimetype, url_private: url, shares: { public: shares } }
  }

  return (method, args, token) => {
    if (method === 'apps.connections.open') {
      if (token !== options.appToken) throw new Refused(office.isBot(token) ? 'not_allowed_token_type' : 'invalid_auth')
      return { url: options.connect() }
    }
    if (method === 'oauth.v2.access') return office.access(args as Record<string, string>)
    office.check(token)
    const run = methods[method]
    if (run === undefined) {
      violations.push(`unknown method ${method}`)
      throw new Refused('unknown_method')
    }
    const strange = Object.keys(args).filter((name) => !(known[method]?.includes(name) ?? true) && name !== 'team_id')
    violations.push(...strange.map((name) => `${method} with ${name}`))
    const scope = scopesOf[method]
    if (scope !== undefined) needs(scope)
    return run(args as Record<string, string>)
  }
}

/** A file as an event names it. */
export function eventFile(file: File | undefined): Fields {
  if (file === undefined) return {}
  if (file.stub) return { id: file.id, mode: 'file_access', file_access: 'check_file_info' }
  return { id: file.id, name: file.name, mimetype: file.mimetype, size: file.length, mode: 'hosted' }
}
