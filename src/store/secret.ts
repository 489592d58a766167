import type { Address } from '../core/job.ts'
import type { Session } from './engine.ts'

/**
 * How long an address's secret is kept at most, in milliseconds: of the platforms' secrets Slack's response URL lives
 * longest (docs.slack.dev/interactivity/handling-user-interaction: 30 minutes).
 */
export const secretKeepMs = 30 * 60_000

/** An address's secret as its column holds it. */
export function secretText({ secret }: Address): string | null {
  return secret === null ? null : JSON.stringify(secret)
}

/** Erases the secrets that nobody can use any more. */
export async function eraseSecrets(session: Session): Promise<void> {
  await session.run('update jobs set secret = null where secret is not null and secret_until <= @now')
}
