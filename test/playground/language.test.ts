import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalogue, messagesFor } from '../../src/core/messages.ts'
import { type PlaygroundServer, startPlayground } from './server.ts'

let server: PlaygroundServer
beforeAll(async () => {
  server = await startPlayground()
})
afterAll(() => server.close())

const get = (language: string, headers: Record<string, string> = {}) =>
  fetch(server.origin, { headers: { 'accept-language': language, ...headers } })

test.each(Object.entries(catalogue))('the page is in %s, and its scripts find every word', async (tag, { page }) => {
  const html = await (await get(`${tag};q=0.9, xx`)).text()
  expect(html).toContain(`<html lang="${tag}">`)
  for (const word of [page.welcome, page.howTo, page.simulated, page.needsScript]) expect(html).toContain(`>${word}<`)
  expect(html).not.toMatch(/\{\{|undefined/)
  const [, words = ''] = /<template id="words">(.*)<\/template>/.exec(html) ?? []
  expect(JSON.parse(words)).toEqual(page)
})

test('a page that the browser has is not sent again, and another language is', async () => {
  const german = await get('de-DE')
  expect(german.headers.get('vary')).toMatch(/accept-language/i)
  const etag = german.headers.get('etag') ?? ''
  expect((await get('de', { 'if-none-match': etag })).status).toBe(304)
  const french = await get('fr', { 'if-none-match': etag })
  expect(french.status).toBe(200)
  expect(await french.text()).toContain(messagesFor('fr').page.welcome)
})
