import { buildConnector, Client } from 'undici'
import type { Failure } from '../core/failure.ts'
import type { Call } from '../core/ports.ts'
import { connecting } from '../media/connecting.ts'
import { reasonOf } from '../media/reason.ts'
import { type Answer, readAnswer } from './answer.ts'
import { withDeadline } from './deadline.ts'

/** What became of one POST, before its answer is read for its meaning. */
export type Posted =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** Nothing was sent. */
  | { readonly kind: 'not_sent'; readonly failure: Failure }
  /** It may have been sent, and no answer came. */
  | { readonly kind: 'lost'; readonly failure: Failure }

export interface Post {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
}

interface Line {
  readonly connect: buildConnector.connector
  /** Whether there was a connection to write to. */
  sent: boolean
  gateError: { readonly error: unknown } | null
}

/**
 * Posts once, on a connection of its own: a kept-alive one could be reset under the POST and look like an accepted one.
 * `timeoutMs` is for all of it. Throws what the gate throws, and the signal's reason when it aborted before anything was
 * sent.
 */
export function createPoster(origin: string, timeoutMs: number): (post: Post, call: Call) => Promise<Posted> {
  return (post, call) =>
    withDeadline(call.signal, timeoutMs, async (deadline) => {
      const line = gatedLine(buildConnector(connecting(timeoutMs, deadline)), call)
      const client = new Client(origin, {
        pipelining: 0,
        connect: line.connect,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      })
      try {
        const response = await client.request({ method: 'POST', ...post, signal: deadline })
        return { kind: 'answered', answer: await readAnswer(response) }
      } catch (error) {
        if (line.sent) return { kind: 'lost', failure: { code: 'outcome_unknown', detail: reasonOf(error) } }
        if (line.gateError !== null) throw line.gateError.error
        call.signal.throwIfAborted()
        return { kind: 'not_sent', failure: { code: 'upstream_unavailable', detail: reasonOf(error) } }
      } finally {
        await client.destroy()
      }
    })
}

/** A connector that asks the gate when the connection is there and before undici writes to it, and connects only once. */
function gatedLine(connect: buildConnector.connector, { gate }: Call): Line {
  const line: Line = {
    sent: false,
    gateError: null,
    connect: (options, callback) => {
      // undici may put a request back into its queue when a connection ends: never a POST.
      if (line.sent) return callback(new Error('a second connection for one POST'), null)
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null)
        try {
          gate()
        } catch (reason) {
          socket.destroy()
          line.gateError = { error: reason }
          return callback(new Error('the gate is closed'), null)
        }
        line.sent = true
        callback(null, socket)
      })
    },
  }
  return line
}
