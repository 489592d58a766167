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
  events: ['app_mention', 'message.im'],
  actions: { cancel: 'cancel' },
} as const

/** Each scope with the reason for it. */
export const scopes: Readonly<Record<string, string>> = {
  commands: 'the command itself',
  'chat:write': 'posts and edits the message of a request',
  'files:read': 'reads the pictures handed in, and waits until an upload is ready',
  'files:write': 'uploads results',
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

/** The app manifest for Socket Mode, as Slack's "create from manifest" takes it. */
export function manifest(): object {
  return {
    _metadata: { major_version: 2 },
    display_information: { name: definitions.name, description: command.imagine },
    features: {
      app_home: { home_tab_enabled: false, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: definitions.botName, always_online: true },
      slash_commands: [definitions.command],
    },
    oauth_config: { scopes: { bot: Object.keys(scopes), bot_optional: Object.keys(optionalScopes) } },
    settings: {
      event_subscriptions: { bot_events: [...definitions.events] },
      interactivity: { is_enabled: true },
      org_deploy_enabled: false,
      socket_mode_enabled: true,
      token_rotation_enabled: false,
    },
  }
}
