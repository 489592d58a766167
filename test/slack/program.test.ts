import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { messagesFor } from '../../src/core/messages.ts'
import { runProgram, startProgram } from '../program.ts'
import { draw } from './pictures.ts'
import { patience, pictureIn, programWorld, soon } from './program-world.ts'

const en = messagesFor('en')

/** The bytes that the image API serves for a prompt. */
async function served(dataDir: string, prompt: string): Promise<Buffer> {
  const dir = join(dataDir, 'simulator')
  for (const name of await readdir(join(dir, 'tasks'))) {
    const task = JSON.parse(await readFile(join(dir, 'tasks', name), 'utf8')) as {
      id: string
      order: { prompt: string }
    }
    if (task.order.prompt !== prompt) continue
    const base = `http://127.0.0.1:${await readFile(join(dir, 'port'), 'utf8')}/api/v1`
    const look = await fetch(`${base}/tasks/${task.id}`, { headers: { authorization: 'Bearer aio_simulator' } })
    const [url] = /http:[^"]+\/results\/[^"]+/.exec(await look.text()) ?? []
    if (url === undefined) throw new Error('no result')
    return Buffer.from(await (await fetch(url)).arrayBuffer())
  }
  throw new Error(`never asked for: ${prompt}`)
}

// Each has a program of its own, which mostly waits.
describe.concurrent('the whole program', { timeout: 120_000 }, () => {
  test('a picture from words, edits of a picture and of a result, a cancel, a refusal', async () => {
    await using world = await programWorld()
    const { slack, dataDir, start } = world
    const program = await start()
    const general = slack.channel('public', ['U0ANN'])
    const [fox, cat, bear] = [
      'a fox in the snow [sim:slow=6]',
      `make the cat blue ${soon}`,
      'a bear that nobody will see',
    ]

    // From words, in one message that moves from queued to running to the picture.
    const states = new Set<string>()
    const watch = setInterval(() => {
      for (const { lines } of slack.messages(general)) states.add(lines[1]?.split(/[,… ]/)[0] ?? '')
    }, 10)
    expect(await slack.command({ user: 'U0ANN', channel: general, text: `${fox} --ar 3:2` })).toMatchObject({
      acked: true,
    })

    // An attached picture, edited, while a socket is refreshed.
    const attached = slack.attach({ name: 'cat.png', bytes: await draw('png', 400) })
    await slack.mention(general, { user: 'U0BOB', text: cat, files: [attached] })
    slack.links.refresh('refresh_requested')

    // A cancel.
    await slack.command({ user: 'U0ANN', channel: general, text: bear })
    const waiting = await vi.waitFor(() => {
      const message = slack.messages(general).find(({ lines }) => lines[0] === bear)
      if (message === undefined) throw new Error('no placeholder')
      return message
    }, patience)
    expect(await slack.press('U0ANN', waiting, 'cancel')).toMatchObject({ acked: true })
    await vi.waitFor(() => {
      const after = slack.messages(general).find(({ ts }) => ts === waiting.ts)
      expect(after?.lines[1]).toMatch(/^Cancelled\./)
      expect(after?.buttons).toEqual([])
    }, patience)

    // Refusals: by the service in the message, by us in the ack.
    await slack.command({ user: 'U0ANN', channel: general, text: 'refuse me, please' })
    await vi.waitFor(() => {
      const refused = slack.messages(general).find(({ lines }) => lines[0] === 'refuse me, please')
      expect(refused?.lines[1]).toBe(en.failed({ code: 'content_rejected' }))
    }, patience)
    const { answer } = await slack.command({ user: 'U0ANN', channel: general, text: 'no' })
    expect(answer).toMatchObject({ onlyFor: 'U0ANN', lines: ['Say a little more: at least 3 characters.'] })

    const first = await pictureIn(world, general, { prompt: fox })
    clearInterval(watch)
    expect([...states]).toEqual(expect.arrayContaining(['In', 'Drawing']))
    expect(first.images[0]?.bytes.equals(await served(dataDir, fox))).toBe(true)
    expect(first.lines[1]).toMatch(/^Made in \d+ s · 3:2 landscape · medium quality · 10 credits$/)
    const edited = await pictureIn(world, general, { prompt: cat })
    expect(edited.images[0]?.bytes.equals(await served(dataDir, cat))).toBe(true)
    expect(edited.images[0]?.alt).toBe(`Edited picture: ${cat}`)

    // A reply to the result edits that.
    const night = `now at night ${soon}`
    await slack.mention(general, { user: 'U0BOB', text: night, thread: first.ts })
    const reply = await pictureIn(world, general, { prompt: night })
    expect(reply.thread).toBe(first.ts)
    expect(reply.lines[1]).toMatch(/^Edited in /)
    expect(reply.images[0]?.bytes.equals(await served(dataDir, night))).toBe(true)

    // Each picture was shown once, in the message that was posted for it.
    expect(slack.messages(general)).toHaveLength(5)
    expect(slack.violations).toEqual([])
    expect(slack.pings).toEqual([])
    expect(await program.end()).toBe(0)
    expect(program.output()).not.toContain(slack.botToken)
    expect(program.output()).not.toContain('/respond/')
    expect(program.output()).not.toContain('fox')
  })

  test('a killed program finishes in the same message when it is started again', async () => {
    await using world = await programWorld()
    const { slack, dataDir, start } = world
    const prompt = 'a fox in the snow [sim:slow=6]'
    const first = await start()
    // In a channel that the bot is not in, and in one that it is in.
    const [inside, outside] = [slack.channel('public', ['U0ANN']), slack.channel('private', ['U0ANN'], false)]
    for (const channel of [inside, outside]) await slack.command({ user: 'U0ANN', channel, text: prompt })
    await vi.waitFor(() => {
      // On a machine that is busy with other things it may be made before it is seen being made.
      expect(slack.messages(inside)[0]?.lines[1]).toMatch(/^(Drawing|Made)/)
      expect(slack.whispers(outside, 'U0ANN')).toHaveLength(1)
    }, patience)
    await first.end('SIGKILL')
    await vi.waitFor(() => expect(slack.links.count()).toBe(0), patience)
    await start()
    const message = await pictureIn(world, inside, { prompt })
    const response = await pictureIn(world, outside, { prompt })
    expect(message.images[0]?.bytes.length).toBeGreaterThan(1_000)
    expect(response.images).toHaveLength(1)
    expect(slack.messages(inside)).toHaveLength(1)
    expect(slack.messages(outside)).toHaveLength(1)
    expect(await readdir(join(dataDir, 'simulator', 'tasks'))).toHaveLength(2)
    expect(slack.violations).toEqual([])
  })

  test('a wrong token ends the program in words, with exit code 1 and without the token', async () => {
    await using world = await programWorld()
    const { slack, dataDir, env } = world
    await Promise.all(
      [{ SLACK_BOT_TOKEN: 'xoxb-mistaken' }, { SLACK_APP_TOKEN: 'xapp-mistaken' }].map(async (wrong, at) => {
        const run = runProgram({ ...env, ...wrong, DATA_DIR: join(dataDir, `${at}`) })
        expect(await run.exited).toBe(1)
        expect(run.output()).toContain(`${Object.keys(wrong)[0]} is not accepted by Slack`)
        expect(run.output()).not.toContain('mistaken')
      }),
    )
    expect(slack.violations).toEqual([])
  })

  test('an unreachable Slack leaves the program up and not ready', async () => {
    await using world = await programWorld()
    const { env } = world
    const program = await startProgram({ env: { ...env, SLACK_API_URL: 'http://127.0.0.1:9/api/' } })
    const ready = await fetch(`${program.origin}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.text()).toContain('slack')
    expect((await fetch(`${program.origin}/healthz`)).status).toBe(200)
    expect(await program.end()).toBe(0)
  })
})
