import { messagesFor } from '../core/messages.ts'

const { command } = messagesFor('en')

/** What the bot is in Slack: the manifest is made of it, and the listeners follow it. */
export const definitions = {
  name: 'Imagine',
  botName: 'imagine',
  /** What help shows where nobody typed a command: in mentions and direct messages. */
  command: {
    command: '/imagine',
    description: command.imagine,
    usage_hint: 'a red fox in snow --ar 3:2',
    // Mentions and links in a prompt come as they were typed.
    should_escape: false,
  },
  shortcuts: {
    edit: { name: command.editImage, type: 'message', callback_id: 'edit_image', description: command.imagine },
    create: { name: command.createImage, type: 'global', callback_id: 'create_image', description: command.imagine },
  },
  events: ['app_mention', 'message.im', 'app_home_opened', 'app_uninstalled', 'tokens_revoked'],
} as const

/** The paths of our one HTTP port that Slack is told. */
export const paths = { events: '/slack/events', install: '/slack/install', redirect: '/slack/oauth_redirect' } as const

/** Each scope with the reason for it. */
export const scopes: Readonly<Record<string, string>> = {
  commands: 'the command and the shortcuts',
  'chat:write': 'posts and edits the message of a request, and deletes it when asked to',
  'files:read': 'reads the pictures handed in, and waits until an upload is ready',
  'files:write': 'uploads results, and deletes them when asked to',
  'app_mentions:read': 'hears mentions',
  'im:history': 'hears direct messages',
  'channels:history': 'finds the picture that a thread began with',
  'groups:history': 'the same in private channels',
  'mpim:history': 'the same in group messages',
}

/** Scopes that an administrator may leave out. */
export const optionalScopes: Readonly<Record<string, string>> = {
  'chat:write.public': 'answers in public channels that the bot was not invited to',
}

export interface ManifestOptions {
  /** How Slack's events come: by sockets that we open, or as requests to our port. */
  readonly transport: 'sockets' | 'http'
  /** Where the outside reaches our port, without a trailing slash; null: nowhere, so one workspace by sockets. */
  readonly publicUrl: string | null
}

/** The app manifest, as Slack's "create from manifest" takes it. */
export function manifest({ transport, publicUrl }: ManifestOptions): object {
  const events = { request_url: `${publicUrl}${paths.events}` }
  const request = transport === 'http' ? events : {}
  return {
    _metadata: { major_version: 2 },
    display_information: { name: definitions.name, description: command.imagine },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: definitions.botName, always_online: true },
      slash_commands: [{ ...definitions.command, ...(transport === 'http' ? { url: events.request_url } : {}) }],
      shortcuts: Object.values(definitions.shortcuts),
    },
    oauth_config: {
      ...(publicUrl === null ? {} : { redirect_urls: [`${publicUrl}${paths.redirect}`] }),
      scopes: { bot: Object.keys(scopes), bot_optional: Object.keys(optionalScopes) },
    },
    settings: {
      event_subscriptions: { ...request, bot_events: [...definitions.events] },
      interactivity: { is_enabled: true, ...request },
      org_deploy_enabled: publicUrl !== null,
      socket_mode_enabled: transport === 'sockets',
      token_rotation_enabled: false,
    },
  }
}
