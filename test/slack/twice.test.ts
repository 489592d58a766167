import { describe, expect, it } from 'vitest'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'
import type { Seen } from './stand-in.ts'

/** A result in a channel. */
async function result(h: Harness, channel: string): Promise<Seen> {
  await h.slack.command({ user: 'U0ANN', channel, text: 'a fox' })
  const { id } = h.studio.last()
  await h.within(h.studio.progress(id))
  await h.within(h.studio.deliver(id, [source(await draw('png'), 'image/png')]))
  const message = h.slack.messages(channel).at(-1)
  if (message === undefined) throw new Error('no result')
  return message
}

const press = (action: string, value?: string) => async (h: Harness, channel: string) =>
  h.slack.press('U0ANN', await result(h, channel), action, value)

const kinds: readonly (readonly [string, (h: Harness, channel: string) => Promise<unknown>])[] = [
  ['a request by a command', (h, channel) => h.slack.command({ user: 'U0ANN', channel, text: 'a fox' })],
  ['a command alone', (h, channel) => h.slack.command({ user: 'U0ANN', channel, text: '' })],
  ['/imagine history', (h, channel) => h.slack.command({ user: 'U0ANN', channel, text: 'history' })],
  ['a mention', (h, channel) => h.slack.mention(channel, { user: 'U0ANN', text: 'a fox' })],
  ['a mention for help', (h, channel) => h.slack.mention(channel, { user: 'U0ANN', text: 'help' })],
  ['a mention that is refused', (h, channel) => h.slack.mention(channel, { user: 'U0ANN', text: 'a' })],
  ['a direct message', (h) => h.slack.write({ user: 'U0ANN', text: 'a fox' })],
  ['a direct message for usage', (h) => h.slack.write({ user: 'U0ANN', text: 'usage' })],
  ['Create image', (h) => h.slack.shortcut('U0ANN', 'create_image')],
  ['Edit image', async (h, channel) => h.slack.shortcut('U0ANN', 'edit_image', await result(h, channel))],
  ['a shortcut of another version', (h) => h.slack.shortcut('U0ANN', 'paint_image')],
  ...['again', 'edit', 'details', 'erase'].map((action) => [`the button ${action}`, press(action)] as const),
  ['the button share_channel', press('share_channel', 'a1:job1:C1:')],
  ['an old button', press('paint', 'a0:job1')],
  ['a visit of Home', (h) => h.slack.openHome('U0ANN')],
]

/** Everything that was said and shown, and every request to the Web API but looks. */
function traces({ slack, studio }: Harness, channel: string): object {
  const dm = slack.dm('U0ANN')
  return {
    jobs: studio.jobs().length,
    messages: slack.messages(channel).length,
    whispers: slack.whispers(channel, 'U0ANN').length,
    direct: slack.messages(dm).length,
    forms: slack.forms('U0ANN').length,
    requests: slack.calls.filter(({ method }) => method !== 'files.info').length,
  }
}

describe.each(['sockets', 'http'] as const)('what comes twice by %s', (transport) => {
  it.each(kinds)('(%s) is answered once', async (_name, happens) => {
    await using h = await startHarness({ transport })
    const channel = h.slack.channel('public', ['U0ANN'])
    await happens(h, channel)
    await h.within(settled(h))
    const once = traces(h, channel)
    expect(await h.slack.redeliver()).toMatchObject({ acked: true, payload: {} })
    await h.within(settled(h))
    expect(traces(h, channel)).toEqual(once)
  })
})

describe('what comes twice', () => {
  it('and failed the first time is answered the second time', async () => {
    await using h = await startHarness({ ackMs: 300 })
    const channel = h.slack.channel('public', ['U0ANN'])
    h.studio.breakDown(1)
    expect(await h.slack.command({ user: 'U0ANN', channel, text: 'a fox' })).toMatchObject({ acked: false })
    expect(await h.slack.redeliver()).toMatchObject({ acked: true })
    expect(h.studio.jobs()).toHaveLength(1)
  })

  it('is acked silently also where another process, or another day, has answered it', async () => {
    await using h = await startHarness()
    const channel = h.slack.channel('public', ['U0ANN'])
    for (const happens of [
      () => h.slack.command({ user: 'U0ANN', channel, text: 'a fox' }),
      () => h.slack.mention(channel, { user: 'U0ANN', text: 'a hen' }),
    ]) {
      await happens()
      const asked = h.studio.asks.length
      // What was remembered here is forgotten; the store still knows.
      await h.clock.advance(61 * 60_000)
      expect(await h.slack.redeliver()).toMatchObject({ acked: true, payload: {} })
      expect(h.studio.asks).toHaveLength(asked + 1)
    }
    expect(h.studio.jobs()).toHaveLength(2)
    expect(h.slack.whispers(channel, 'U0ANN')).toEqual([])
  })

  it('is not acked while the first is not, and is acked with it', async () => {
    await using h = await startHarness({ ackMs: 1_000 })
    const channel = h.slack.channel('public', ['U0ANN'])
    const root = h.slack.mumble(channel, { user: 'U0BOB', text: 'words' })
    // The thread is read first, which fails in the end.
    h.slack.fail('conversations.replies', { cut: true })
    const said = await h.slack.mention(channel, { user: 'U0ANN', text: 'a fox', thread: root, twice: true })
    expect(said).toMatchObject({ acked: true })
    await h.within(settled(h))
    expect(h.slack.whispers(channel, 'U0ANN')).toHaveLength(1)
  })
})

/** Nothing goes on for a while. */
async function settled(h: Harness): Promise<void> {
  for (let seen = -1; seen !== h.slack.calls.length; ) {
    seen = h.slack.calls.length
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
}
