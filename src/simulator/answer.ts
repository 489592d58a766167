import type { FastifyReply } from 'fastify'
import { type ApiError, errorBody } from './api-error.ts'

/** How a request is answered, or left without an answer. */
export type Answer =
  | { readonly kind: 'json'; readonly status: number; readonly body: object; readonly retryAfter?: number | undefined }
  /** No JSON, as a gateway in between would say it. */
  | { readonly kind: 'bare'; readonly status: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }

export function errorAnswer(error: ApiError, retryAfter?: number): Answer {
  return { kind: 'json', status: error.status, body: errorBody(error), retryAfter }
}

/** Sends the answer; a request left hanging ends with its connection. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  switch (answer.kind) {
    case 'json':
      if (answer.retryAfter !== undefined) reply.header('retry-after', String(answer.retryAfter))
      return reply.code(answer.status).send(answer.body)
    case 'bare':
      return reply.code(answer.status).type('text/html').send(`<html><body><h1>${answer.status}</h1></body></html>`)
    case 'hang':
      return reply.hijack()
    case 'reset':
      reply.hijack()
      reply.raw.socket?.resetAndDestroy()
      return reply
  }
}
