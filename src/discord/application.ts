import { ApplicationFlags } from 'discord.js'
import { neededPermissions } from './permissions.ts'
import type { Application } from './platform.ts'

/** Whether the privileged message content intent may be asked for: asking without closes the gateway (4014). */
export function readsMessages({ flags }: Pick<Application, 'flags'>): boolean {
  return (flags & (ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited)) !== 0
}

/** The link that adds the bot to a server, with exactly the scopes and permissions that it needs. */
export function inviteLink(applicationId: string): string {
  return authorizeLink({ client_id: applicationId, scope: 'bot applications.commands', permissions: neededPermissions })
}

/** The link with which people install the app for themselves, wherever they are. */
export function userInstallLink(applicationId: string): string {
  return authorizeLink({ client_id: applicationId, scope: 'applications.commands', integration_type: '1' })
}

/** D topics/oauth2, Bot Authorization Flow. */
function authorizeLink(query: Readonly<Record<string, string>>): string {
  return `https://discord.com/oauth2/authorize?${new URLSearchParams(query)}`
}
