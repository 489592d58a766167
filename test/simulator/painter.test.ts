import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { chanceOf } from '../../src/simulator/art/chance.ts'
import { type Commission, createPainter } from '../../src/simulator/art/painter.ts'
import { decodedSize } from './decoded.ts'

const painter = createPainter()
const paint = (given: Partial<Commission>) =>
  painter.paint({ prompt: 'A fox in the snow', ratio: '1:1', quality: 'medium', variation: 'a', inputs: [], ...given })

describe('a picture', () => {
  test.each([
    ['1:1', 1024, 1024],
    ['2:3', 1024, 1536],
    ['3:2', 1536, 1024],
  ] as const)('%s is %d × %d PNG', async (ratio, width, height) => {
    expect(await decodedSize(await paint({ ratio }))).toEqual({ format: 'png', width, height })
  })

  test('is the same each time, and another for another task, prompt or quality', async () => {
    const first = await paint({})
    expect((await paint({})).equals(first)).toBe(true)
    for (const other of [{ variation: 'b' }, { prompt: 'A fox in the rain' }, { quality: 'high' }] as const)
      expect(await difference(await paint(other), first)).toBeGreaterThan(2)
  })

  test('of high quality has more detail', async () => {
    expect((await paint({ quality: 'high' })).length).toBeGreaterThan((await paint({})).length)
  })

  test('comes in all kinds: prompts that name nothing are spread over scenes and palettes', async () => {
    // The upper left corner has no words: alike corners mean the same scene in the same colours.
    const corners = new Set<string>()
    for (let i = 0; i < 8; i += 1) {
      const png = await paint({ prompt: `qwerty ${i}` })
      const { channels } = await sharp(png).extract({ left: 0, top: 0, width: 512, height: 400 }).stats()
      corners.add(channels.map(({ mean }) => Math.round(mean / 8)).join())
    }
    expect(corners.size).toBeGreaterThan(4)
  })
})

test('chance is even, and the same for the same words', () => {
  const random = chanceOf('a', 'b')
  const again = chanceOf('a', 'b')
  const numbers = Array.from({ length: 4000 }, () => random())
  expect(numbers).toEqual(Array.from({ length: 4000 }, () => again()))
  expect(chanceOf('ab')()).not.toBe(chanceOf('a', 'b')())
  const mean = numbers.reduce((sum, n) => sum + n, 0) / numbers.length
  expect(mean).toBeGreaterThan(0.47)
  expect(mean).toBeLessThan(0.53)
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...numbers)).toBeLessThan(1)
})

/** Mean difference of the channels, 0–255. */
async function difference(a: Buffer, b: Buffer): Promise<number> {
  const [one, other] = await Promise.all([a, b].map((png) => sharp(png).removeAlpha().raw().toBuffer()))
  if (one === undefined || other === undefined || one.length !== other.length) return 255
  let sum = 0
  for (let i = 0; i < one.length; i += 1) sum += Math.abs((one[i] ?? 0) - (other[i] ?? 0))
  return sum / one.length
}
