import type { Config } from './config.ts'
import type { Log } from './core/ports.ts'

/** Says what runs and where: to the log, and to the person who started it. */
export function announce(config: Config, origin: string, log: Log): void {
  const { imageApi, allowance } = config
  const simulated = imageApi.upstream === 'simulator'
  const caps =
    allowance.creditsPerDay === 0 ? 'no limit of credits a day' : `at most ${allowance.creditsPerDay} credits a day`
  log.info(
    {
      origin,
      discord: config.discord !== null,
      slack: config.slack !== null,
      playground: config.playground,
      simulator: simulated,
      creditsPerDay: allowance.creditsPerDay,
      creditsPerPersonPerDay: allowance.creditsPerPersonPerDay,
    },
    'ready',
  )
  const upstream = simulated
    ? 'the embedded simulator (pictures are drawn here and cost nothing)'
    : `the image API with your key, ${caps}`
  if (config.playground)
    process.stderr.write(
      `\nNo chat is configured, so this is the playground:\n\n  ${origin}/\n\nBehind it: ${upstream}.\nSetting up Discord or Slack: see README.md. Stop with Ctrl+C.\n\n`,
    )
  else process.stderr.write(`imagine-bot is running with ${upstream}.\n`)
}
