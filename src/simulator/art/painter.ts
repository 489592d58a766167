import sharp, { type OverlayOptions } from 'sharp'
import type { AspectRatio, Quality } from '../../core/request.ts'
import { type Canvas, linear, type Scene } from './canvas.ts'
import { chanceOf, pick } from './chance.ts'
import { type Area, collage } from './collage.ts'
import { type Box, isRightToLeft, type Lettering, letter, wordsOf } from './lettering.ts'
import { type Palette, palettes } from './palette.ts'
import { bloom } from './scenes/bloom.ts'
import { bubbles } from './scenes/bubbles.ts'
import { contours } from './scenes/contours.ts'
import { hills } from './scenes/hills.ts'
import { ribbons } from './scenes/ribbons.ts'
import { shards } from './scenes/shards.ts'
import { tide } from './scenes/tide.ts'
import { tiles } from './scenes/tiles.ts'
import { loadTypefaces, type Typefaces } from './typeface.ts'

/** What a picture is drawn from; the same commission gives the same bytes. */
export interface Commission {
  readonly prompt: string
  readonly ratio: AspectRatio
  readonly quality: Quality
  /** Tells pictures of the same prompt apart. */
  readonly variation: string
  /** PNG, JPEG or WebP. */
  readonly inputs: readonly Uint8Array[]
}

export interface Painter {
  /** The finished PNG. */
  paint(commission: Commission): Promise<Buffer>
}

/** Sizes of GPT Image in pixels (https://platform.openai.com/docs/guides/image-generation). */
export const sizes: Readonly<Record<AspectRatio, Size>> = {
  '1:1': { width: 1024, height: 1024 },
  '2:3': { width: 1024, height: 1536 },
  '3:2': { width: 1536, height: 1024 },
}

const scenes: readonly [SceneChoice, ...SceneChoice[]] = [
  {
    words: /\b(mountain|hill|snow\w*|forest|tree|fox\w*|deer|wolf|bear|owl|landscape|valley|village|castle|cabin)s?\b/i,
    scene: hills,
  },
  {
    words: /\b(sea|ocean|wave|beach|boat|ship|river|lake|harbou?r|fish|whale|sunset|sunrise|island)s?\b/i,
    scene: tide,
  },
  { words: /\b(wind\w*|music\w*|hair|silk|dream\w*|fire|dragon|dance\w*|storm\w*|smoke|aurora)s?\b/i, scene: ribbons },
  { words: /\b(planet|space|galaxy|bubble|ball|balloon|candy|soap|party|marble)s?\b/i, scene: bubbles },
  { words: /\b(glass|crystal|diamond|ice|city|robot\w*|skyscraper|mosaic|cyberpunk|gem)s?\b/i, scene: shards },
  { words: /\b(paper|map|canyon|desert|cave|layer\w*|island|topograph\w*|portal)s?\b/i, scene: contours },
  { words: /\b(logo|pattern|bauhaus|geometric|poster|icon|tile|quilt|retro|typography|coffee)s?\b/i, scene: tiles },
  { words: /\b(flower\w*|garden|rose|blossom|bouquet|tulip|sunflower|butterfl\w+|spring|lotus)s?\b/i, scene: bloom },
]

interface SceneChoice {
  /** Words of a prompt that ask for it. */
  readonly words: RegExp
  readonly scene: Scene
}

export function createPainter(): Painter {
  let typefaces: Promise<Typefaces> | undefined
  return {
    paint: async (commission) => {
      typefaces ??= loadTypefaces()
      return paint(commission, await typefaces)
    },
  }
}

async function paint(commission: Commission, typefaces: Typefaces): Promise<Buffer> {
  const { prompt, ratio, quality, inputs } = commission
  const size = sizes[ratio]
  // Colours, composition and face belong to the prompt; the rest differs from one of its pictures to the next.
  const taste = chanceOf(prompt)
  const palette = asked(palettes, prompt) ?? pick(taste, palettes)
  const { scene } = asked(scenes, prompt) ?? pick(taste, scenes)
  const words = wordsOf(prompt)
  const face = words.length > 160 ? typefaces.text : pick(taste, typefaces.display)
  const lettering = await letter(words, face, boxFor(words, size, inputs.length > 0))
  const canvas: Canvas = {
    ...size,
    palette,
    random: chanceOf(prompt, commission.variation),
    detail: quality === 'high' ? 1.7 : 1,
  }
  const layout = layOut(size, lettering, words)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">${scene(canvas)}${scrim(canvas, layout)}</svg>`
  const prints = inputs.length === 0 ? [] : await collage(inputs, prompt, palette, layout.free)
  return sharp(Buffer.from(svg))
    .removeAlpha()
    .composite([...prints, ...overlay(lettering, layout)])
    .png({ compressionLevel: 6 })
    .toBuffer()
}

function asked<T extends { readonly words: RegExp }>(choices: readonly T[], prompt: string): T | undefined {
  return choices.find(({ words }) => words.test(prompt))
}

interface Size {
  readonly width: number
  readonly height: number
}

interface Layout {
  /** Where the words stand. */
  readonly text: Area
  /** What is left above them. */
  readonly free: Area
}

function marginOf({ width, height }: Size): number {
  return Math.round(Math.min(width, height) * 0.065)
}

/** By the number of characters: the share of the height that words may take, and the size of their letters by the shorter side. */
const settings: readonly [Setting, ...Setting[]] = [
  { upTo: 48, share: 0.26, largest: 0.086 },
  { upTo: 100, share: 0.32, largest: 0.066 },
  { upTo: 160, share: 0.34, largest: 0.054 },
  { upTo: 600, share: 0.46, largest: 0.042 },
  { upTo: Number.POSITIVE_INFINITY, share: 0.84, largest: 0.034 },
]
/** The words of an edit leave room for its pictures. */
const editSetting = { share: 0.4, largest: 0.06 }

interface Setting {
  readonly upTo: number
  readonly share: number
  readonly largest: number
}

function boxFor(words: string, size: Size, editing: boolean): Box {
  const { share, largest } = settings.find(({ upTo }) => words.length <= upTo) ?? settings[0]
  const margin = marginOf(size)
  const side = Math.min(size.width, size.height)
  return {
    width: size.width - margin * 2,
    height: Math.round(size.height * (editing ? Math.min(share, editSetting.share) : share)),
    largest: side * (editing ? Math.min(largest, editSetting.largest) : largest),
  }
}

function layOut(size: Size, lettering: Lettering | null, words: string): Layout {
  const margin = marginOf(size)
  const { width, height } = lettering ?? { width: 0, height: 0 }
  const top = size.height - margin - height
  const left = isRightToLeft(words) ? size.width - margin - width : margin
  return {
    text: { left, top, width, height },
    free: { left: margin, top: margin, width: size.width - margin * 2, height: Math.max(margin, top - margin * 2.1) },
  }
}

/** Darkens the ground under the words: the more of them, the more. */
function scrim({ width, height, palette }: Size & { readonly palette: Palette }, { text }: Layout): string {
  if (text.height === 0) return ''
  const top = Math.max(0, text.top - height * 0.26)
  const reach = height - top
  // Where the words begin it must be dark enough for them, the more so the smaller they are.
  const begin = (text.top - top) / reach
  const heavier = Math.min(1, Math.max(0, (text.height / height - 0.3) / 0.3))
  const gradient = linear('scrim', [
    { at: 0, colour: palette.deep, opacity: 0 },
    { at: begin * 0.4, colour: palette.deep, opacity: 0.12 + heavier * 0.2 },
    { at: begin, colour: palette.deep, opacity: 0.5 + heavier * 0.24 },
    { at: (1 + begin) / 2, colour: palette.deep, opacity: 0.76 + heavier * 0.06 },
    { at: 1, colour: palette.deep, opacity: 0.88 },
  ])
  return `<defs>${gradient}</defs><rect y="${top}" width="${width}" height="${reach}" fill="url(#scrim)"/>`
}

function overlay(lettering: Lettering | null, { text }: Layout): OverlayOptions[] {
  if (lettering === null) return []
  const raw = { width: lettering.width, height: lettering.height, channels: 4 as const }
  return [{ input: lettering.pixels, raw, left: text.left, top: text.top }]
}
