import { GatewayCloseCodes } from 'discord.js'
import { AppError } from '../core/failure.ts'
import { signedOut } from './rest.ts'

const words: Readonly<Partial<Record<number, string>>> = {
  [GatewayCloseCodes.InvalidShard]: 'Discord does not accept how this process divides its servers (4010).',
  [GatewayCloseCodes.ShardingRequired]: 'Discord wants this bot’s servers divided among more connections (4011).',
  [GatewayCloseCodes.InvalidAPIVersion]:
    'Discord no longer speaks this program’s gateway version (4012): update the program.',
  [GatewayCloseCodes.InvalidIntents]:
    'Discord does not know the intents that this program asks for (4013): update the program.',
  [GatewayCloseCodes.DisallowedIntents]:
    'Discord does not allow this bot an intent that it asks for (4014): switch it on in the developer portal (Bot, Privileged Gateway Intents).',
}

/** What a gateway close means that discord.js does not reconnect after; words for the operator. */
export function closeFailure(code: number): AppError {
  if (code === GatewayCloseCodes.AuthenticationFailed) return signedOut()
  return new AppError('configuration', { detail: words[code] ?? `Discord closed the gateway for good (${code}).` })
}
