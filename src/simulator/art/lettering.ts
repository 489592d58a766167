import sharp from 'sharp'
import type { Typeface } from './typeface.ts'

/** Words as white RGBA pixels on nothing. */
export interface Lettering {
  readonly pixels: Buffer
  readonly width: number
  readonly height: number
}

export interface Box {
  readonly width: number
  readonly height: number
  /** Size of the letters at most, in pixels. */
  readonly largest: number
}

// The size is always 12 points; the resolution scales it.
const points = 12
const pointsPerInch = 72
const widthsTried = [0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58]

/** The prompt as it is set: printable, wrappable, without pictographs that no bundled face has. Empty if nothing is left. */
export function wordsOf(prompt: string): string {
  const text = prompt
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    // XML, and with it Pango's markup, knows no control characters and no noncharacters.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, ' ')
    .replace(
      /(?:\p{Emoji_Presentation}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u{e0020}-\u{e007f}])\ufe0f?\u200d?/gu,
      '',
    )
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(text) ? text : ''
}

/** Whether the text is written from right to left, by its first letter. */
export function isRightToLeft(text: string): boolean {
  const [first] = /\p{L}/u.exec(text) ?? []
  return (
    first !== undefined &&
    /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(first)
  )
}

/** Sets `words` as large as the box allows. Null where there is nothing to be seen. */
export async function letter(words: string, face: Typeface, box: Box): Promise<Lettering | null> {
  if (words === '') return null
  const markup = `<span foreground="white">${escaped(breakable(words))}</span>`
  const { height, largest } = box
  const fitted = await render(markup, face, { width: box.width, height })
  const resolution = Math.min(fitted.resolution, (largest * pointsPerInch) / points)
  if (words.length > 200)
    return fitted.resolution === resolution ? fitted : render(markup, face, { width: box.width, resolution })
  return balanced(markup, face, box.width, resolution)
}

/** Lines of about equal length: the narrowest block that needs no more lines. */
async function balanced(markup: string, face: Typeface, width: number, resolution: number): Promise<Lettering> {
  let best = await render(markup, face, { width, resolution })
  const lineHeight = (resolution / pointsPerInch) * points
  for (const share of widthsTried) {
    const narrower = await render(markup, face, { width: Math.round(width * share), resolution })
    if (narrower.height > best.height + lineHeight / 2 || narrower.width > width * share) break
    best = narrower
  }
  return best
}

type Fit = { readonly width: number } & ({ readonly height: number } | { readonly resolution: number })

async function render(markup: string, face: Typeface, fit: Fit): Promise<Lettering & { readonly resolution: number }> {
  const size = 'height' in fit ? { height: fit.height } : { dpi: Math.max(1, Math.round(fit.resolution)) }
  const { data, info } = await sharp({
    text: {
      text: markup,
      font: `${face.name} ${points}`,
      fontfile: face.file,
      width: fit.width,
      ...size,
      rgba: true,
      wrap: 'word',
      spacing: 2,
    },
  })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const resolution = 'height' in fit ? (info.textAutofitDpi ?? pointsPerInch) : fit.resolution
  return { pixels: data, width: info.width, height: info.height, resolution }
}

/** A word longer than a line (an address) may break anywhere; else it would make all the others tiny. */
function breakable(words: string): string {
  return words.replace(/\S{25,}/gu, (long) => [...long].join('\u200b'))
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
