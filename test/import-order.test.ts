import { expect, test, vi } from 'vitest'
import { imagine, pictured, quick, seen, programWorld as startDiscordWorld } from './discord/program-world.ts'
import { startProgram } from './program.ts'
import { pictureIn, programWorld as startSlackWorld } from './slack/program-world.ts'

// Both SDKs bring a copy of undici, whose connections for `fetch` are those of the copy that came first: with peers'
// uploads, the wrong order fails every file.
const orders = [
  ['discord.js', '@slack/bolt'],
  ['@slack/bolt', 'discord.js'],
  ['./test/fixtures/no-global-connections.mjs'],
] as const

test.concurrent.each(orders)(
  'files arrive in both chats, in and out, whatever is loaded first: %s',
  async (...first) => {
    await using chats = new AsyncDisposableStack()
    const discord = chats.use(await startDiscordWorld())
    const { slack, env } = chats.use(await startSlackWorld())
    const preload = { NODE_OPTIONS: first.map((name) => `--import=${name}`).join(' ') }
    const program = await startProgram({ env: { ...discord.env, ...env, ...preload } })
    chats.defer(async () => void (await program.end()))
    await discord.standIn.ready()
    await vi.waitFor(() => expect(slack.links.count()).toBe(2), { timeout: 20_000 })

    const made = imagine(discord.standIn, `a fox ${quick}`)
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: `a fox ${quick}` })
    const [picture] = (await seen(discord.standIn, made, pictured)).pictures
    const [image] = (await pictureIn({ slack }, general)).images
    if (picture === undefined || image === undefined) throw new Error('no picture')
    for (const { bytes } of [picture, image]) expect(bytes.subarray(1, 4).toString()).toBe('PNG')

    const edited = imagine(discord.standIn, `at night ${quick}`, { image: { name: 'fox.png', bytes: picture.bytes } })
    const file = slack.attach({ name: 'fox.png', bytes: image.bytes })
    await slack.mention(general, { user: 'U0ANN', text: `at night ${quick}`, files: [file] })
    expect((await seen(discord.standIn, edited, pictured)).pictures).toHaveLength(1)
    expect((await pictureIn({ slack }, general, { at: 1 })).images).toHaveLength(1)
    expect(slack.violations).toEqual([])
  },
)
