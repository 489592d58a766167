import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { messagesFor } from '../../src/core/messages.ts'
import type { HeldPicture } from '../../src/core/ports.ts'
import { createFakeStudio, type FakeStudio } from '../fakes/studio.ts'
import { type Browser, findChromium, startBrowser } from './browser.ts'
import { createMemoryShelf } from './memory-shelf.ts'
import { drawnPng, pngLike } from './pictures.ts'
import { type PlaygroundServer, startPlayground } from './server.ts'

const chromium = findChromium('the page’s own tests are')
const en = messagesFor('en')
let picture: HeldPicture
let other: HeldPicture
let browser: Browser
const open: { close(): Promise<void> }[] = []
// Generous, for machines that do several things at once; nothing waits for it to pass.
const patience = { timeout: 10_000 }

beforeAll(async () => {
  picture = await drawnPng('#203a63', '#f2b48a', 240, 160)
  other = await drawnPng('#3c6e5a', '#e9f0c9', 160, 160)
  if (chromium !== null) browser = await startBrowser(chromium)
})
afterEach(async () => {
  await browser?.closeTabs()
  for (const one of open.splice(0).reverse()) await one.close()
})
afterAll(() => browser?.close())

async function start() {
  const server = await startPlayground()
  open.push(server)
  return { server, studio: server.studio, page: await visit(server) }
}

/** A tab, and the few things that a person does there. */
async function visit({ origin, studio }: PlaygroundServer) {
  const page = await browser.open(origin)
  const text = page.locator('#text')
  const exchanges = page.locator('.exchange')
  const last = exchanges.last()
  const whispers = page.locator('.whisper')
  return {
    ...{ page, text, exchanges, last, whispers },
    line: last.locator('.line'),
    send: async (words: string) => {
      await text.fill(words)
      await text.press('Enter')
    },
    /** The newest job, once the studio has `count` of them. */
    job: async (count = 1) => {
      await expect.poll(() => studio.jobs().length, patience).toBe(count)
      return studio.jobs().at(-1)?.id ?? ''
    },
    attach: (...files: { name: string; bytes: Uint8Array }[]) =>
      page
        .locator('#files')
        .setInputFiles(files.map(({ name, bytes }) => ({ name, mimeType: 'image/png', buffer: Buffer.from(bytes) }))),
    /** A file that is pasted, or dragged over the page. */
    bring: (how: 'paste' | 'drop' | 'dragover' | 'dragleave', name: string, bytes: Uint8Array) =>
      page.evaluate(`{
        const transfer = new DataTransfer()
        transfer.items.add(new File([new Uint8Array([${[...bytes]}])], ${JSON.stringify(name)}, { type: 'image/png' }))
        const how = ${JSON.stringify(how)}
        const options = { bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer }
        const event = how === 'paste' ? new ClipboardEvent(how, options) : new DragEvent(how, options)
        document.getElementById('text').dispatchEvent(event)
      }`),
  }
}

function seen(locator: { innerText(): Promise<string> }) {
  return expect.poll(() => locator.innerText(), patience)
}

describe.skipIf(chromium === null)('the page', () => {
  test('words become a picture in one living message, with its alt text and its very bytes', async () => {
    const { studio, page: tab } = await start()
    const { page, exchanges, last, line } = tab
    await tab.send('/imagine a fox in the snow --ar 3:2')
    const job = await tab.job()
    await seen(line).toBe(en.queued(null))
    const element = await last.elementHandle()
    await studio.turn(job, { kind: 'queued', place: 2 })
    await seen(line).toBe(en.queued(2))
    await studio.turn(job, { kind: 'running', elapsedMs: 3000, remainingMs: 1000, late: false })
    await seen(line).toBe(en.running({ done: 0, total: 1, elapsedMs: 3000, remainingMs: 1000, late: false }))
    expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('75')
    await studio.turn(job, { kind: 'result', pictures: [picture] })
    const shown = page.getByRole('img', { name: 'Picture: a fox in the snow' })
    await shown.waitFor()
    expect(await exchanges.count()).toBe(1)
    expect(await last.evaluate((now, before) => now === before, element)).toBe(true)
    expect(await last.locator('.bubble').innerText()).toBe('a fox in the snow')
    expect(await last.locator('.options').innerText()).toBe('3:2 landscape')
    const src = await shown.getAttribute('src')
    const got = await (await fetch(new URL(src ?? '', page.url()))).arrayBuffer()
    expect(Buffer.from(got).equals(picture.bytes)).toBe(true)
    await expect.poll(() => page.locator('#announcer').textContent(), patience).toContain('Picture: a fox in the snow')
    expect(browser.complaints()).toEqual([])
  })

  test('the download is the picture, named after its words; full size opens and closes by keyboard', async () => {
    const { studio, page: tab } = await start()
    const { page, last } = tab
    await tab.send('a fox in the snow')
    await studio.turn(await tab.job(), { kind: 'result', pictures: [picture] })
    const downloading = page.waitForEvent('download')
    await last.getByRole('link', { name: 'Download' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toBe('a-fox-in-the-snow.png')
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).equals(picture.bytes)).toBe(true)
    await last.getByRole('button', { name: 'Open full size', exact: true }).press('Enter')
    await page.getByRole('dialog').getByRole('img').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count(), patience).toBe(0)
  })

  test('the command, its flags and their values are completed by keyboard', async () => {
    const { studio, page: tab } = await start()
    const { page, text } = tab
    const options = page.getByRole('option')
    await text.pressSequentially('/')
    await seen(options.first()).toContain('/imagine')
    await text.press('Tab')
    await expect.poll(() => text.inputValue(), patience).toBe('/imagine ')
    await text.pressSequentially('a fox —')
    await seen(options.first()).toContain('--ar')
    await text.pressSequentially('a')
    await text.press('Enter')
    await expect.poll(() => text.inputValue(), patience).toBe('/imagine a fox --ar ')
    expect(await options.allInnerTexts()).toHaveLength(3)
    await text.press('ArrowDown')
    expect(await options.nth(1).getAttribute('aria-selected')).toBe('true')
    await text.press('Enter')
    await text.pressSequentially('--hq')
    expect(await options.count()).toBe(0)
    await text.press('Enter')
    await tab.job()
    expect(studio.asks[0]?.input).toEqual({ prompt: 'a fox', aspectRatio: '2:3', quality: 'high' })
  })

  test('Escape puts suggestions away; Shift+Enter breaks a line; an unfinished word of an input method is not sent', async () => {
    const { studio, page: tab } = await start()
    const { page, text } = tab
    await text.pressSequentially('a fox --')
    await page.getByRole('option').first().waitFor()
    await text.press('Escape')
    expect(await page.getByRole('option').count()).toBe(0)
    await text.fill('a fox')
    await text.press('Shift+Enter')
    await text.pressSequentially('in the snow')
    await text.dispatchEvent('keydown', { key: 'Enter', isComposing: true })
    expect(await text.inputValue()).toBe('a fox\nin the snow')
    await text.press('Enter')
    await tab.job()
    expect(studio.asks.map(({ input }) => input.prompt)).toEqual(['a fox\nin the snow'])
  })

  test('pictures come by button, paste and drop, show at once, can be taken off, and are edited', async () => {
    const { studio, server, page: tab } = await start()
    const { page, text, last } = tab
    const thumbnails = page.locator('#attachments li')
    await tab.attach({ name: 'one.png', bytes: picture.bytes })
    await expect.poll(() => thumbnails.count(), patience).toBe(1)
    await tab.bring('paste', 'paste.png', other.bytes)
    await tab.bring('drop', 'drop.png', other.bytes)
    await expect.poll(() => thumbnails.count(), patience).toBe(3)
    await thumbnails.first().getByRole('button').click()
    expect(await thumbnails.count()).toBe(2)
    expect(await text.getAttribute('placeholder')).toBe('Say what to change…')
    await tab.send('put them together')
    const job = await tab.job()
    expect(studio.asks[0]).toMatchObject({ action: 'edit', inputs: [{ name: 'paste.png' }, { name: 'drop.png' }] })
    expect(server.shelf.ids()).toHaveLength(3)
    expect(await last.locator('.thumbnail').count()).toBe(2)
    await studio.turn(job, { kind: 'result', pictures: [picture] })
    await page.getByRole('img', { name: 'Edited picture: put them together' }).waitFor()
  })

  test('a file held over the page is invited, and the invitation goes when it leaves', async () => {
    const { page: tab } = await start()
    await tab.bring('dragover', 'x.png', other.bytes)
    await tab.page.getByText('Drop pictures to edit them').waitFor()
    await tab.bring('dragleave', 'x.png', other.bytes)
    await expect.poll(() => tab.page.locator('#drop').isVisible(), patience).toBe(false)
  })

  test('replying to a result edits that picture; Escape takes the reply back', async () => {
    const { studio, page: tab } = await start()
    const { page, text, last } = tab
    await tab.send('two foxes --count 2')
    const first = await tab.job()
    await studio.turn(first, { kind: 'result', pictures: [picture, other] })
    const edit = last.getByRole('button', { name: 'Edit' }).nth(1)
    await edit.click()
    await page.locator('#quote img').waitFor()
    expect(await page.locator('#text:focus').count()).toBe(1)
    await text.press('Escape')
    expect(await page.locator('#quote').isVisible()).toBe(false)
    await edit.click()
    await tab.send('now at night')
    const second = await tab.job(2)
    expect(studio.asks[1]).toMatchObject({
      ...{ action: 'edit', parentId: first, inputs: [{ kind: 'result', jobId: first, n: 2 }] },
    })
    expect(await page.locator('#quote').isVisible()).toBe(false)
    await studio.turn(second, { kind: 'running', elapsedMs: 9000, remainingMs: null, late: false })
    await seen(tab.line).toBe(en.running({ done: 0, total: 1, elapsedMs: 9000, remainingMs: null, late: false }))
    await expect.poll(() => last.locator('.thumbnail').getAttribute('src'), patience).toContain(`${first}-2`)
  })

  test('Cancel stops what runs, and goes', async () => {
    const { page: tab } = await start()
    await tab.send('a fox in the snow')
    await tab.job()
    await tab.last.getByRole('button', { name: 'Cancel' }).click()
    await seen(tab.line).toBe(en.cancelled(0, false))
    expect(await tab.last.getByRole('button').count()).toBe(0)
  })

  test('a failed job says why, gently, and a partial one what is missing', async () => {
    const { studio, page: tab } = await start()
    await tab.send('a fox in the snow')
    await studio.turn(await tab.job(), { kind: 'failed', failure: { code: 'content_rejected' } })
    await seen(tab.line).toBe(en.failed({ code: 'content_rejected' }))
    await tab.send('foxes --count 2')
    const failure = { code: 'upstream_failed' } as const
    await studio.turn(await tab.job(2), { kind: 'result', pictures: [picture], failures: [failure] })
    await seen(tab.last.locator('.note')).toBe(en.partly(1, 2, failure))
  })

  test('a refused prompt is told to the asker alone, who gets the words back', async () => {
    const { studio, page: tab } = await start()
    await tab.attach({ name: 'one.png', bytes: picture.bytes })
    await tab.send('a fox --shape round')
    await seen(tab.whispers.last()).toContain('I don’t know --shape')
    await seen(tab.whispers.last()).toContain('Only you can see this')
    expect(await tab.text.inputValue()).toBe('a fox --shape round')
    expect(await tab.page.locator('#attachments li').count()).toBe(1)
    expect(await tab.exchanges.count()).toBe(0)
    await tab.text.fill('a fox')
    await tab.text.press('Enter')
    await tab.job()
    expect(studio.asks[1]?.inputs).toHaveLength(1)
    await tab.send('/help')
    await seen(tab.whispers.last()).toContain('/imagine a fox in the snow')
    expect(await tab.text.inputValue()).toBe('')
    await tab.whispers.last().getByRole('button', { name: 'Dismiss' }).click()
    expect(await tab.whispers.count()).toBe(1)
    await tab.page.reload()
    await tab.last.waitFor()
    expect(await tab.whispers.count()).toBe(0)
  })

  test('files that are no pictures, empty or too large each get one sentence, and nothing stays', async () => {
    const { page: tab, server } = await start()
    const cases = [
      ['page.png', Buffer.from('<!doctype html><p>hello'), 'input_not_picture'],
      ['text.png', Buffer.from('hello'), 'input_not_picture'],
      ['empty.png', Buffer.alloc(0), 'input_empty'],
      ['large.png', pngLike(21 * 1024 * 1024), 'input_too_large'],
    ] as const
    for (const [at, [name, bytes, code]] of cases.entries()) {
      await tab.attach({ name, bytes })
      await seen(tab.whispers.last()).toContain(`${name} ${en.failed({ code })}`)
      expect(await tab.whispers.count()).toBe(at + 1)
    }
    await expect.poll(() => tab.page.locator('#attachments li').count(), patience).toBe(0)
    expect(server.shelf.ids()).toEqual([])
  })

  test('what people type stays text, wherever it is shown', async () => {
    const { studio, page: tab } = await start()
    const evil =
      '<img src=x onerror="window.hacked=1"> **bold** @everyone <!channel> &amp; <script>window.hacked=1</script>'
    await tab.attach({ name: '"><script>window.hacked=1</script>.png', bytes: picture.bytes })
    await tab.send(evil)
    await studio.turn(await tab.job(), { kind: 'result', pictures: [picture] })
    await tab.page.getByRole('img', { name: `Edited picture: ${evil}` }).waitFor()
    expect(await tab.last.locator('.bubble').innerText()).toBe(evil)
    expect(await tab.last.locator('.bubble').evaluate((element) => element.childElementCount)).toBe(0)
    await tab.send('a fox --<b>x</b>')
    await tab.send('--onerror=alert(1) a fox')
    await seen(tab.whispers.last()).toContain('--onerror')
    expect(await tab.page.evaluate("'hacked' in window")).toBe(false)
    expect(browser.complaints().filter((line) => !line.includes('422'))).toEqual([])
  })

  test('a reload shows the conversation, and every tab is in step', async () => {
    const { server, studio, page: tab } = await start()
    const second = await visit(server)
    await tab.send('a fox in the snow')
    const job = await tab.job()
    await seen(second.line).toBe(en.queued(null))
    await studio.turn(job, { kind: 'result', pictures: [picture] })
    await second.page.getByRole('img', { name: 'Picture: a fox in the snow' }).waitFor()
    await second.send('and now a bear')
    await studio.turn(await tab.job(2), { kind: 'running', elapsedMs: 1000, remainingMs: 2000, late: false })
    await tab.page.reload()
    await tab.page.getByRole('img', { name: 'Picture: a fox in the snow' }).waitFor()
    expect(await tab.exchanges.locator('.bubble').allInnerTexts()).toEqual(['a fox in the snow', 'and now a bear'])
    await seen(tab.line).toBe(en.running({ done: 0, total: 1, elapsedMs: 1000, remainingMs: 2000, late: false }))
    expect(await tab.page.locator('#welcome').isVisible()).toBe(false)
  })

  test('a server that goes away is mentioned quietly; what was sent meanwhile is one request when it is back', async () => {
    let current: PlaygroundServer | undefined
    const surface = () => {
      if (current === undefined) throw new Error('not started')
      return current.adapter.surface
    }
    let ids = 0
    const studio: FakeStudio = createFakeStudio({ surface, now: Date.now, newId: () => `job${ids++}` })
    const shelf = createMemoryShelf({ now: Date.now })
    current = await startPlayground({ studio, shelf })
    const tab = await visit(current)
    await tab.send('a fox in the snow')
    await studio.turn(await tab.job(), { kind: 'result', pictures: [picture] })
    await tab.page.getByRole('img', { name: 'Picture: a fox in the snow' }).waitFor()
    await current.close()
    await tab.page.getByText('Connecting again…').waitFor()
    await tab.send('a bear')
    await seen(tab.line).toBe('Not sent yet. Trying again…')
    current = await startPlayground({ studio, shelf, port: current.port })
    open.push(current)
    await tab.job(2)
    await seen(tab.line).toBe(en.queued(null))
    await expect.poll(() => tab.page.getByText('Connecting again…').isVisible(), patience).toBe(false)
    expect(await tab.exchanges.count()).toBe(2)
    expect(await tab.page.getByRole('img', { name: 'Picture: a fox in the snow' }).isVisible()).toBe(true)
  })

  test('a server that answers but is not ready is asked again until it is', async () => {
    const { server, studio, page: tab } = await start()
    await tab.page.locator('#welcome').waitFor()
    await server.adapter.intake.stop()
    await tab.page.getByText('Connecting again…').waitFor()
    await tab.send('a bear')
    await server.adapter.intake.start(studio)
    await tab.job()
    await seen(tab.line).toBe(en.queued(null))
    await expect.poll(() => tab.page.getByText('Connecting again…').isVisible(), patience).toBe(false)
  })

  test('older messages come on request, without moving what is read', async () => {
    const server = await startPlayground()
    open.push(server)
    for (let i = 0; i < 35; i += 1) {
      const message = { messageId: randomUUID(), text: `fox number ${i}`, pictures: [], replyTo: null }
      const { origin } = server
      await fetch(`${origin}/playground/messages`, {
        method: 'POST',
        headers: { origin },
        body: JSON.stringify(message),
      })
    }
    const later = await visit(server)
    await expect.poll(() => later.exchanges.count(), patience).toBe(30)
    await later.page.getByRole('button', { name: 'Show earlier' }).click()
    await expect.poll(() => later.exchanges.count(), patience).toBe(35)
    expect(await later.exchanges.locator('.bubble').allInnerTexts()).toEqual(
      server.studio.jobs().map(({ request }) => request.prompt),
    )
    expect(await later.page.getByRole('button', { name: 'Show earlier' }).isVisible()).toBe(false)
  })

  test('a picture that is no longer kept says so', async () => {
    const { studio, page: tab } = await start()
    await tab.send('a fox in the snow')
    await studio.turn(await tab.job(), { kind: 'result', pictures: [{ type: 'image/png', bytes: pngLike(200) }] })
    await tab.page.getByText('This picture is no longer kept').waitFor()
  })

  test('everything can be reached by keyboard, in the order that it is read', async () => {
    const { studio, page: tab } = await start()
    await tab.send('a fox in the snow')
    await studio.turn(await tab.job(), { kind: 'result', pictures: [picture] })
    await tab.page.getByRole('img', { name: 'Picture: a fox in the snow' }).waitFor()
    const names: (string | null)[] = []
    await tab.last.locator('button.frame').focus()
    for (let i = 0; i < 6; i += 1) {
      const focused = tab.page.locator(':focus')
      names.push((await focused.getAttribute('aria-label')) ?? (await focused.textContent()))
      await tab.page.keyboard.press('Tab')
    }
    expect(names).toEqual([
      'Open full size: Picture: a fox in the snow',
      'Edit',
      'Download',
      'Open full size',
      'Attach pictures',
      'Describe a picture…',
    ])
  })

  test('on a narrow screen nothing is cut off; dark is dark, and calm is still', async () => {
    const { studio, page: tab } = await start()
    const { page } = tab
    await page.setViewportSize({ width: 360, height: 640 })
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await tab.send(`${'long'.repeat(60)} --count 3 --ar 3:2`)
    await studio.turn(await tab.job(), { kind: 'running', elapsedMs: 1000, remainingMs: null, late: false })
    await page.locator('.waiting').first().waitFor()
    await tab.text.pressSequentially('--')
    await page.getByRole('option').first().waitFor()
    const look = await page.evaluate(`({
      overflow: [...document.querySelectorAll('body *')].filter((element) => {
        const { left, right } = element.getBoundingClientRect()
        return right - left > 1 && (left < -0.5 || right > innerWidth + 0.5)
      }).length,
      background: getComputedStyle(document.body).backgroundColor,
      animations: document.getAnimations().length,
    })`)
    expect(look).toEqual({ overflow: 0, background: 'rgb(19, 19, 22)', animations: 0 })
  })
})
