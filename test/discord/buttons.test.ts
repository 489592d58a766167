import { expect, test } from 'vitest'
import { messagesFor } from '../../src/core/messages.ts'
import { imagine, messageOf, pictured, programWorld, quick, seen } from './program-world.ts'
import type { StandIn, StoredMessage } from './stand-in.ts'

const { labels } = messagesFor('en')

/** A press, and the message that it made. */
async function pressed(standIn: StandIn, message: StoredMessage, label: string, words: RegExp, as = {}) {
  const press = standIn.press(message, label, as)
  const screen = await seen(standIn, press, words)
  return { press, screen, message: messageOf(press) }
}

test('every button of a result, before and after a restart', { timeout: 180_000 }, async () => {
  await using world = await programWorld()
  const { standIn, start } = world
  const program = await start()
  const fox = imagine(standIn, `a fox in the snow ${quick}`)
  const own = imagine(standIn, `a private owl ${quick}`, { private: true })
  await seen(standIn, fox, pictured)
  const result = messageOf(fox)

  // Two presses of the same button are one picture.
  const again = standIn.press(result, labels.again)
  expect(await again.answered()).toBe(5)
  const twice = standIn.press(result, labels.again)
  expect(await seen(standIn, twice, /already on its way/)).toMatchObject({ ephemeral: true })
  // Anybody may press.
  const better = standIn.press(result, labels.upgrade, { name: 'bob' })
  const four = standIn.press(result, labels.variations, { name: 'cleo' })

  // For one's own eyes, until it is shared: exactly the same bytes, in the author's name.
  const hidden = await seen(standIn, own, pictured)
  expect(hidden.ephemeral).toBe(true)
  const before = new Set(standIn.world.messages.keys())
  expect(await standIn.press(messageOf(own), labels.share).answered()).toBe(6)
  const shared = await standIn.until(
    () => [...standIn.world.messages.values()].find(({ id, files }) => !before.has(id) && files.length === 1),
    'the share',
  )
  expect(standIn.screen(shared)).toMatchObject({ ephemeral: false, text: expect.stringContaining('Shared by ann') })
  expect(shared.files[0]?.bytes.equals(hidden.pictures[0]?.bytes ?? Buffer.alloc(0))).toBe(true)
  expect(shared.nonce).not.toBeNull()

  expect((await seen(standIn, again, pictured)).pictures).toHaveLength(1)
  const high = await seen(standIn, better, pictured)
  expect(high.text).toContain('high quality · 28 credits · Asked by bob')
  expect(high.buttons.map(({ label }) => label)).not.toContain(labels.upgrade)
  const variations = await seen(standIn, four, pictured)
  expect(variations.pictures).toHaveLength(4)
  expect(new Set(variations.pictures.map(({ bytes }) => bytes.toString('base64'))).size).toBe(4)

  // Buttons of old messages live on in a new process.
  await program.end()
  await start()
  const details = await pressed(standIn, messageOf(better), labels.details, /Number/, { name: 'dora' })
  expect(details.screen.ephemeral).toBe(true)
  expect(details.screen.text).toContain(`Made from a fox in the snow ${quick} (Made from words)`)
  expect(details.screen.text).toContain('Quality High (28 credits)')
  const third = await pressed(standIn, result, labels.again, pictured)
  expect(third.screen.pictures).toHaveLength(1)

  // Deleting: not by everybody.
  const stranger = standIn.press(result, labels.erase, { name: 'bob' })
  expect(await seen(standIn, stranger, /Only the person/)).toMatchObject({ ephemeral: true })
  expect(result.deleted).toBe(false)
  expect(await standIn.press(result, labels.erase).answered()).toBe(6)
  await standIn.until(() => result.deleted)
  expect(await standIn.press(shared, labels.erase, { name: 'mod', permissions: 8192n }).answered()).toBe(6)
  await standIn.until(() => shared.deleted)
  // What was made from it is still there, and so are its details.
  const orphan = await pressed(standIn, messageOf(better), labels.details, /Number/)
  expect(orphan.screen.text).toContain('Made from')
  expect([...standIn.world.messages.values()].flatMap(({ pings }) => pings)).toEqual([])
})
