import { WebClient } from '@slack/web-api'
import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { Log } from '../core/ports.ts'
import { boltLog } from './bolt-log.ts'
import type { Connections } from './connections.ts'
import { toAppError } from './errors.ts'
import { requestTimeoutMs } from './web-api.ts'

/** What Slack gives for a consent, or for a refresh token. */
export interface Grant {
  readonly token: string
  /** Both null where tokens do not expire. */
  readonly refreshToken: string | null
  readonly expiresInMs: number | null
  readonly team: { readonly id: string; readonly name: string } | null
  readonly enterprise: { readonly id: string; readonly name: string } | null
  /** Whether it is for all workspaces of the organisation. */
  readonly orgWide: boolean
}

/** The app's own requests, by its client id and secret. Each throws AppErrors only. */
export interface Oauth {
  /** For the code that Slack's page of consent gave. */
  exchange(code: string, redirectUri: string): Promise<Grant>
  refresh(refreshToken: string): Promise<Grant>
  /** Who a new token belongs to. */
  identify(token: string): Promise<{ readonly botUserId: string; readonly botId: string; readonly name: string }>
}

export interface OauthOptions {
  readonly clientId: string
  readonly clientSecret: string
  readonly apiUrl: string
  readonly connections: Connections
  readonly log: Log
}

const place = z.object({ id: z.string(), name: z.string().nullish() }).nullish()
const grantSchema = z.object({
  access_token: z.string().startsWith('xox'),
  refresh_token: z.string().optional(),
  expires_in: z.number().optional(),
  team: place,
  enterprise: place,
  is_enterprise_install: z.boolean().default(false),
})
const identitySchema = z.object({ user_id: z.string(), bot_id: z.string(), user: z.string() })

export function createOauth({ clientId, clientSecret, apiUrl, connections, log }: OauthOptions): Oauth {
  const speaking = (token?: string) =>
    new WebClient(token, {
      slackApiUrl: apiUrl,
      timeout: requestTimeoutMs,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      allowAbsoluteUrls: false,
      logger: boltLog(log),
      fetch: connections.post,
    })
  const client = speaking()
  const own = { client_id: clientId, client_secret: clientSecret }

  async function asked<T>(schema: z.ZodType<T>, request: Promise<unknown>): Promise<T> {
    const answer = await request.catch((error: unknown) => {
      throw toAppError(error)
    })
    const parsed = schema.safeParse(answer)
    // The answer itself holds tokens: nothing of it may stand in an error.
    if (!parsed.success) throw new AppError('internal', { detail: 'Slack: a grant that makes no sense' })
    return parsed.data
  }

  async function grant(request: Promise<unknown>): Promise<Grant> {
    const {
      access_token: token,
      refresh_token,
      expires_in,
      team,
      enterprise,
      ...rest
    } = await asked(grantSchema, request)
    return {
      token,
      refreshToken: refresh_token ?? null,
      expiresInMs: expires_in === undefined ? null : expires_in * 1000,
      team: team == null ? null : { id: team.id, name: team.name ?? team.id },
      enterprise: enterprise == null ? null : { id: enterprise.id, name: enterprise.name ?? enterprise.id },
      orgWide: rest.is_enterprise_install,
    }
  }

  return {
    exchange: (code, redirectUri) => grant(client.oauth.v2.access({ ...own, code, redirect_uri: redirectUri })),
    refresh: (refreshToken) =>
      grant(client.oauth.v2.access({ ...own, grant_type: 'refresh_token', refresh_token: refreshToken })),
    identify: async (token) => {
      const { user_id: botUserId, bot_id: botId, user: name } = await asked(identitySchema, speaking(token).auth.test())
      return { botUserId, botId, name }
    },
  }
}
