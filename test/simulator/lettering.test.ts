import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isRightToLeft, letter, wordsOf } from '../../src/simulator/art/lettering.ts'
import { type Commission, createPainter } from '../../src/simulator/art/painter.ts'
import { loadTypefaces } from '../../src/simulator/art/typeface.ts'
import { decodedSize } from './decoded.ts'

const painter = createPainter()
const paint = (given: Partial<Commission>) =>
  painter.paint({ prompt: 'A fox in the snow', ratio: '1:1', quality: 'medium', variation: 'a', inputs: [], ...given })

describe('the words', () => {
  test.each([
    ['Latin', 'A fox in the snow'],
    ['Greek', 'Μια αλεπού στο χιόνι'],
    ['Cyrillic', 'Лиса в снегу'],
    ['Arabic', 'ثعلب في الثلج'],
    ['Hebrew', 'שועל בשלג'],
    ['Armenian', 'Աղվեսը ձյան մեջ'],
    ['Georgian', 'მელა თოვლში'],
    ['markup', '<b>fox</b> & <i>"friends"</i> &amp; </span>'],
    ['an emoji between words', 'a 🦊 fox'],
    ['5,000 characters', 'A fox & a <hare>. '.repeat(278).slice(0, 5000)],
    ['one endless word', 'x'.repeat(400)],
    ['lines', 'A fox\r\nin\t the\n\n\n\nsnow'],
  ])('stand in the picture: %s', async (_name, prompt) => {
    const words = await inkOf(prompt)
    expect(words.share).toBeGreaterThan(0.04)
    const png = await paint({ prompt })
    // Letters are pure white on a darkened ground, at the height where the words stand.
    expect(await whiteShare(png, words.height)).toBeGreaterThan(0.01)
  })

  test.each([
    ['controls', 'a\u0000b\u0007c\u001b[31m\u009f\ufffe'],
    ['half a surrogate pair', 'fox \ud83e and \udd8a'],
    ['Chinese', '狐狸在雪中'],
    ['emoji alone', '🦊🦊🦊'],
    ['flags and families', '🇩🇪 👩‍👩‍👧‍👦 👍🏽'],
    ['nothing to be seen', '\u200b\u200b\u200b'],
    ['marks alone', '\u0301\u0301\u0301'],
    ['bidirectional overrides', '\u202efox\u202c'],
    ['entities', '&#0; &#x1F; &bogus;'],
    ['a million laughs', '&lol9;'.repeat(800)],
  ])('that can’t be set do no harm: %s', async (_name, prompt) => {
    expect(await decodedSize(await paint({ prompt }))).toEqual({ format: 'png', width: 1024, height: 1024 })
  })

  test('are cleaned for setting, and nothing else is lost', () => {
    expect(wordsOf(' a  fox\r\n\n\n\nin\t🦊 the 👩‍👩‍👧 snow ☃ é ')).toBe('a fox\n\nin the snow ☃ é')
    expect(wordsOf('🦊🦊')).toBe('')
    expect(wordsOf('١٢٣ – ½ № <&>')).toBe('١٢٣ – ½ № <&>')
  })

  test('know their direction by their first letter', () => {
    expect(['שועל fox', '«ثعلب»', '12 שועל'].map(isRightToLeft)).toEqual([true, true, true])
    expect(['fox שועל', 'лиса', '123'].map(isRightToLeft)).toEqual([false, false, false])
  })

  test('fit their box, in lines of about equal length', async () => {
    const { display } = await loadTypefaces()
    const box = { width: 890, height: 300, largest: 88 }
    for (const words of ['fox', 'A fox in the snow at night with a very bright moon', 'W'.repeat(300)]) {
      const set = await letter(words, display[0], box)
      expect(set?.width).toBeLessThanOrEqual(box.width)
      expect(set?.height).toBeLessThanOrEqual(box.height)
    }
    const small = { ...box, largest: 56 }
    const full = await letter('A fox in the snow at night', display[0], small)
    const two = await letter('A fox in the snow at night and another', display[0], small)
    // Not one full line and a single word below it: the second line takes some of the first one's.
    expect(two?.height).toBeGreaterThan((full?.height ?? 0) * 1.5)
    expect(two?.width).toBeLessThan((full?.width ?? 0) * 0.95)
  })
})

test('needs no fonts of the machine', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fontless-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const conf = join(dir, 'fonts.conf')
  writeFileSync(conf, '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>')
  // Words of four letters: without a font each letter is the same box, and so is each word.
  const script = `
    import { letter } from './src/simulator/art/lettering.ts'
    import { loadTypefaces } from './src/simulator/art/typeface.ts'
    const { display } = await loadTypefaces()
    for (const face of display)
      for (const words of ['Foxy', 'Αλεπ', 'Лиса', 'ثعلب', 'שועל', 'მელა', 'Աղվե']) {
        const { pixels, width, height } = await letter(words, face, { width: 800, height: 200, largest: 80 })
        const ink = pixels.filter((value, i) => i % 4 === 3 && value > 128).length
        process.stdout.write(width + 'x' + height + ' ' + ink + '\\n')
      }`
  const lines = (env: Record<string, string>) => {
    const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      cwd: join(import.meta.dirname, '../..'),
      env: { PATH: process.env.PATH ?? '', HOME: dir, XDG_CACHE_HOME: dir, ...env },
      encoding: 'utf8',
    })
    expect(run.status, run.stderr).toBe(0)
    return run.stdout.trim().split('\n')
  }
  for (const env of [{ FONTCONFIG_FILE: conf }, { FONTCONFIG_FILE: join(dir, 'none'), FONTCONFIG_PATH: dir }]) {
    const measured = lines(env)
    expect(measured).toHaveLength(28)
    for (let face = 0; face < 4; face += 1) expect(new Set(measured.slice(face * 7, face * 7 + 7)).size).toBe(7)
  }
})

async function inkOf(prompt: string): Promise<{ share: number; height: number }> {
  const { text } = await loadTypefaces()
  const set = await letter(wordsOf(prompt), text, { width: 890, height: 860, largest: 88 })
  if (set === null) return { share: 0, height: 0 }
  let ink = 0
  for (let i = 3; i < set.pixels.length; i += 4) if ((set.pixels[i] ?? 0) > 128) ink += 1
  return { share: ink / (set.width * set.height), height: set.height }
}

async function whiteShare(png: Buffer, height: number): Promise<number> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const from = Math.max(0, info.height - 67 - height) * info.width
  let white = 0
  for (let i = from; i < info.width * info.height; i += 1)
    if ((data[i * 3] ?? 0) > 250 && (data[i * 3 + 1] ?? 0) > 250 && (data[i * 3 + 2] ?? 0) > 250) white += 1
  return white / (info.width * info.height - from)
}
