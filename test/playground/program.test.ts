import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { messagesFor } from '../../src/core/messages.ts'
import { createSimulator } from '../../src/simulator/server.ts'
import { createRecordedLog } from '../http/recorded-log.ts'
import { startProgram } from '../program.ts'
import { type Browser, findChromium, startBrowser } from './browser.ts'
import { drawnPng } from './pictures.ts'

const chromium = findChromium('the playground’s tests of the whole program are')
const en = messagesFor('en')
// The embedded simulator takes 3 to 10 seconds for a picture, drawing it a little more.
const patience = { timeout: 40_000 }
let browser: Browser
const open: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  if (chromium !== null) browser = await startBrowser(chromium)
})
afterEach(async () => {
  await browser?.closeTabs()
  for (const close of open.splice(0).reverse()) await close()
})
afterAll(() => browser?.close())

async function send(page: Page, words: string) {
  await page.locator('#text').fill(words)
  await page.locator('#text').press('Enter')
}

/** The picture in the conversation with this description, once it has come. */
async function pictureOf(page: Page, alt: string) {
  const image = page.locator('.answer').getByRole('img', { name: alt, exact: true })
  await image.waitFor(patience)
  await expect.poll(() => image.evaluate((element) => element.naturalWidth), patience).toBeGreaterThan(500)
  return image
}

const lineAfter = (page: Page, words: string) =>
  page.locator('.exchange').filter({ hasText: words }).last().locator('.line')

describe.skipIf(chromium === null)('the whole program in the playground, as a newcomer meets it', () => {
  test('a picture from words, edits of a dropped picture and of a result, a cancel, a refusal, a reload', {
    timeout: 120_000,
  }, async () => {
    const program = await startProgram()
    open.push(() => program.end())
    const page = await browser.open(program.origin)
    await page.getByText('simulated pictures').waitFor()

    await send(page, '/imagine a fox in the snow --ar 3:2')
    await expect.poll(() => lineAfter(page, 'a fox in the snow').innerText(), patience).toMatch(/^Drawing/)
    const dropped = await drawnPng('#203a63', '#f2b48a', 600, 600)
    await page
      .locator('#files')
      .setInputFiles({ name: 'hill.png', mimeType: 'image/png', buffer: Buffer.from(dropped.bytes) })
    await send(page, 'put a red barn on the hill')
    await send(page, 'a bear that nobody will see')
    const bear = page.locator('.exchange').filter({ hasText: 'a bear that nobody will see' })
    await bear.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => bear.locator('.line').innerText(), patience).toMatch(/^Cancelled\./)

    await send(page, 'refuse me, please')
    const refused = lineAfter(page, 'refuse me, please')
    await expect.poll(() => refused.innerText(), patience).toBe(en.failed({ code: 'content_rejected' }))
    await send(page, 'no')
    await expect.poll(() => page.locator('.whisper').last().innerText()).toContain('Say a little more')

    const fox = await pictureOf(page, 'Picture: a fox in the snow')
    expect(await fox.evaluate((element) => element.naturalWidth / element.naturalHeight)).toBeCloseTo(1.5, 1)
    await page
      .locator('.exchange')
      .filter({ hasText: 'a fox in the snow' })
      .getByRole('button', { name: 'Edit' })
      .click()
    await send(page, 'make it night')
    await pictureOf(page, 'Edited picture: put a red barn on the hill')
    await pictureOf(page, 'Edited picture: make it night')

    await page.reload()
    for (const alt of ['Picture: a fox in the snow', 'Edited picture: make it night']) await pictureOf(page, alt)
    expect(await page.locator('.bubble').allInnerTexts()).toEqual([
      'a fox in the snow',
      'put a red barn on the hill',
      'a bear that nobody will see',
      'refuse me, please',
      'make it night',
    ])
    expect(await page.locator('.exchange').last().locator('.thumbnail').count()).toBe(1)
    // A refusal is answered 422, which the console mentions; nothing else went wrong.
    expect(browser.complaints().filter((line) => !line.includes('422'))).toEqual([])
  })

  test('what is shown is what the image API served, byte for byte, and a restart keeps it', {
    timeout: 60_000,
  }, async () => {
    const log = createRecordedLog()
    const key = 'aio_test'
    const simulator = createSimulator({
      ...{ host: '127.0.0.1', port: 0, dir: null, clock: systemClock, random: Math.random, log, key },
      durationMs: { min: 300, max: 600 },
    })
    open.push(() => simulator.close())
    const url = await simulator.listen()
    const port = String(await freePort())
    const publicUrl = `http://127.0.0.1:${port}`
    const env = { IMAGE_API_URL: url, IMAGE_API_KEY: key, PORT: port, PUBLIC_URL: publicUrl }
    const { dataDir, remove } = await temporaryFolder()
    open.push(remove)
    const program = await startProgram({ env, dataDir })
    open.push(() => program.end())
    const page = await browser.open(program.origin)
    expect(await page.getByText('simulated pictures').isVisible()).toBe(false)

    await send(page, 'a fox in the snow')
    await pictureOf(page, 'Picture: a fox in the snow')
    await page.getByRole('button', { name: 'Edit' }).click()
    await send(page, 'make it night')
    await pictureOf(page, 'Edited picture: make it night')
    const served: Buffer[] = []
    for (const { taskId } of simulator.posts()) {
      const look = await fetch(`${url}/tasks/${taskId}`, { headers: { authorization: `Bearer ${key}` } })
      const [result = ''] = /https?:\/\/[^"\\]+/.exec(await look.text()) ?? []
      served.push(Buffer.from(await (await fetch(result)).arrayBuffer()))
    }
    expect(served).toHaveLength(2)
    expect(await shownBytes(page)).toEqual(served)

    expect(await program.end()).toBe(0)
    await page.getByText('Connecting again…').waitFor()
    const again = await startProgram({ env, dataDir })
    open.push(() => again.end())
    await expect.poll(() => page.getByText('Connecting again…').isVisible(), patience).toBe(false)
    await page.reload()
    await pictureOf(page, 'Edited picture: make it night')
    expect(await shownBytes(page)).toEqual(served)
    expect(simulator.posts()).toHaveLength(2)
  })
})

async function shownBytes(page: Page): Promise<Buffer[]> {
  const sources: string[] = []
  for (const image of await page.locator('.answer .frame img').all())
    sources.push((await image.getAttribute('src')) ?? '')
  const answers = await Promise.all(sources.map((src) => fetch(new URL(src, page.url()))))
  return Promise.all(answers.map(async (answer) => Buffer.from(await answer.arrayBuffer())))
}

async function temporaryFolder() {
  const dataDir = await mkdtemp(join(tmpdir(), 'playground-'))
  return { dataDir, remove: () => rm(dataDir, { recursive: true, force: true }) }
}

/** `PUBLIC_URL` names the port beforehand. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
