import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { messagesFor } from '../../src/core/messages.ts'
import { runProgram, startProgram } from '../program.ts'
import { imagine, messageOf, pictured, programWorld, quick, seen, soon } from './program-world.ts'
import { routes } from './stand-in.ts'

const en = messagesFor('en')

/** The image API's task for a prompt. */
async function taskOf(dataDir: string, prompt: string): Promise<string> {
  const dir = join(dataDir, 'simulator', 'tasks')
  for (const name of await readdir(dir)) {
    const { id, order } = JSON.parse(await readFile(join(dir, name), 'utf8')) as {
      id: string
      order: { prompt: string }
    }
    if (order.prompt === prompt) return id
  }
  throw new Error(`never asked for: ${prompt}`)
}

/** The bytes that the image API serves for a prompt. */
async function served(dataDir: string, prompt: string): Promise<Buffer> {
  const id = await taskOf(dataDir, prompt)
  const base = `http://127.0.0.1:${await readFile(join(dataDir, 'simulator', 'port'), 'utf8')}/api/v1`
  const look = await fetch(`${base}/tasks/${id}`, { headers: { authorization: 'Bearer aio_simulator' } })
  const [url] = /http:[^"]+\/results\/[^"]+/.exec(await look.text()) ?? []
  if (url === undefined) throw new Error('no result')
  return Buffer.from(await (await fetch(url)).arrayBuffer())
}

/** The pictures that the image API was given with a prompt, as the simulator keeps them. */
async function inputsOf(dataDir: string, prompt: string): Promise<Buffer[]> {
  const id = await taskOf(dataDir, prompt)
  const dir = join(dataDir, 'simulator', 'inputs')
  const names = (await readdir(dir)).filter((name) => name.startsWith(`${id}-`))
  return Promise.all(names.sort().map((name) => readFile(join(dir, name))))
}

// Each has a program of its own, which mostly waits.
describe.concurrent('the whole program', { timeout: 120_000 }, () => {
  test('a picture from words, edits of a picture and of a result, a cancel, a refusal', async () => {
    await using world = await programWorld()
    const { standIn, dataDir, start } = world
    const program = await start()
    const [fox, cat, night] = [`a fox in the snow ${soon}`, `make the cat blue ${quick}`, `now at night ${quick}`]
    const [dusk, owl] = [`make it dusk ${quick}`, `add an owl ${quick}`]
    const states = new Set<string>()

    // From words, in one message that moves from queued to running to the picture.
    const first = imagine(standIn, fox, { aspect_ratio: '3:2' })
    expect(await first.answered()).toBe(5)
    const watching = standIn.until(() => {
      states.add(/\n(\w+)/.exec(first.message()?.content ?? '')?.[1] ?? '')
      return pictured.test(first.message()?.content ?? '')
    })

    // An attached picture, edited.
    const bytes = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#803020' } })
      .png()
      .toBuffer()
    const edit = imagine(standIn, cat, { image: { name: 'cat.png', bytes } }, { name: 'bob' })

    // A cancel.
    const bear = imagine(standIn, 'a bear that nobody will see')
    await seen(standIn, bear, /line|Drawing/)
    expect(await standIn.press(messageOf(bear), en.labels.cancel).answered()).toBe(6)
    expect(await seen(standIn, bear, /Cancelled/)).toMatchObject({ pictures: [] })

    // Refusals: by the service in the message, by us in the ack.
    const refused = imagine(standIn, 'refuse me, please')
    expect((await seen(standIn, refused, /declined/)).text).toContain(en.failed({ code: 'content_rejected' }))
    const short = imagine(standIn, 'no')
    expect(await short.answered()).toBe(4)
    expect(standIn.screen(short.message())).toMatchObject({
      text: 'Say a little more: at least 3 characters.',
      ephemeral: true,
    })

    await watching
    const result = standIn.screen(first.message())
    expect(result.text).toMatch(/\nMade in \d+ s · 3:2 landscape · medium quality · 10 credits · Asked by ann$/)
    expect(result.pictures).toHaveLength(1)
    expect(result.pictures[0]?.bytes.equals(await served(dataDir, fox))).toBe(true)
    expect(result.pictures[0]?.description).toBe(`Picture: ${fox}`)
    expect([...states]).toEqual(expect.arrayContaining(['Drawing']))

    const edited = await seen(standIn, edit, pictured)
    expect(edited.text).toMatch(/\nEdited in .* · Asked by bob\nUses cat\.png\.$/)
    expect(edited.pictures[0]?.bytes.equals(await served(dataDir, cat))).toBe(true)

    // The result, edited in its turn: privately.
    const [picture] = result.pictures
    if (picture === undefined) throw new Error('no picture')
    const image = { name: picture.filename, bytes: picture.bytes }
    const again = imagine(standIn, night, { image, private: true })
    // And by a reply that mentions the bot; and that edit by a reply whose ping is enough.
    const reply = standIn.say({ content: dusk, mentionsBot: true, replyTo: messageOf(first), author: 'bob' })
    const private_ = await seen(standIn, again, pictured)
    expect(private_.ephemeral).toBe(true)
    expect(private_.pictures[0]?.bytes.equals(await served(dataDir, night))).toBe(true)
    const replied = await seen(standIn, reply, pictured)
    expect(replied.text).toMatch(/\nEdited in .* 3:2 landscape .* · Asked by bob\nUses picture 1\.$/)
    expect(replied.pictures[0]?.bytes.equals(await served(dataDir, dusk))).toBe(true)
    // The same picture as the one that was attached.
    expect(await inputsOf(dataDir, dusk)).toEqual(await inputsOf(dataDir, night))
    expect(await inputsOf(dataDir, dusk)).toHaveLength(1)
    const chained = await seen(standIn, standIn.say({ content: owl, replyTo: messageOf(reply) }), pictured)
    expect(chained.pictures[0]?.bytes.equals(await served(dataDir, owl))).toBe(true)

    // Each picture was shown once, in the message of its command or in the answer to its message.
    const messages = [...standIn.world.messages.values()].filter(({ author }) => author === standIn.world.bot)
    expect(messages).toHaveLength(8)
    expect(messages.flatMap(({ pings }) => pings)).toEqual([])
    expect(await program.end()).toBe(0)
    expect(standIn.gateway.history).toContain('close 1000')
    for (const secret of [standIn.botToken, first.token, 'fox']) expect(program.output()).not.toContain(secret)
  })

  test('a killed program finishes in the same message when it is started again', async () => {
    await using world = await programWorld()
    const { standIn, dataDir, start } = world
    const prompt = 'a fox in the snow [sim:slow=6]'
    const program = await start()
    const open = imagine(standIn, prompt)
    const hidden = imagine(standIn, prompt, { private: true })
    await seen(standIn, open, /Drawing/)
    await seen(standIn, hidden, /Drawing/)
    await program.end('SIGKILL')
    await standIn.until(() => standIn.gateway.live() === 0)
    await start()
    for (const command of [open, hidden]) {
      const { pictures } = await seen(standIn, command, pictured)
      expect(pictures).toHaveLength(1)
    }
    expect(standIn.world.messages.size).toBe(2)
    expect(await readdir(join(dataDir, 'simulator', 'tasks'))).toHaveLength(2)
    expect(standIn.sent('PUT', routes.commands)).toHaveLength(1)
  })

  test('a reply delivered twice is one job, and a bad one costs a sentence', async () => {
    await using world = await programWorld()
    const { standIn, dataDir, start } = world
    await start()
    const command = imagine(standIn, `a fox ${quick}`)
    await seen(standIn, command, pictured)
    const shown = messageOf(command)
    const reply = standIn.say({ content: `at night ${quick}`, mentionsBot: true, replyTo: shown })
    standIn.redeliver(reply)
    const said = async (content: string, attachments: { name: string; bytes: Uint8Array }[] = []) => {
      const bad = standIn.say({ content, mentionsBot: true, replyTo: shown, attachments })
      return (await seen(standIn, bad, /I don’t|characters|not a picture/)).text
    }
    expect(await said('no')).toBe('Say a little more: at least 3 characters.')
    expect(await said('make it --shape round @everyone')).toContain('I don’t know --shape.')
    expect(await said('make it blue', [{ name: 'page.png', bytes: Buffer.from('<!doctype html>') }])).toContain(
      en.failed({ code: 'input_not_picture' }),
    )
    await seen(standIn, reply, pictured)
    standIn.redeliver(reply)
    await seen(standIn, standIn.say({ content: `the last one ${quick}`, mentionsBot: true }), pictured)
    expect(reply.answers()).toHaveLength(1)
    expect(await readdir(join(dataDir, 'simulator', 'tasks'))).toHaveLength(3)
    expect([...standIn.world.messages.values()].flatMap(({ pings }) => pings)).toEqual([])
  })

  test('bad pictures cost a sentence and nothing else', async () => {
    await using world = await programWorld()
    const { standIn, dataDir, start } = world
    await start()
    const said = async (name: string, bytes: Uint8Array) => {
      const command = imagine(standIn, 'make it blue', { image: { name, bytes } })
      await standIn.until(
        () =>
          command.message()?.loading === false &&
          /picture|file/.test(command.message()?.content.split('\n').at(-2) ?? command.message()?.content ?? '') &&
          !standIn.screen(command.message()).buttons.some(({ label }) => label === en.labels.cancel),
        name,
      )
      return standIn.screen(command.message()).text
    }
    expect(await said('page.png', Buffer.from('<!doctype html><p>hello'))).toContain(
      en.failed({ code: 'input_not_picture' }),
    )
    expect(await said('nothing.png', Buffer.alloc(0))).toContain(en.failed({ code: 'input_empty' }))
    expect(await said('large.png', Buffer.alloc(30_000_000, 1))).toContain('large.png can’t be used: larger than 20 MB')
    expect(await said('notes.txt', Buffer.from('hello'))).toContain('notes.txt is not a picture')
    expect(await readdir(join(dataDir, 'simulator', 'tasks'))).toEqual([])
  })

  test('a wrong token ends the program in words, with exit code 1 and without the token', async () => {
    await using world = await programWorld()
    const { dataDir, env } = world
    const run = runProgram({ ...env, DISCORD_TOKEN: 'mistaken-token-of-some-length', DATA_DIR: dataDir })
    expect(await run.exited).toBe(1)
    expect(run.output()).toContain('Discord does not accept DISCORD_TOKEN.')
    expect(run.output()).not.toContain('mistaken')
  })

  test('an unreachable Discord leaves the program up and not ready, until it is back', async ({ expect }) => {
    await using world = await programWorld()
    const { standIn, env, dataDir } = world
    await standIn.down()
    const program = await startProgram({ env, dataDir })
    world.closing.push(() => program.end())
    const ready = await fetch(`${program.origin}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.text()).toContain('discord')
    expect((await fetch(`${program.origin}/healthz`)).status).toBe(200)
    await standIn.up()
    await standIn.ready()
    await expect.poll(async () => (await fetch(`${program.origin}/readyz`)).status, { timeout: 20_000 }).toBe(200)
    expect(await program.end()).toBe(0)
  })
})
