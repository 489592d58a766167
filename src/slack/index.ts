import { App, LogLevel } from '@slack/bolt'
import { AppError } from '../core/failure.ts'
import type { Adapter, AdapterTools, Random } from '../core/ports.ts'
import { boltLog } from './bolt-log.ts'
import { definitions } from './commands.ts'
import { createFiles } from './files.ts'
import type { Identity } from './identity.ts'
import { createIntake } from './intake.ts'
import { slackLimits } from './limits.ts'
import { createListeners } from './listeners.ts'
import { createPoster } from './poster.ts'
import { createResponseUrls } from './response-url.ts'
import { createSockets } from './sockets.ts'
import { createSurface } from './surface.ts'
import { createUploads } from './upload.ts'
import { createSlackApi } from './web-api.ts'

export interface SlackOptions {
  readonly botToken: string
  readonly appToken: string
  /** Base of the Web API. */
  readonly apiUrl: string
  /** Socket Mode connections, 1 to 10. */
  readonly sockets: number
}

/** Slack for one workspace, by Socket Mode. */
export function createSlack(options: SlackOptions, tools: AdapterTools, random: Random = Math.random): Adapter {
  const { botToken, appToken, apiUrl } = options
  const { clock, meter, newId, step } = tools
  const log = tools.log.child({ surface: 'slack' })
  const answering = new AbortController()
  let identity: Identity | null = null
  let signedOut = false

  const api = createSlackApi({
    ...{ botToken, apiUrl, clock, random, log, meter },
    signedOut: ({ detail }) => {
      if (!signedOut) log.error({ detail }, 'Slack does not accept the bot token any more: install the app again')
      signedOut = true
    },
  })
  const responses = createResponseUrls(clock)
  const poster = createPoster({ api, responses, log })
  const files = createFiles({ api, botToken, apiUrl, clock, log })
  const uploads = createUploads({ api, clock })
  const surface = createSurface({
    ...{ poster, responses, files, uploads, clock, newId, step },
    botName: () => identity?.name ?? definitions.botName,
  })

  const count = Math.min(slackLimits.sockets, Math.max(1, options.sockets))
  const sockets = createSockets({ appToken, apiUrl, count, clock, random, log })
  const app = new App({
    receiver: {
      init: (own) => {
        for (const receiver of sockets.receivers) receiver.init(own)
      },
      start: async () => undefined,
      stop: async () => undefined,
    },
    // Given a token, Bolt asks who it is with a promise that nobody awaits.
    authorize: async () => ({
      botToken,
      ...(identity === null ? {} : { botId: identity.botId, botUserId: identity.botUserId }),
    }),
    deferInitialization: true,
    convoStore: false,
    attachFunctionToken: false,
    logger: boltLog(log),
    logLevel: LogLevel.INFO,
    clientOptions: { slackApiUrl: apiUrl, retryConfig: { retries: 0 } },
  })
  const reply = { poster, responses, call: { signal: answering.signal, gate: () => undefined } }
  const listeners = createListeners({ app, api, reply, tools: { ...tools, log } })
  const intake = createIntake({
    ...{ app, api, sockets, listeners, random },
    tools: { ...tools, log },
    identified: (known) => {
      identity = known
    },
    endAnswers: () => answering.abort(new AppError('internal', { detail: 'stopping' })),
    signedOut: () => signedOut,
  })
  return { surface, intake }
}
