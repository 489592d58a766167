import type { Clock, Log } from '../core/ports.ts'
import { type Identity, whoAmI } from './identity.ts'
import { oneToken, type Tokens, type Workspace } from './tokens.ts'
import type { SlackApi } from './web-api.ts'

/** In which workspaces the bot is, who it is there, and by which token it speaks. */
export interface Access extends Tokens {
  /** Learns what has to be known before the first event. Throws `token_rejected` when no waiting will help. */
  open(api: SlackApi, signal: AbortSignal): Promise<void>
  /** Who the bot is there; null where it is not installed, or not let in any more. Throws `store_unavailable`. */
  identityOf(workspace: Workspace): Promise<Identity | null>
  /** What the bot is called there, as far as that is known. */
  nameIn(workspace: Workspace): string | null
  /** The app was taken out of a workspace, or its token was taken back. `at` in milliseconds since the epoch. */
  left(workspace: Workspace, at: number): Promise<void>
  /** Whether there is any use in listening. */
  ready(): boolean
}

/**
 * A token that Slack refused is not used for so long, in milliseconds: nothing is begun that could not be shown. Then it
 * is tried again, for Slack may have been mistaken.
 */
export const refusedMs = 60_000

/** One workspace, by a plain token. */
export function oneWorkspace(botToken: string, clock: Clock, log: Log): Access {
  let identity: Identity | null = null
  let said = false
  let signedOutUntil = Number.NEGATIVE_INFINITY

  function signOut(detail: string | undefined, until: number): void {
    if (!said) log.error({ detail }, 'Slack does not accept the bot token any more: install the app again')
    said = true
    signedOutUntil = Math.max(signedOutUntil, until)
  }

  const isSignedOut = () => clock.monotonic() < signedOutUntil

  return {
    ...oneToken(botToken, ({ detail }) => signOut(detail, clock.monotonic() + refusedMs)),
    open: async (api, signal) => {
      identity = await whoAmI(api, signal)
    },
    identityOf: async () => (isSignedOut() ? null : identity),
    nameIn: () => identity?.name ?? null,
    left: async () => signOut('the app was uninstalled', Number.POSITIVE_INFINITY),
    ready: () => identity !== null && !isSignedOut(),
  }
}
