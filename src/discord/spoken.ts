import type { APIUserWithMember } from 'discord.js'

/** Discord's marks for things with names: people, roles, channels, commands, custom emoji. D reference, Message Formatting. */
const marks = /<(?:@!?(?<user>\d+)|@&\d+|#\d+|\/(?<command>[^:<>]+):\d+|a?:(?<emoji>\w+):\d+)>/g

/** What was said to the bot, without calling it. */
export function withoutMention(content: string, me: string): string {
  return content.replaceAll(new RegExp(`<@!?${me}>[,:]?[^\\S\\n]*`, 'g'), '').trim()
}

/** Text with its marks as people read them; a role's and a channel's name are not told. */
export function readable(text: string, mentions: readonly APIUserWithMember[]): string {
  return text.replaceAll(marks, (mark: string, ...rest: unknown[]) => {
    const { user, command, emoji } = rest.at(-1) as Readonly<Record<string, string | undefined>>
    if (user !== undefined) return `@${nameOf(mentions.find(({ id }) => id === user)) ?? 'someone'}`
    if (command !== undefined) return `/${command}`
    if (emoji !== undefined) return `:${emoji}:`
    return mark.startsWith('<#') ? '#channel' : '@role'
  })
}

function nameOf(user: APIUserWithMember | undefined): string | undefined {
  return user?.member?.nick ?? user?.global_name ?? user?.username
}
