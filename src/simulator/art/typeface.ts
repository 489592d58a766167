import { createRequire } from 'node:module'
import sharp from 'sharp'

/** One face of DejaVu (https://dejavu-fonts.github.io, free licence): brought along, for slim machines have no fonts. */
export interface Typeface {
  /** As Pango names it. */
  readonly name: string
  readonly file: string
}

const require = createRequire(import.meta.url)

export interface Typefaces {
  /** For few words, set large. */
  readonly display: readonly [Typeface, ...Typeface[]]
  /** For many words. */
  readonly text: Typeface
}

/**
 * Makes the faces known to the text renderer, always in the same order: what a face lacks (Arabic in a serif) is then
 * taken from the same other one, whatever was drawn before, and a picture drawn again has the same bytes.
 */
export async function loadTypefaces(): Promise<Typefaces> {
  const sans = { name: 'DejaVu Sans', file: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf') }
  const sansBold = { name: 'DejaVu Sans Bold', file: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf') }
  const condensed = {
    name: 'DejaVu Sans Condensed',
    file: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf'),
  }
  const condensedBold = {
    name: 'DejaVu Sans Condensed Bold',
    file: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf'),
  }
  const serifBold = { name: 'DejaVu Serif Bold', file: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSerif-Bold.ttf') }
  const serifCondensedBold = {
    name: 'DejaVu Serif Condensed Bold',
    file: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSerifCondensed-Bold.ttf'),
  }
  for (const { name, file } of [sans, sansBold, condensed, condensedBold, serifBold, serifCondensedBold]) {
    await sharp({ text: { text: 'a', font: name, fontfile: file } })
      .raw()
      .toBuffer()
  }
  return { display: [condensedBold, serifCondensedBold, sansBold, serifBold], text: condensed }
}
