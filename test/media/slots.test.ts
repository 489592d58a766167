import { expect, it } from 'vitest'
import { createSlots } from '../../src/media/slots.ts'

const never = new AbortController().signal

it('runs so many at once, the others in order', async () => {
  const slots = createSlots(2)
  const log: string[] = []
  const doors = [0, 1, 2, 3].map(() => Promise.withResolvers<void>())
  const runs = doors.map(({ promise }, i) =>
    slots.run(never, async () => {
      log.push(`+${i}`)
      await promise
      log.push(`-${i}`)
    }),
  )
  await Promise.resolve()
  expect(log).toEqual(['+0', '+1'])
  doors[1]?.resolve()
  await runs[1]
  doors[2]?.resolve()
  await runs[2]
  for (const door of doors) door.resolve()
  await Promise.all(runs)
  expect(log).toEqual(['+0', '+1', '-1', '+2', '-2', '+3', '-0', '-3'])
})

it('gives a slot back when a task fails', async () => {
  const slots = createSlots(1)
  await expect(slots.run(never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await slots.run(never, async () => 'next')).toBe('next')
})

it('is given back by whoever took it, when that is done', async () => {
  const slots = createSlots(1)
  const done = await slots.take(never)
  let second = false
  const taking = slots.take(never).then((give) => {
    second = true
    return give
  })
  await Promise.resolve()
  expect(second).toBe(false)
  done()
  ;(await taking)()
  expect(await slots.run(never, async () => 'free')).toBe('free')
})

it('leaves the line when the signal aborts, and the line goes on', async () => {
  const slots = createSlots(1)
  const door = Promise.withResolvers<void>()
  const first = slots.run(never, () => door.promise)
  const stop = new AbortController()
  const second = slots.run(stop.signal, async () => 'never')
  const third = slots.run(never, async () => 'third')
  stop.abort(new Error('enough'))
  await expect(second).rejects.toThrow('enough')
  door.resolve()
  await first
  expect(await third).toBe('third')
  await expect(slots.run(stop.signal, async () => 'never')).rejects.toThrow('enough')
})
