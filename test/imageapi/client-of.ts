import type { Call, Log } from '../../src/core/ports.ts'
import { createImageApi, type ImageApiOptions } from '../../src/imageapi/client.ts'

/** The key of these tests: it must turn up nowhere but in the API's own requests. */
export const key = 'aio_0123456789abcdef'

export interface LogLine {
  readonly level: string
  readonly fields: object
  readonly message: string
}

function recordedLog(): { readonly log: Log; readonly lines: LogLine[]; text(): string } {
  const lines: LogLine[] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message })
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return { log, lines, text: () => JSON.stringify(lines) }
}

/** A client of `origin`, with short time-outs. */
export function clientOf(origin: string, more: Partial<ImageApiOptions> = {}) {
  const recorded = recordedLog()
  const api = createImageApi(
    {
      baseUrl: `${origin}/api/v1`,
      key,
      model: 'gpt-image-1-5',
      poolSize: 4,
      timeouts: { submitMs: 500, lookMs: 500, resultMs: 500 },
      ...more,
    },
    { log: recorded.log },
  )
  return { api, ...recorded }
}

/** A call whose gate counts how often it was asked. */
export function openCall(signal: AbortSignal = new AbortController().signal): Call & { readonly asked: () => number } {
  let asked = 0
  return {
    signal,
    gate: () => {
      asked += 1
    },
    asked: () => asked,
  }
}
