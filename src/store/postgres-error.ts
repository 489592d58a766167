import { AppError } from '../core/failure.ts'

/**
 * What a driver's error means for us (postgresql.org/docs/current/errcodes-appendix.html). Never carries the values of
 * a statement, which PostgreSQL likes to repeat.
 */
export function classifyPostgres(error: unknown): AppError {
  const state = stateOf(error)
  // No answer of the server: the connection failed, or could not be made in time.
  if (state === null) {
    const detail = `PostgreSQL: ${error instanceof Error ? error.message || error.name : 'connection failed'}`
    return new AppError(isDefect(error) ? 'internal' : 'store_unavailable', { detail, cause: error })
  }
  const words = error instanceof Error && !state.startsWith('22') ? `: ${error.message}` : ''
  const detail = `PostgreSQL ${state}${words}`
  if (clashes.has(state)) return new AppError('store_unavailable', { detail, retryAfterMs: 0 })
  if (refusals.some((start) => state.startsWith(start))) return new AppError('configuration', { detail })
  return new AppError(outages.some((start) => state.startsWith(start)) ? 'store_unavailable' : 'internal', { detail })
}

/** Serialization failure and deadlock: the transaction was rolled back and may be run again at once. */
const clashes: ReadonlySet<string> = new Set(['40001', '40P01'])
/** Wrong name, password or database, missing rights. */
const refusals = ['28', '3D', '42501']
/** Connection lost, read-only stand-by, paused too long, no room, cancelled or timed out, shut down, system error. */
const outages = ['08', '25006', '25P03', '53', '55P03', '57', '58', '72']

/** The SQLSTATE of a server's answer; null for anything else. */
export function stateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

function isDefect(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError
}

export function isUnavailable(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'store_unavailable'
}

/** Whether the transaction was rolled back for another's sake and may be run again at once. */
export function isClash(error: unknown): boolean {
  return isUnavailable(error) && error.retryAfterMs === 0
}
