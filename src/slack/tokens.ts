import type { AppError } from '../core/failure.ts'

/** Whose token a request goes with. */
export interface Workspace {
  readonly team: string
  /** The organisation, where the app is installed for all of it (Enterprise Grid). */
  readonly enterprise: string | null
}

/** The bot tokens. */
export interface Tokens {
  /** The bot token for a workspace. Throws `token_rejected` where the app is not installed (any more). */
  of(workspace: Workspace, signal: AbortSignal): Promise<string>
  /** Told when Slack says that the token is no longer good. */
  refused(workspace: Workspace, token: string, failure: AppError): void
}

/** One workspace by a plain token: whatever is asked for is in it. */
export function oneToken(token: string, refused: (failure: AppError) => void): Tokens {
  return { of: async () => token, refused: (_workspace, _token, failure) => refused(failure) }
}

/** For a request of the program's own, where there is one token only. */
export const onlyWorkspace: Workspace = { team: '', enterprise: null }
