import { pino } from 'pino'
import type { Log } from './core/ports.ts'

/** A logger to standard output, a JSON object a line. What may hold a secret is cut out wherever it stands. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'token',
        'secret',
        'authorization',
        'url',
        '*.token',
        '*.secret',
        '*.authorization',
        '*.headers',
        '*.requestBody',
        '*.url',
      ],
      censor: '[cut]',
    },
    serializers: { err: serializeError },
  })
}

/** Only what says what happened: foreign errors carry requests, tokens and bodies in further fields. */
function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: 'thrown value' }
  const cause = error.cause instanceof Error ? { cause: serializeError(error.cause) } : {}
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? { code: error.code } : {}
  return {
    name: error.name,
    message: withoutUrls(error.message),
    ...code,
    stack: withoutUrls(error.stack ?? ''),
    ...cause,
  }
}

/** Interaction tokens, response URLs and signatures live in paths and queries. */
function withoutUrls(text: string): string {
  return text.replace(/(https?:\/\/[^/\s?#]+)[^\s)'"]*/g, '$1/…')
}
