import type { Adapter, AdapterTools } from '../core/ports.ts'
import { createIntake } from './intake.ts'
import { createPictures } from './pictures.ts'
import { createPlatform } from './platform.ts'
import { createPlatformTime } from './platform-time.ts'
import { createRest } from './rest.ts'
import { createSurface } from './surface.ts'
import { createFreshTokens } from './tokens.ts'

export interface DiscordOptions {
  readonly token: string
  /** Base of the REST API, without a version: `https://discord.com/api`. */
  readonly apiUrl: string
  /** Whether the app may be installed by users, for places where the bot is not. */
  readonly userInstall: boolean
}

/** The Discord adapter. Nothing is sent before `intake.start` or `surface.show`. */
export function createDiscord({ token, apiUrl, userInstall }: DiscordOptions, adapterTools: AdapterTools): Adapter {
  const tools = { ...adapterTools, log: adapterTools.log.child({ surface: 'discord' }) }
  const time = createPlatformTime(tools.clock)
  const rest = createRest({ token, apiUrl, time, tools })
  const platform = createPlatform(rest)
  const pacing = { clock: tools.clock, limitedAt: rest.limitedAt }
  const tokens = createFreshTokens(tools.drafts)
  const pictures = createPictures({ platform, time, apiUrl })
  const surface = createSurface({ platform, time, pacing, pictures, tokens, tools })
  return { surface, intake: createIntake({ token, apiUrl, userInstall, platform, time, surface, tokens, tools }) }
}
