import { type Canvas, loop, type Point, tenth } from '../canvas.ts'
import { between, noiseOf } from '../chance.ts'
import { along, mix } from '../colour.ts'

/** Sheets of cut paper, one deeper than the other, around a glowing hollow. */
export function contours(canvas: Canvas): string {
  const { width, height, palette, random, detail } = canvas
  const noise = noiseOf(random)
  const [x, y] = [width * between(random, 0.36, 0.64), height * between(random, 0.3, 0.44)]
  const sheets = Math.round(8 + 4 * detail)
  const reach = Math.hypot(width, height) * 0.62
  const inward = random() < 0.5
  const layers = Array.from({ length: sheets }, (_, i) => {
    const share = i / sheets
    const radius = reach * (1 - share) ** 1.15 + Math.min(width, height) * 0.055
    const edge = loop(outline(noise, x, y, radius, share))
    const t = inward ? share : 1 - share
    const colour = along([palette.sky[2], ...palette.tones], t)
    const fill = i === sheets - 1 ? palette.accent : colour
    const lip = mix(fill, '#ffffff', 0.22)
    return `${shadow(edge, palette.deep)}<path d="${edge}" fill="${fill}" stroke="${lip}" stroke-width="1.5"/>`
  })
  const ground = along([palette.sky[2], ...palette.tones], inward ? 0 : 1)
  return `<rect width="${width}" height="${height}" fill="${ground}"/>${layers.join('')}`
}

function outline(
  noise: (x: number, y: number) => number,
  x: number,
  y: number,
  radius: number,
  level: number,
): Point[] {
  const corners = 72
  return Array.from({ length: corners }, (_, i): Point => {
    const angle = (i / corners) * Math.PI * 2
    const [u, v] = [Math.cos(angle), Math.sin(angle)]
    // Neighbouring levels look at neighbouring noise, so that their edges run side by side.
    const swing =
      noise(u * 1.3 + 8 + level * 1.1, v * 1.3 + 8) * 0.34 + noise(u * 3 + 30, v * 3 + 30 + level * 2) * 0.11
    const r = radius * (1 + swing)
    return [x + u * r, y + v * r]
  })
}

/** A soft shadow without a filter, which would cost more than all the rest of the picture. */
function shadow(edge: string, colour: string): string {
  return [16, 11, 7, 3]
    .map(
      (width) =>
        `<path d="${edge}" fill="none" stroke="${colour}" stroke-opacity="0.075" stroke-width="${tenth(width * 2)}" transform="translate(0 5)"/>`,
    )
    .join('')
}
