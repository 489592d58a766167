import type { Log } from '../core/ports.ts'
import { type Identity, whoAmI } from './identity.ts'
import { oneToken, type Tokens, type Workspace } from './tokens.ts'
import type { SlackApi } from './web-api.ts'

/** In which workspaces the bot is, who it is there, and by which token it speaks. */
export interface Access extends Tokens {
  /** Learns what has to be known before the first event. Throws `token_rejected` when no waiting will help. */
  open(api: SlackApi, signal: AbortSignal): Promise<void>
  /** Who the bot is there; null where it is not installed (any more). Throws `store_unavailable`. */
  identityOf(workspace: Workspace): Promise<Identity | null>
  /** What the bot is called there, as far as that is known. */
  nameIn(workspace: Workspace): string | null
  /** The app was taken out of a workspace, or its token was taken back. `at` in milliseconds since the epoch. */
  left(workspace: Workspace, at: number): Promise<void>
  /** Whether there is any use in listening. */
  ready(): boolean
}

/** One workspace, by a plain token. */
export function oneWorkspace(botToken: string, log: Log): Access {
  let identity: Identity | null = null
  let signedOut = false

  function signOut(detail: string | undefined): void {
    if (!signedOut) log.error({ detail }, 'Slack does not accept the bot token any more: install the app again')
    signedOut = true
  }

  return {
    ...oneToken(botToken, ({ detail }) => signOut(detail)),
    open: async (api, signal) => {
      identity = await whoAmI(api, signal)
    },
    identityOf: async () => identity,
    nameIn: () => identity?.name ?? null,
    left: async () => signOut('the app was uninstalled'),
    ready: () => identity !== null && !signedOut,
  }
}
