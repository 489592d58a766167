import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import { createSimulator } from '../../src/simulator/server.ts'
import { bytes, startApiServer } from '../fakes/api-server.ts'
import { createHandClock } from './hand-clock.ts'
import { startProcess } from './process.ts'
import { ask, bearer, bytesOf, dataOf, recordedLog, startRig, urlOf } from './rig.ts'

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

describe('a killed simulator', () => {
  test('goes on with its tasks, its links and its inputs, and draws the same bytes', async () => {
    const dir = await folder()
    const source = await startApiServer()
    onTestFinished(() => source.close())
    const red = { create: { width: 200, height: 200, channels: 3, background: '#ff0000' } } as const
    source.script(bytes(200, await sharp(red).png().toBuffer()))

    const first = await startProcess('--port', '0', '--dir', dir, '--min-seconds', '0.3', '--max-seconds', '0.3')
    const submit = async (base: string, fields: object) => {
      const { body } = await ask(`${base}/images/generations`, {
        method: 'POST',
        headers: { ...bearer, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'gpt-image-1-5', ...fields }),
      })
      return String(dataOf(body).task_id)
    }
    const ended = async (base: string, id: string) => {
      for (let i = 0; i < 300; i += 1) {
        const data = dataOf((await ask(`${base}/tasks/${id}`, { headers: bearer })).body)
        if (data.status !== 'IN_PROGRESS') return data
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      throw new Error('the task does not end')
    }
    const edit = await submit(first.base, { prompt: 'make it nicer', input_urls: [`${source.origin}/a.png`] })
    const url = urlOf(await ended(first.base, edit))
    const before = await bytesOf(url)
    const fresh = await submit(first.base, { prompt: 'A fox in the snow' })
    await first.kill()
    await source.close()

    const second = await startProcess('--port', '0', '--dir', dir)
    // The same port: a link that was given out before still works.
    expect(second.base).toBe(first.base)
    expect((await bytesOf(url)).equals(before)).toBe(true)
    expect(await ended(second.base, fresh)).toMatchObject({ status: 'completed' })
    expect(await second.end('SIGTERM')).toBe(0)
  })

  test('fetches inputs again that it had not got, and tells again of what it had not told', async () => {
    const dir = await folder()
    const source = await startApiServer()
    const hook = await startApiServer()
    onTestFinished(() => source.close())
    onTestFinished(() => hook.close())
    source.script(() => undefined)
    const rig = await startRig({ dir })
    const callback = { callback_url: hook.origin }
    const edit = await rig.take('make it nicer', { input_urls: [`${source.origin}/a.png`] })
    const failing = await rig.take('A fox [sim:fail]', callback)
    await source.arrived(1)
    await rig.simulator.close()

    const blue = { create: { width: 90, height: 90, channels: 3, background: '#0000ff' } } as const
    source.script(bytes(200, await sharp(blue).webp().toBuffer()))
    hook.script(bytes(204, ''))
    const again = await startRig({ dir })
    await source.arrived(2)
    await again.clock.advance(10_000)
    await hook.arrived(1)
    expect(dataOf(JSON.parse(hook.seen[0]?.body ?? ''))).toMatchObject({ task_id: failing, status: 'failed' })
    for (;;) {
      const data = dataOf((await again.look(edit)).body)
      if (data.status === 'completed') break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    // What was told is told, after the next restart too.
    await expect
      .poll(async () => (await readFile(join(dir, 'tasks', `${failing}.json`), 'utf8')).includes('"told":true'))
      .toBe(true)
    await again.simulator.close()
    const third = await startRig({ dir })
    await third.clock.advance(60_000)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(hook.seen).toHaveLength(1)
  })
})

describe('the folder', () => {
  test('holds whole files only, and nothing after a day', async () => {
    const dir = await folder()
    const rig = await startRig({ dir })
    const ids = [await rig.take('A fox in the snow'), await rig.take('Another')]
    const names = await readdir(join(dir, 'tasks'))
    expect(names.sort()).toEqual(ids.map((id) => `${id}.json`).sort())
    expect(JSON.parse(await readFile(join(dir, 'tasks', `${ids[0]}.json`), 'utf8'))).toMatchObject({ id: ids[0] })
    await rig.clock.advance(24 * 3_600_000)
    await expect.poll(() => readdir(join(dir, 'tasks'))).toEqual([])
  })

  test('with broken files in it is no obstacle', async () => {
    const dir = await folder()
    const rig = await startRig({ dir })
    const id = await rig.take('A fox in the snow')
    await rig.simulator.close()
    const files = {
      'n42half_gptimg.json': '{"id":"n42half_gptimg","ord',
      'n42x_gptimg.json.draft': '{}',
      'other.json': '{"id":"x"}',
    }
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, 'tasks', name), text)
    await writeFile(join(dir, 'port'), 'not a port')
    await writeFile(join(dir, 'inputs', 'n42gone_gptimg-0'), 'x')
    await writeFile(join(dir, 'inputs', `${id}-0.draft`), 'x')
    const again = await startRig({ dir })
    expect((await again.look(id)).status).toBe(200)
    expect(await readdir(join(dir, 'tasks'))).toEqual([`${id}.json`])
    expect(await readdir(join(dir, 'inputs'))).toEqual([])
    expect(again.log.lines.filter((line) => line.includes('not a task'))).toHaveLength(3)
  })

  test('that can’t be written is said in words', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'file'), '')
    const options = { host: '127.0.0.1', port: 0, clock: createHandClock(), random: () => 0, log: recordedLog() }
    const simulator = createSimulator({ ...options, dir: join(dir, 'file', 'below') })
    const failure = await simulator.listen().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(AppError)
    expect(failure).toMatchObject({ code: 'configuration', detail: expect.stringMatching(/ENOTDIR/) })
    await simulator.close()
  })

  test('that fails under way answers 500 in the documented form and takes nothing', async () => {
    const dir = await folder()
    const rig = await startRig({ dir })
    await rm(dir, { recursive: true })
    const answered = await rig.post({ model: 'gpt-image-1-5', prompt: 'A fox in the snow' })
    expect(answered).toMatchObject({ status: 500, body: { error: { code: 500, type: 'server_error' } } })
    expect(rig.simulator.posts()).toMatchObject([{ answer: 500, taskId: null }])
    expect(rig.log.lines.join()).toContain('request failed')
  })
})

describe('the port', () => {
  test('used last is taken again if it is free, else another', async () => {
    const dir = await folder()
    const first = await startRig({ dir })
    await first.simulator.close()
    const second = await startRig({ dir })
    expect(second.base).toBe(first.base)
    await second.simulator.close()
    const squatter = createServer().listen(Number(new URL(first.base).port), '127.0.0.1')
    onTestFinished(() => void squatter.close())
    const third = await startRig({ dir })
    expect(third.base).not.toBe(first.base)
    expect((await third.look('n42nothing_gptimg')).status).toBe(404)
  })

  test('asked for by number and taken is an error', async () => {
    const first = await startRig()
    const port = Number(new URL(first.base).port)
    await expect(startRig({ port })).rejects.toThrow(/EADDRINUSE/)
  })
})
