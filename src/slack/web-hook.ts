import { createHmac, timingSafeEqual } from 'node:crypto'
import type { App, Receiver, ReceiverEvent } from '@slack/bolt'
import { z } from 'zod'
import type { Clock, Log, RouteAnswer, RouteRequest, Routes } from '../core/ports.ts'
import { paths } from './commands.ts'
import type { Transport } from './transport.ts'

export interface WebHookOptions {
  readonly signingSecret: string
  readonly routes: Routes
  readonly clock: Clock
  readonly log: Log
}

/** As much as Bolt's own receiver takes, in bytes. */
const maxBytes = 4 * 1024 * 1024
/** A request may be this old, in milliseconds (docs.slack.dev, "Verifying requests from Slack"). */
const maxAgeMs = 5 * 60_000

const refused: RouteAnswer = { status: 401 }
const malformed: RouteAnswer = { status: 400 }
const nobody: RouteAnswer = { status: 404 }
/** Slack sends an event again that is answered so. */
const later: RouteAnswer = { status: 503 }
const failed: RouteAnswer = { status: 500 }

/** Slack's events as signed requests to our one port. */
export function createWebHook({ signingSecret, routes, clock, log }: WebHookOptions): Transport {
  let app: App | null = null
  let listening = false

  routes.mount({ method: 'POST', path: paths.events, maxBytes, handle })

  async function handle(request: RouteRequest): Promise<RouteAnswer> {
    const chunks: Uint8Array[] = []
    for await (const chunk of request.body) chunks.push(chunk)
    const raw = Buffer.concat(chunks)
    if (!isSigned(request.headers, raw, signingSecret, clock.now())) {
      log.warn({}, 'a request that Slack did not sign was refused')
      return refused
    }
    const body = readBody(request.headers['content-type'] ?? '', raw.toString('utf8'))
    if (body === null) return malformed
    if (body.ssl_check === '1') return { status: 200 }
    if (body.type === 'url_verification') return json({ challenge: body.challenge })
    if (!listening || app === null) return later
    return process(app, body, request.headers)
  }

  const receiver: Receiver = {
    init: (own) => {
      app = own
    },
    start: async () => undefined,
    stop: async () => undefined,
  }

  return {
    receivers: [receiver],
    connected: () => (listening ? 1 : 0),
    run: async (signal) => {
      if (signal.aborted) return
      const ended = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => ended.resolve(), { once: true })
      listening = true
      log.info({ path: paths.events }, 'listening for requests of Slack')
      await ended.promise
      listening = false
    },
  }
}

/** Answers with the ack of the event, at once when it comes; what goes on afterwards is nobody's request any more. */
async function process(app: App, body: Body, headers: RouteRequest['headers']): Promise<RouteAnswer> {
  const answer = Promise.withResolvers<RouteAnswer>()
  const ack: ReceiverEvent['ack'] = async (words?: unknown) => answer.resolve(ackAnswer(words))
  const retry = Number.parseInt(headers['x-slack-retry-num'] ?? '', 10)
  const reason = headers['x-slack-retry-reason']
  const event: ReceiverEvent = {
    body,
    ack,
    ...(Number.isNaN(retry) ? {} : { retryNum: retry }),
    ...(reason === undefined ? {} : { retryReason: reason }),
  }
  // The app's error handler has said what went wrong; an event that failed comes again.
  app.processEvent(event).then(
    () => answer.resolve(nobody),
    () => answer.resolve(failed),
  )
  return answer.promise
}

function ackAnswer(words: unknown): RouteAnswer {
  if (words === undefined || words === '') return { status: 200 }
  return json(typeof words === 'string' ? { text: words } : words)
}

function json(body: unknown): RouteAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  }
}

/** Whether Slack signed these bytes, lately. */
function isSigned(headers: RouteRequest['headers'], raw: Buffer, secret: string, nowMs: number): boolean {
  const stamp = headers['x-slack-request-timestamp'] ?? ''
  const given = Buffer.from(headers['x-slack-signature'] ?? '')
  if (!/^\d{1,12}$/.test(stamp) || Math.abs(nowMs - Number(stamp) * 1000) > maxAgeMs) return false
  const wanted = Buffer.from(`v0=${createHmac('sha256', secret).update(`v0:${stamp}:`).update(raw).digest('hex')}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

const bodySchema = z.record(z.string(), z.unknown())
type Body = z.output<typeof bodySchema>

/** A body in each of Slack's forms: JSON, a form, or a form with JSON in it; null for anything else. */
function readBody(type: string, text: string): Body | null {
  if (!type.startsWith('application/x-www-form-urlencoded')) return readJson(text)
  const form = Object.fromEntries(new URLSearchParams(text))
  return form.payload === undefined ? form : readJson(form.payload)
}

function readJson(text: string): Body | null {
  try {
    return bodySchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}
