import { z } from 'zod'
import { AppError, failureOf } from '../core/failure.ts'
import { faultOf } from './errors.ts'
import { onlyWorkspace } from './tokens.ts'
import { reading, type SlackApi } from './web-api.ts'

/** Who the bot is in its workspace. */
export interface Identity {
  readonly botUserId: string
  readonly botId: string
  /** As people mention and invite it, without the @. */
  readonly name: string
}

const authSchema = z.object({ user_id: z.string(), bot_id: z.string(), user: z.string().default('imagine') })

/** Asks Slack whom the token belongs to. Throws `token_rejected`, in words for the operator, when it is not a bot's. */
export async function whoAmI(api: SlackApi, signal: AbortSignal): Promise<Identity> {
  const answer = await api
    .ask(onlyWorkspace, reading(signal), 'never', (client) => client.auth.test())
    .catch((error: unknown) => {
      throw isSignedOut(error) ? rejected('SLACK_BOT_TOKEN', error) : error
    })
  const parsed = authSchema.safeParse(answer)
  if (!parsed.success) throw rejected('SLACK_BOT_TOKEN', new AppError('internal', { detail: 'it is not a bot token' }))
  return { botUserId: parsed.data.user_id, botId: parsed.data.bot_id, name: parsed.data.user }
}

/** Whether no waiting will make Slack accept the token. */
export function isSignedOut(error: unknown): boolean {
  const fault = faultOf(error)
  return fault === 'signed_out' || fault === 'scope'
}

/** A refused token, named by its variable. */
export function rejected(variable: string, cause: unknown): AppError {
  const { detail } = failureOf(cause)
  return new AppError('token_rejected', {
    detail: `${variable} is not accepted by Slack (${detail ?? 'no reason given'})`,
    cause,
  })
}
