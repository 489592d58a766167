import { type Canvas, linear, type Point, polyline, radial, sky, tenth } from '../canvas.ts'
import { between, noiseOf } from '../chance.ts'
import { along, lightness, mix } from '../colour.ts'

/** Ridges one behind the other, paler with distance, under a sun or a moon. */
export function hills(canvas: Canvas): string {
  const layers = Math.round(5 + canvas.detail)
  const noise = noiseOf(canvas.random)
  const ridges = Array.from({ length: layers }, (_, i) => ridge(canvas, noise, i, layers))
  return [sky(canvas), heaven(canvas), ...ridges, flakes(canvas)].join('')
}

function heaven(canvas: Canvas): string {
  const { width, height, palette, random } = canvas
  const radius = Math.min(width, height) * between(random, 0.075, 0.125)
  const x = width * between(random, 0.2, 0.8)
  const y = height * between(random, 0.17, 0.3)
  const light = mix(palette.light, palette.sky[2], 0.5)
  const glow = radial('glow', [
    { at: 0, colour: light, opacity: 0.85 },
    { at: 0.4, colour: light, opacity: 0.3 },
    { at: 1, colour: light, opacity: 0 },
  ])
  const stars = lightness(palette.sky[0]) < 0.35 ? starsOf(canvas) : ''
  return `<defs>${glow}</defs>${stars}<circle cx="${tenth(x)}" cy="${tenth(y)}" r="${tenth(radius * 4.2)}" fill="url(#glow)"/><circle cx="${tenth(x)}" cy="${tenth(y)}" r="${tenth(radius)}" fill="${mix(palette.light, '#ffffff', 0.25)}"/>`
}

function starsOf({ width, height, random, detail }: Canvas): string {
  return Array.from({ length: Math.round(90 * detail) }, () => {
    const x = random() * width
    const y = random() ** 1.4 * height * 0.6
    return `<circle cx="${tenth(x)}" cy="${tenth(y)}" r="${tenth(between(random, 0.6, 2.1))}" fill="#fff" opacity="${tenth(between(random, 0.3, 0.9))}"/>`
  }).join('')
}

function ridge(canvas: Canvas, noise: (x: number, y: number) => number, i: number, layers: number): string {
  const { width, height, palette } = canvas
  const depth = i / (layers - 1)
  const base = height * (0.4 + depth * 0.46)
  const amplitude = height * (0.15 - depth * 0.07)
  const roughness = 1 + (1 - depth) * 1.4
  const crest = (x: number) => {
    const u = (x / width) * roughness * 1.9
    return base - amplitude * (noise(u, i * 7.3) + 0.45 * noise(u * 2.3, i * 3.1 + 20) + 0.12 * noise(u * 9, i + 40))
  }
  const step = width / Math.round(110 * canvas.detail)
  const points: Point[] = []
  for (let x = -step; x <= width + step; x += step) points.push([x, crest(x)])
  const colour = along(palette.tones, depth)
  const mist = mix(colour, palette.sky[2], 0.55 * (1 - depth))
  const fill = linear(`ridge${i}`, [
    { at: 0, colour },
    { at: 1, colour: mist },
  ])
  const trees = depth > 0.35 ? pines(canvas, crest, depth) : ''
  return `<defs>${fill}</defs><path d="${polyline(points)}L${width} ${height}L0 ${height}Z" fill="url(#ridge${i})"/><g fill="${colour}">${trees}</g>`
}

function pines({ width, height, random, detail }: Canvas, crest: (x: number) => number, depth: number): string {
  const tallest = height * (0.02 + depth * 0.075)
  const shapes: string[] = []
  let x = -between(random, 0, tallest)
  while (x < width) {
    // Trees stand in groups with clearings between them.
    x += random() < 0.12 ? between(random, 2, 7) * tallest : (between(random, 0.16, 0.6) * tallest) / Math.sqrt(detail)
    const tall = tallest * between(random, 0.5, 1)
    shapes.push(pine(x, crest(x) + tall * 0.06, tall))
  }
  return `<path d="${shapes.join('')}"/>`
}

function pine(x: number, foot: number, tall: number): string {
  const tiers = [0, 0.24, 0.46].map((lift, i) => {
    const half = tall * (0.2 - i * 0.045)
    const low = foot - tall * lift
    const top = foot - tall * (i === 2 ? 1 : lift + 0.46)
    return `M${tenth(x - half)} ${tenth(low)}L${tenth(x)} ${tenth(top)}L${tenth(x + half)} ${tenth(low)}Z`
  })
  return tiers.join('')
}

function flakes({ width, height, palette, random, detail }: Canvas): string {
  if (!palette.words.test('snow')) return ''
  return Array.from({ length: Math.round(130 * detail) }, () => {
    const near = random() ** 3
    return `<circle cx="${tenth(random() * width)}" cy="${tenth(random() * height)}" r="${tenth(1.2 + near * 5)}" fill="#fff" opacity="${tenth(0.85 - near * 0.4)}"/>`
  }).join('')
}
