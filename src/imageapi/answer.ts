import type { Dispatcher } from 'undici'
import { apiLimits } from './limits.ts'

/** An HTTP answer of the API, read whole. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body as text; null when it broke off or was larger than `apiLimits.answerBytes`. */
  readonly text: string | null
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown
}

/** Reads the body to its end or to the limit, so that the connection is free or closed afterwards. Never throws. */
export async function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer> {
  const text = await readText(body)
  return { status: statusCode, headers, text, json: text === null ? undefined : jsonOf(text) }
}

/** The value of a JSON text, or undefined. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is an answer too; the caller says what it means.
    return undefined
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let total = 0
  try {
    for await (const chunk of body) {
      total += chunk.length
      if (total > apiLimits.answerBytes) return null
      chunks.push(chunk)
    }
  } catch {
    // Reset, timed out or stopped in the middle: what came so far means nothing.
    return null
  }
  return Buffer.concat(chunks).toString('utf8')
}
