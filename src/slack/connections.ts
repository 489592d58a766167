import { Agent, type Dispatcher, request } from 'undici'

/** Sockets at most to each of Slack's hosts: a burst of results shares them. */
const connections = 64

interface Post {
  readonly headers: Record<string, string>
  readonly body: string
  readonly signal: AbortSignal
}

/**
 * Our own connections to Slack. The global `fetch` would take those of whichever copy of undici was loaded first
 * (discord.js brings one, Node another), as many as it likes, at two or three times the work.
 */
export interface Connections {
  readonly dispatcher: Dispatcher
  /** Posts a text and reads the answer whole; rejects at a redirect, as `fetch` does when told so. */
  post(url: string | URL, post: Post): Promise<Response>
}

export function createConnections(): Connections {
  const dispatcher = new Agent({ connections })
  return {
    dispatcher,
    post: async (url, post) => {
      const answer = await request(url, { ...post, dispatcher, method: 'POST' })
      const text = await answer.body.text()
      const { statusCode: status } = answer
      if (status >= 300 && status < 400) throw new TypeError('Slack: a redirect')
      const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)])
      return new Response(text, { status, headers })
    },
  }
}
