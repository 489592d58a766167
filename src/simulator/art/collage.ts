import sharp, { type OverlayOptions, type Sharp } from 'sharp'
import { channels, mix } from './colour.ts'
import type { Palette } from './palette.ts'

export interface Area {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** The pictures handed in, changed as the prompt says and laid out over the area like prints on a table. */
export async function collage(
  pictures: readonly Uint8Array[],
  prompt: string,
  palette: Palette,
  area: Area,
): Promise<OverlayOptions[]> {
  const [only] = pictures
  const cells = pictures.length === 1 && only !== undefined ? [await whole(only, area)] : grid(pictures.length, area)
  const layers: OverlayOptions[] = []
  for (const [i, cell] of cells.entries()) {
    const picture = pictures[i]
    if (picture === undefined) continue
    const edge = Math.round(Math.min(cell.width, cell.height) * 0.035)
    layers.push(shadow(cell, edge, palette), await print(picture, prompt, palette, cell, edge))
  }
  return layers
}

/** One picture is shown whole, in the middle of the area. */
async function whole(picture: Uint8Array, area: Area): Promise<Area> {
  const { width = 1, height = 1 } = await sharp(picture).metadata()
  const scale = Math.min(area.width / width, area.height / height)
  const [wide, high] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  return {
    left: area.left + Math.round((area.width - wide) / 2),
    top: area.top + Math.round((area.height - high) / 2),
    width: wide,
    height: high,
  }
}

/** Rows of prints; the last row's are wider where it holds fewer. */
export function grid(count: number, area: Area): Area[] {
  const gap = Math.round(Math.min(area.width, area.height) * 0.022)
  const rows = rowsFor(count, area)
  const high = Math.floor((area.height - gap * (rows - 1)) / rows)
  return Array.from({ length: rows }, (_, row) => row).flatMap((row) => {
    const first = Math.floor((row * count) / rows)
    const inRow = Math.floor(((row + 1) * count) / rows) - first
    const wide = Math.floor((area.width - gap * (inRow - 1)) / inRow)
    return Array.from({ length: inRow }, (_, i) => ({
      left: area.left + i * (wide + gap),
      top: area.top + row * (high + gap),
      width: wide,
      height: high,
    }))
  })
}

function rowsFor(count: number, area: Area): number {
  // As near to square prints as the area allows.
  const rows = Math.round(Math.sqrt((count * area.height) / area.width))
  return Math.min(count, Math.max(1, rows))
}

function shadow(cell: Area, edge: number, palette: Palette): OverlayOptions {
  const spread = 14
  const rings = Array.from({ length: 6 }, (_, i) => {
    const by = (spread * (6 - i)) / 6
    return `<rect x="${spread - by}" y="${spread - by}" width="${cell.width + by * 2}" height="${cell.height + by * 2}" rx="${edge + by}" fill="${palette.deep}" opacity="0.09"/>`
  })
  const size = `width="${cell.width + spread * 2}" height="${cell.height + spread * 2}"`
  return {
    input: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${size}>${rings.join('')}</svg>`),
    left: cell.left - spread,
    top: cell.top - spread + 6,
  }
}

async function print(
  picture: Uint8Array,
  prompt: string,
  palette: Palette,
  cell: Area,
  edge: number,
): Promise<OverlayOptions> {
  const { width, height } = cell
  const fitted = sharp(picture).resize(width, height, { fit: 'cover', kernel: 'cubic' }).removeAlpha()
  const effect = effects.find(({ words }) => words.test(prompt))
  const changed = effect === undefined ? toned(fitted, palette) : effect.apply(fitted)
  const flat = await changed.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  const rounded = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="${width}" height="${height}" rx="${edge}"/></svg>`
  // A grey picture has one channel here, and may have two afterwards.
  const { data, info } = await sharp(flat.data, { raw: { width, height, channels: flat.info.channels } })
    .toColourspace('srgb')
    .ensureAlpha()
    .composite([{ input: Buffer.from(rounded), blend: 'dest-in' }])
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { input: data, raw: { width, height, channels: info.channels }, left: cell.left, top: cell.top }
}

/** Without other wishes a picture takes on the colours around it: its lights those of the sun, its shadows the deep ones. */
function toned(picture: Sharp, palette: Palette): Sharp {
  const white = channels(mix('#ffffff', palette.light, 0.42))
  const black = channels(mix('#000000', palette.tones[3] ?? palette.deep, 0.5))
  return picture.linear(
    white.map((high, i) => (high - (black[i] ?? 0)) / 255),
    [...black],
  )
}

interface Effect {
  /** Words of a prompt that ask for it. */
  readonly words: RegExp
  apply(picture: Sharp): Sharp
}

const sepia: [[number, number, number], [number, number, number], [number, number, number]] = [
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
]

const effects: readonly Effect[] = [
  {
    words: /\b(black[ -]and[ -]white|gr[ae]y ?scale|monochrome)\b|\bb&w\b/i,
    apply: (picture) => picture.greyscale().linear(1.15, -12),
  },
  { words: /\b(sepia|vintage|old photo\w*|retro)\b/i, apply: (picture) => picture.recomb(sepia) },
  { words: /\b(invert\w*|negative)\b/i, apply: (picture) => picture.negate({ alpha: false }) },
  { words: /\b(blur\w*|dreamy|out of focus)\b/i, apply: (picture) => picture.blur(9) },
  { words: /\bupside[ -]down\b/i, apply: (picture) => picture.flip() },
  { words: /\b(mirror\w*|flip\w*)\b/i, apply: (picture) => picture.flop() },
  {
    words: /\b(sketch|drawing|pencil|line art)\b/i,
    apply: (picture) =>
      picture
        .greyscale()
        .convolve({ width: 3, height: 3, kernel: [-1, -1, -1, -1, 8, -1, -1, -1, -1], scale: 1 })
        .linear(2.2, 0)
        .negate({ alpha: false }),
  },
  {
    words: /\b(bright\w*|lighter|sunny|daylight)\b/i,
    apply: (picture) => picture.modulate({ brightness: 1.3, saturation: 1.15 }),
  },
  {
    words: /\b(dark\w*|night|midnight)\b/i,
    apply: (picture) => picture.modulate({ brightness: 0.5, saturation: 0.8 }).tint('#9fb4ff'),
  },
]
