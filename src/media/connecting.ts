import type { buildConnector } from 'undici'

/**
 * How to connect: within `timeoutMs` milliseconds, and no longer than until `signal` aborts. Destroying an undici client
 * leaves a connection that is still being made to its own time-out; the signal ends it at once.
 */
export function connecting(timeoutMs: number, signal: AbortSignal): buildConnector.BuildOptions {
  // `net.connect` and `tls.connect` take the signal; undici hands it on, and its types do not know it.
  const options: buildConnector.BuildOptions & { readonly signal: AbortSignal } = { timeout: timeoutMs, signal }
  return options
}
