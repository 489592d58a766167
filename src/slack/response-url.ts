import { z } from 'zod'
import type { Call, Clock } from '../core/ports.ts'
import type { ResponseUrl } from './address.ts'
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
  /** Posts once. Gives the URL with its uses counted; throws an AppError whose fault is `spent` when none is left. */
  post(response: ResponseUrl, message: ResponseMessage, audience: Audience, call: Call): Promise<ResponseUrl>
}

// A post on its way when the time is over would be refused.
const marginMs = 30_000
const answerSchema = z.object({ ok: z.boolean(), error: z.string().optional() })

export function createResponseUrls(clock: Clock): ResponseUrls {
  // The stored count lags behind: progress is not stored, and a failed post is never heard of again.
  const counted = new Map<string, { readonly uses: number; readonly issuedAt: number }>()

  const usesOf = (response: ResponseUrl) => Math.max(response.uses, counted.get(response.responseUrl)?.uses ?? 0)
  const isOver = (issuedAt: number) => clock.now() - issuedAt >= slackLimits.responseMs - marginMs

  function left(response: ResponseUrl): number {
    return isOver(response.issuedAt) ? 0 : Math.max(0, slackLimits.responseUses - usesOf(response))
  }

  return {
    left,
    post: async (response, message, audience, call) => {
      for (const [url, { issuedAt }] of counted) if (isOver(issuedAt)) counted.delete(url)
      if (left(response) === 0) throw refusal('used_url')
      const uses = usesOf(response) + 1
      counted.set(response.responseUrl, { uses, issuedAt: response.issuedAt })
      await send(response.responseUrl, { ...message, response_type: audience, replace_original: false }, call)
      return { ...response, uses }
    },
  }
}

async function send(url: string, body: object, { signal, gate }: Call): Promise<void> {
  signal.throwIfAborted()
  gate()
  let answer: { readonly status: number; readonly text: string; readonly retryAfter: string | null }
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
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
