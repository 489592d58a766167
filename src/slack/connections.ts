import type { FetchFunction } from '@slack/web-api'
import { Agent, type Dispatcher, request } from 'undici'

/** Sockets at most to each of Slack's hosts: a burst of results shares them. */
const connections = 64

/**
 * Our own connections to Slack. The global `fetch` would take those of whichever copy of undici was loaded first
 * (discord.js brings one, Node another), as many as it likes, at two or three times the work.
 */
export interface Connections {
  readonly dispatcher: Dispatcher
  /** What the SDK takes for `fetch`: posts a text and reads the answer whole. Rejects at a redirect. */
  readonly post: FetchFunction
}

export function createConnections(): Connections {
  const dispatcher = new Agent({ connections })
  return {
    dispatcher,
    post: async (url, { headers, body, signal } = {}) => {
      const answer = await request(url, {
        ...{ dispatcher, method: 'POST', signal: signal ?? null },
        headers: headers as Record<string, string>,
        // Only the SDK's own uploads, which are not used, would be something else.
        body: String(body ?? ''),
      })
      const text = await answer.body.text()
      const { statusCode: status } = answer
      if (status >= 300 && status < 400) throw new TypeError('Slack: a redirect')
      const told = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)])
      return new Response(text, { status, headers: told })
    },
  }
}
