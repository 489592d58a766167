import type { ClientOptions, GatewayDispatchPayload } from 'discord.js'

/** discord.js' own manager of sockets, behind the one of the same name that `client.ws` is. */
export type Sockets = Parameters<NonNullable<NonNullable<ClientOptions['ws']>['buildStrategy']>>[0]

/**
 * Takes events before discord.js sees them: it would build its objects from each message of each server, and one that it
 * can't read ends the process. `take` gives whether the event was meant for it.
 */
export function divert(sockets: Sockets, take: (event: GatewayDispatchPayload) => boolean): void {
  const emit = sockets.emit.bind(sockets) as (event: string, ...rest: unknown[]) => boolean
  const diverted = (event: string, ...rest: unknown[]): boolean => {
    const [given] = rest as [{ readonly data: GatewayDispatchPayload }]
    return (event === 'dispatch' && take(given.data)) || emit(event, ...rest)
  }
  sockets.emit = diverted as Sockets['emit']
}
