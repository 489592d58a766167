import { afterEach, expect, it } from 'vitest'
import { askFor, openWorld, recordReply, type World } from './world.ts'

let world: World
afterEach(() => world.close())

it('progress is paced by the jobs of the surface and by those of the same channel, until they are over', async () => {
  const crowds = new Set<string>()
  world = await openWorld({ surface: { onPace: (live, inChannel) => void crowds.add(`${live}, ${inChannel} here`) } })
  const process = world.start()
  for (const channel of ['a', 'b', 'b', 'b']) await process.studio.imagine({ ...askFor(world), channel }, recordReply())
  crowds.clear()
  await world.clock.advance(2_000)
  expect([...crowds].toSorted()).toEqual(['4, 1 here', '4, 3 here'])
  await world.clock.advance(600_000)
  crowds.clear()
  await process.studio.imagine({ ...askFor(world), channel: 'b' }, recordReply())
  await world.clock.advance(2_000)
  expect([...crowds]).toEqual(['1, 1 here'])
})
