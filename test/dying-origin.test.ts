import sharp from 'sharp'
import { expect, test, vi } from 'vitest'
import { imagine, pictured, quick, seen, programWorld as startDiscordWorld } from './discord/program-world.ts'
import { startProgram } from './program.ts'
import { pictureIn, programWorld as startSlackWorld } from './slack/program-world.ts'

/** Once the connection breaks off half way, and once the body is shorter than announced. */
const dying = '[sim:result=reset*1] [sim:result=short*1]'

test('an origin that dies on the way fails that delivery alone: tried again, and never shown in part', async () => {
  await using chats = new AsyncDisposableStack()
  const discord = chats.use(await startDiscordWorld())
  const { slack, env } = chats.use(await startSlackWorld())
  const program = await startProgram({ env: { ...discord.env, ...env } })
  chats.defer(async () => void (await program.end()))
  await discord.standIn.ready()
  await vi.waitFor(() => expect(slack.links.count()).toBe(2), { timeout: 20_000 })

  const general = slack.channel('public', ['U0ANN'])
  const [broken, whole] = [
    imagine(discord.standIn, `a fox ${quick} ${dying}`),
    imagine(discord.standIn, `an owl ${quick}`),
  ]
  await slack.command({ user: 'U0ANN', channel: general, text: `a hen ${quick} ${dying}` })
  const shown = await Promise.all([broken, whole].map((command) => seen(discord.standIn, command, pictured)))
  const { images } = await pictureIn({ slack }, general)
  for (const pictures of [...shown.map((screen) => screen.pictures), images]) {
    expect(pictures).toHaveLength(1)
    for (const { bytes } of pictures) await sharp(bytes, { failOn: 'truncated' }).raw().toBuffer()
  }
  expect(program.output().match(/"failure":"upstream_unavailable".*result not shown yet/g)).toHaveLength(4)
  expect(program.process.exitCode).toBeNull()
})
