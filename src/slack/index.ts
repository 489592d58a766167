import { App, LogLevel } from '@slack/bolt'
import { AppError } from '../core/failure.ts'
import type { Adapter, AdapterTools, Log } from '../core/ports.ts'
import { type Access, oneWorkspace } from './access.ts'
import { boltLog } from './bolt-log.ts'
import { definitions } from './commands.ts'
import { type Connections, createConnections } from './connections.ts'
import { createFiles } from './files.ts'
import { mountInstallPages } from './install.ts'
import { createInstallations } from './installations.ts'
import { createIntake } from './intake.ts'
import { slackLimits } from './limits.ts'
import { createListeners } from './listeners.ts'
import { createOauth } from './oauth.ts'
import { createPoster } from './poster.ts'
import { createPublicPictures } from './public-pictures.ts'
import { createResponseUrls } from './response-url.ts'
import { createSockets } from './sockets.ts'
import { createStatusLine } from './status-line.ts'
import { createSurface } from './surface.ts'
import type { Transport } from './transport.ts'
import { createUploads } from './upload.ts'
import { createSlackApi } from './web-api.ts'
import { createWebHook } from './web-hook.ts'

export interface SlackOptions {
  /** Base of the Web API. */
  readonly apiUrl: string
  /** How events come: by 1 to 10 sockets that we open, or as signed requests to our port. */
  readonly transport:
    | { readonly kind: 'sockets'; readonly appToken: string; readonly sockets: number }
    | { readonly kind: 'http'; readonly signingSecret: string }
  /** One workspace by a token, or all that install the app. */
  readonly access: { readonly kind: 'token'; readonly botToken: string } | InstallOptions
}

interface InstallOptions {
  readonly kind: 'install'
  readonly clientId: string
  readonly clientSecret: string
  /** Signs what comes back from Slack's page of consent. */
  readonly stateSecret: string
  /** Encrypts the tokens in the store. */
  readonly secretsKey: string
  /** Where the outside reaches our port, without a trailing slash. */
  readonly publicUrl: string
}

/** Slack. */
export function createSlack(options: SlackOptions, given: AdapterTools): Adapter {
  const { apiUrl } = options
  const tools: AdapterTools = { ...given, log: given.log.child({ surface: 'slack' }) }
  const { clock, random, meter, newId, step, log } = tools
  const answering = new AbortController()

  const connections = createConnections()
  const access = createAccess(options, connections, tools)
  const api = createSlackApi({ tokens: access, apiUrl, connections, clock, random, log, meter })
  const responses = createResponseUrls(connections, clock)
  const poster = createPoster({ api, responses, log })
  const files = createFiles({ api, tokens: access, apiUrl, connections, clock, log })
  const uploads = createUploads({ api, connections, clock })
  const publicPictures = createPublicPictures({ shelf: tools.shelf, links: tools.links, clock })
  const status = createStatusLine({ api, clock, log })
  const surface = createSurface({
    ...{ poster, responses, files, uploads, publicPictures, status, clock, newId, step },
    botName: (workspace) => access.nameIn(workspace) ?? definitions.botName,
  })

  const transport = createTransport(options, connections, tools)
  const app = createApp(apiUrl, transport, access, log)
  const reply = { poster, responses, call: { signal: answering.signal, gate: () => undefined } }
  const listeners = createListeners({
    ...{ app, api, access, reply, tools },
    pressing: { api, poster, files, reply, clock, log },
  })
  const intake = createIntake({
    ...{ app, api, access, transport, listeners, tools },
    endAnswers: () => answering.abort(new AppError('internal', { detail: 'stopping' })),
  })
  return { surface, intake }
}

function createAccess({ access, apiUrl }: SlackOptions, connections: Connections, tools: AdapterTools): Access {
  if (access.kind === 'token') return oneWorkspace(access.botToken, tools.clock, tools.log)
  const oauth = createOauth({ ...access, apiUrl, connections, log: tools.log })
  const installations = createInstallations({ ...tools, oauth, secretsKey: access.secretsKey })
  mountInstallPages({ ...tools, ...access, apiUrl, oauth, installations })
  return installations
}

function createTransport(
  { transport, apiUrl }: SlackOptions,
  connections: Connections,
  tools: AdapterTools,
): Transport {
  const { clock, random, routes, log } = tools
  if (transport.kind === 'http') return createWebHook({ signingSecret: transport.signingSecret, routes, clock, log })
  const count = Math.min(slackLimits.sockets, Math.max(1, transport.sockets))
  return createSockets({ appToken: transport.appToken, apiUrl, count, connections, clock, random, log })
}

function createApp(apiUrl: string, transport: Transport, access: Access, log: Log): App {
  return new App({
    receiver: {
      init: (own) => {
        for (const receiver of transport.receivers) receiver.init(own)
      },
      start: async () => undefined,
      stop: async () => undefined,
    },
    // No token: Bolt would make clients with it, which wait and retry in their own ways. Ours are in web-api.ts.
    authorize: async ({ teamId, enterpriseId, isEnterpriseInstall }) => {
      const enterprise = isEnterpriseInstall ? (enterpriseId ?? null) : null
      const identity = await access.identityOf({ team: teamId ?? enterpriseId ?? '', enterprise })
      return identity === null ? {} : { botId: identity.botId, botUserId: identity.botUserId }
    },
    deferInitialization: true,
    convoStore: false,
    attachFunctionToken: false,
    logger: boltLog(log),
    logLevel: LogLevel.INFO,
    clientOptions: { slackApiUrl: apiUrl, retryConfig: { retries: 0 } },
  })
}
