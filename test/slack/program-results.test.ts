import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { startProgram } from '../program.ts'
import { type Seen, type SlackStandIn, startSlack } from './stand-in.ts'

const patience = { timeout: 40_000, interval: 20 }
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function world() {
  const slack = await startSlack()
  closing.push(() => slack.close())
  const dataDir = await mkdtemp(join(tmpdir(), 'slack-results-'))
  closing.push(() => rm(dataDir, { recursive: true, force: true }))
  const env = {
    ...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.apiUrl },
    IMAGE_API_URL: 'simulator',
  }
  const start = async () => {
    const program = await startProgram({ env, dataDir })
    closing.push(() => program.end())
    await vi.waitFor(() => expect(slack.links.count()).toBe(2), patience)
    return program
  }
  return { slack, start }
}

const callsOf = (slack: SlackStandIn, method: string) => slack.calls.filter((call) => call.method === method).length

async function pictureIn(slack: SlackStandIn, channel: string, at = 0): Promise<Seen> {
  return vi.waitFor(() => {
    const message = slack.messages(channel).filter(({ images }) => images.length > 0)[at]
    if (message === undefined) throw new Error('no picture')
    return message
  }, patience)
}

test('a program killed between the upload and the message shows those very files after its restart', {
  timeout: 120_000,
}, async () => {
  const { slack, start } = await world()
  const program = await start()
  const general = slack.channel('public', ['U0ANN'])
  // Slack is slow to process the files: there is time to die.
  slack.neverReady()
  await slack.command({ user: 'U0ANN', channel: general, text: 'a fox [sim:slow=1] --count 2' })
  await vi.waitFor(() => expect(callsOf(slack, 'files.completeUploadExternal')).toBe(1), patience)
  await program.end('SIGKILL')
  slack.process()
  expect(slack.messages(general)[0]?.images).toEqual([])

  await start()
  const message = await pictureIn(slack, general)
  expect(slack.messages(general)).toHaveLength(1)
  expect(message.images.map(({ id }) => id).toSorted()).toEqual(
    slack
      .uploads()
      .map(({ id }) => id)
      .toSorted(),
  )
  expect(slack.uploads()).toHaveLength(2)
  expect(slack.violations).toEqual([])
})

test('a result that Slack does not take for a while is uploaded once', { timeout: 120_000 }, async () => {
  const { slack, start } = await world()
  await start()
  const general = slack.channel('public', ['U0ANN'])
  await slack.command({ user: 'U0ANN', channel: general, text: 'a fox [sim:slow=1]' })
  await vi.waitFor(() => expect(callsOf(slack, 'files.completeUploadExternal')).toBe(1), patience)
  slack.fail('chat.update', { status: 500 }, { status: 500 }, { status: 500 }, { status: 500 })
  await pictureIn(slack, general)
  expect(slack.uploads()).toHaveLength(1)
  expect(slack.messages(general)).toHaveLength(1)
})

test('a private picture is shared to its thread and to a channel, repeated, told about and deleted', {
  timeout: 120_000,
}, async () => {
  const { slack, start } = await world()
  await start()
  const general = slack.channel('public', ['U0ANN'])
  const thread = slack.mumble(general, { user: 'U0BOB', text: 'who draws me a fox?' })
  await slack.mention(general, { user: 'U0ANN', text: 'a fox [sim:slow=1] --private', thread })
  const dm = slack.dm('U0ANN')
  const hidden = await pictureIn(slack, dm)
  expect(slack.messages(general)).toEqual([])

  await Promise.all([slack.press('U0ANN', hidden, 'share_thread'), slack.press('U0ANN', hidden, 'share_thread')])
  const shared = await pictureIn(slack, general)
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
  await pictureIn(slack, outside)

  // The shared one has a life of its own.
  await slack.press('U0BOB', shared, 'again')
  const repeated = await pictureIn(slack, general, 1)
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
