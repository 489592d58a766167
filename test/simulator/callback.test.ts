import { expect, onTestFinished, test } from 'vitest'
import { html, json, redirect, reset, startApiServer } from '../fakes/api-server.ts'
import { dataOf, startRig } from './rig.ts'

async function listener() {
  const server = await startApiServer()
  onTestFinished(() => server.close())
  server.script(json(200, {}))
  return server
}

/** Lets what was woken reach the network and come back. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 60))

test('tells once when the task ends, with what a look would say', async () => {
  const rig = await startRig()
  const server = await listener()
  const id = await rig.take('A fox in the snow', { callback_url: `${server.origin}/hook?x=1` })
  await rig.clock.advance(1000)
  await settle()
  expect(server.seen).toHaveLength(0)
  await rig.clock.advance(9000)
  await server.arrived(1)
  const [seen] = server.seen
  expect(seen).toMatchObject({ method: 'POST', path: '/hook?x=1' })
  expect(seen?.headers['content-type']).toBe('application/json')
  expect(JSON.parse(seen?.body ?? '')).toEqual((await rig.look(id)).body)
  await rig.clock.advance(60_000)
  await settle()
  expect(server.seen).toHaveLength(1)
})

test('tells of failures, of its own and of inputs at once', async () => {
  const rig = await startRig()
  const server = await listener()
  const id = await rig.take('A fox [sim:fail]', { callback_url: server.origin })
  await rig.clock.advance(10_000)
  await server.arrived(1)
  expect(dataOf(JSON.parse(server.seen[0]?.body ?? ''))).toMatchObject({ task_id: id, status: 'failed' })
  await rig.take('A fox', { callback_url: server.origin, input_urls: ['http://127.0.0.1:1/a.png'] })
  await server.arrived(2)
  expect(dataOf(JSON.parse(server.seen[1]?.body ?? ''))).toMatchObject({ error: { code: 'image_unreachable' } })
})

test('tries three times, then gives up and says so', async () => {
  const rig = await startRig()
  const server = await listener()
  server.script(html(500), reset, redirect('http://127.0.0.1:1/'))
  await rig.take('A fox', { callback_url: `${server.origin}/secret-path` })
  while (!rig.log.lines.join().includes('callback not taken')) {
    await rig.clock.advance(1000)
    await settle()
  }
  expect(server.seen).toHaveLength(3)
  expect(rig.log.lines.join()).not.toContain('secret-path')
})

test('knocks at no other machine unless it is told to', async () => {
  const rig = await startRig()
  const id = await rig.take('A fox', { callback_url: 'http://169.254.169.254/latest' })
  await rig.clock.advance(10_000)
  await settle()
  expect(rig.log.lines.join()).toContain('callback not sent')
  expect(dataOf((await rig.look(id)).body).status).toBe('completed')
})

test('a simulator that stops tells nobody any more', async () => {
  const rig = await startRig()
  const server = await listener()
  await rig.take('A fox', { callback_url: server.origin })
  await rig.simulator.close()
  await rig.clock.advance(60_000)
  await settle()
  expect(server.seen).toHaveLength(0)
  expect(rig.log.lines.filter((line) => line.startsWith('error'))).toEqual([])
})
