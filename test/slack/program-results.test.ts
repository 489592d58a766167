import { describe, expect, test, vi } from 'vitest'
import { patience, pictureIn, programWorld, soon } from './program-world.ts'
import type { SlackStandIn } from './stand-in.ts'

const callsOf = (slack: SlackStandIn, method: string) => slack.calls.filter((call) => call.method === method).length

// Each has a program of its own, which mostly waits.
describe.concurrent('the whole program', { timeout: 120_000 }, () => {
  test('a program killed between the upload and the message shows those very files after its restart', async () => {
    await using world = await programWorld()
    const { slack, start } = world
    const program = await start()
    const general = slack.channel('public', ['U0ANN'])
    // Slack is slow to process the files: there is time to die.
    slack.neverReady()
    await slack.command({ user: 'U0ANN', channel: general, text: `a fox ${soon} --count 2` })
    await vi.waitFor(() => expect(callsOf(slack, 'files.completeUploadExternal')).toBe(1), patience)
    await program.end('SIGKILL')
    slack.process()
    expect(slack.messages(general)[0]?.images).toEqual([])

    await start()
    const message = await pictureIn(world, general)
    expect(slack.messages(general)).toHaveLength(1)
    expect(message.images.map(({ id }) => id).toSorted()).toEqual(
      slack
        .uploads()
        .map(({ id }) => id)
        .toSorted(),
    )
    expect(slack.uploads()).toHaveLength(2)

    // A result that Slack does not take for a while is uploaded once, too.
    slack.process()
    const other = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: other, text: `a hen ${soon}` })
    await vi.waitFor(() => expect(callsOf(slack, 'files.completeUploadExternal')).toBe(2), patience)
    slack.fail('chat.update', ...Array.from({ length: 4 }, () => ({ status: 500 })))
    await pictureIn(world, other)
    expect(slack.uploads()).toHaveLength(3)
    expect(slack.messages(other)).toHaveLength(1)
    expect(slack.violations).toEqual([])
  })

  test('a private picture is shared to its thread and to a channel, repeated, told about and deleted', async () => {
    await using world = await programWorld()
    const { slack, start } = world
    await start()
    const general = slack.channel('public', ['U0ANN'])
    const thread = slack.mumble(general, { user: 'U0BOB', text: 'who draws me a fox?' })
    await slack.mention(general, { user: 'U0ANN', text: `a fox ${soon} --private`, thread })
    const dm = slack.dm('U0ANN')
    const hidden = await pictureIn(world, dm)
    expect(slack.messages(general)).toEqual([])

    await Promise.all([slack.press('U0ANN', hidden, 'share_thread'), slack.press('U0ANN', hidden, 'share_thread')])
    const shared = await pictureIn(world, general)
    expect(shared.thread).toBe(thread)
    expect(shared.images[0]?.bytes.equals(hidden.images[0]?.bytes ?? Buffer.alloc(0))).toBe(true)

    // Into a channel that the bot is not in.
    const outside = slack.channel('private', ['U0ANN'], false)
    await slack.press('U0ANN', hidden, 'share_channel')
    const form = await vi.waitFor(() => {
      const [open] = slack.forms('U0ANN')
      if (open === undefined) throw new Error('no form')
      return open
    }, patience)
    expect(await slack.submit(form, { where: outside })).toMatchObject({ acked: true, errors: {} })
    await pictureIn(world, outside)

    // The shared one has a life of its own.
    await slack.press('U0BOB', shared, 'again')
    const repeated = await pictureIn(world, general, { at: 1 })
    expect(repeated.thread).toBe(thread)
    await slack.press('U0BOB', repeated, 'details')
    await vi.waitFor(() => expect(slack.forms('U0BOB')).toHaveLength(1), patience)
    // What it was made from is private, and somebody else’s.
    expect(slack.forms('U0BOB')[0]?.lines.join()).not.toContain('Made from')

    await slack.press('U0ANN', hidden, 'erase')
    await vi.waitFor(() => expect(slack.messages(dm).filter(({ images }) => images.length > 0)).toEqual([]), patience)
    expect(slack.messages(general).filter(({ images }) => images.length > 0)).toHaveLength(2)
    expect(slack.messages(general)).toHaveLength(2)
    expect(slack.violations).toEqual([])
    expect(slack.pings).toEqual([])
  })
})
