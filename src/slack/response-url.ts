import { z } from 'zod'
import type { Call, Clock } from '../core/ports.ts'
import type { ResponseUrl } from './address.ts'
import type { Connections } from './connections.ts'
import { httpFailure, limited, refusal, toAppError } from './errors.ts'
import { slackLimits } from './limits.ts'
import type { Message } from './render.ts'
import { requestTimeoutMs } from './web-api.ts'

/** What a response URL shows: to the asker alone, or to everybody there. */
export type Audience = 'ephemeral' | 'in_channel'

/** In a thread, where `thread_ts` is given. */
type ResponseMessage = Message & { readonly thread_ts?: string }

/** Posts by the response URLs of commands and buttons: five posts in thirty minutes for each. */
export interface ResponseUrls {
  /** How many posts are left. */
  left(response: ResponseUrl): number
  /** The URL with one more use counted; throws an AppError whose fault is `spent` when none is left. */
  use(response: ResponseUrl): ResponseUrl
  /** Posts once. The use was counted before, so that nothing can make it forgotten. */
  post(used: ResponseUrl, message: ResponseMessage, audience: Audience, call: Call): Promise<void>
  /** Deletes the message that a pressed button stands in. */
  removeOriginal(used: ResponseUrl, call: Call): Promise<void>
}

// A post on its way when the time is over would be refused.
const marginMs = 30_000
const answerSchema = z.object({ ok: z.boolean(), error: z.string().optional() })

export function createResponseUrls(connections: Connections, clock: Clock): ResponseUrls {
  const isOver = (issuedAt: number) => clock.now() - issuedAt >= slackLimits.responseMs - marginMs

  const left = ({ issuedAt, uses }: ResponseUrl) =>
    isOver(issuedAt) ? 0 : Math.max(0, slackLimits.responseUses - uses)

  return {
    left,
    use: (response) => {
      if (left(response) === 0) throw refusal('used_url')
      return { ...response, uses: response.uses + 1 }
    },
    post: ({ responseUrl }, message, audience, call) =>
      send(connections, responseUrl, { ...message, response_type: audience, replace_original: false }, call),
    removeOriginal: ({ responseUrl }, call) => send(connections, responseUrl, { delete_original: true }, call),
  }
}

async function send(connections: Connections, url: string, body: object, { signal, gate }: Call): Promise<void> {
  signal.throwIfAborted()
  gate()
  let answer: { readonly status: number; readonly text: string; readonly retryAfter: string | null }
  try {
    const response = await connections.post(url, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    })
    const { status, headers } = response
    answer = { status, text: await response.text(), retryAfter: headers.get('retry-after') }
  } catch (error) {
    signal.throwIfAborted()
    throw toAppError(error)
  }
  check(answer)
}

function check({ status, text, retryAfter }: { status: number; text: string; retryAfter: string | null }): void {
  if (status === 429) throw limited((Number(retryAfter) || 1) * 1000)
  if (status >= 500) throw httpFailure(status)
  const error = errorIn(text)
  if (error !== null) throw refusal(error)
  // "No such URL" without a reason is what an old one looks like.
  if (status !== 200) throw refusal('expired_url')
}

/** The error's name in an answer that is JSON, or a bare word other than "ok". */
function errorIn(text: string): string | null {
  if (!text.startsWith('{')) return /^[a-z_]{4,60}$/.test(text) ? text : null
  const parsed = answerSchema.safeParse(json(text))
  return parsed.success && !parsed.data.ok ? (parsed.data.error ?? 'expired_url') : null
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
