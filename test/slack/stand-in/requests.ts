import { createHmac } from 'node:crypto'
import type { Fields, Json } from './blocks.ts'
import type { Ack } from './links.ts'

/** Where an app in HTTP mode takes its requests, and the secret that it knows Slack by. */
export interface RequestTarget {
  readonly url: string
  readonly secret: string
  readonly now: () => number
}

/** Sends an event as Slack does in HTTP mode: signed, and as a form where it is no event. */
export async function sendRequest(
  target: RequestTarget,
  type: string,
  payload: Fields,
  extra: Fields,
  ackMs: number,
): Promise<Ack> {
  const body = bodyOf(type, payload)
  const retry: Record<string, string> =
    extra.retry_attempt === undefined
      ? {}
      : { 'x-slack-retry-num': String(extra.retry_attempt), 'x-slack-retry-reason': String(extra.retry_reason) }
  try {
    const answer = await fetch(target.url, {
      method: 'POST',
      headers: {
        ...signed(target, body),
        ...retry,
        'content-type': type === 'events_api' ? 'application/json' : 'application/x-www-form-urlencoded',
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      },
      body,
      signal: AbortSignal.timeout(ackMs),
    })
    const text = await answer.text()
    if (answer.status !== 200) return { acked: false, reason: `status ${answer.status}` }
    return { acked: true, payload: text === '' ? {} : (JSON.parse(text) as Fields) }
  } catch (error) {
    return { acked: false, reason: error instanceof Error ? error.name : 'failed' }
  }
}

/** The headers that prove that Slack sent it. */
export function signed({ secret, now }: RequestTarget, body: string): Record<string, string> {
  const stamp = String(Math.floor(now() / 1000))
  const digest = createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')
  return { 'x-slack-request-timestamp': stamp, 'x-slack-signature': `v0=${digest}` }
}

function bodyOf(type: string, payload: Fields): string {
  if (type === 'events_api') return JSON.stringify(payload)
  if (type === 'interactive') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  return new URLSearchParams(
    Object.entries(payload).map(([name, value]): [string, string] => [name, asText(value)]),
  ).toString()
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
