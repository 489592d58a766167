import { type Canvas, type Point, polyline } from '../canvas.ts'
import { between, noiseOf } from '../chance.ts'
import { along, mix } from '../colour.ts'

/** Cut glass: the plane split around scattered points, light running across it. */
export function shards(canvas: Canvas): string {
  const { width, height, palette, random, detail } = canvas
  const noise = noiseOf(random)
  const angle = between(random, 0, Math.PI * 2)
  const pitch = Math.min(width, height) / Math.round(12 * Math.sqrt(detail))
  const sites = scatter(canvas, pitch)
  const reach = Math.max(width, height)
  const pieces = sites.map(([x, y], i) => {
    const across = ((x / width - 0.5) * Math.cos(angle) + (y / height - 0.5) * Math.sin(angle)) * 1.05 + 0.5
    const t = across + noise((x / reach) * 4, (y / reach) * 4) * 0.24 + between(random, -0.07, 0.07)
    const base = random() < 0.035 ? palette.accent : along([palette.sky[2], ...palette.tones], t)
    const lit = mix(base, '#ffffff', between(random, 0, 0.16))
    const near = sites.filter(([ox, oy], j) => j !== i && Math.hypot(ox - x, oy - y) < pitch * 3.4)
    const cell = near.reduce<readonly Point[]>((shape, site) => cut(shape, [x, y], site), frame(width, height))
    if (cell.length < 3) return ''
    // Half of each piece a little deeper gives it a ridge.
    const ridge = cut(cell, [x, y], [x + between(random, -60, 60), y + between(random, -60, 60)])
    const shade = ridge.length > 2 ? `<path d="${polyline(ridge)}Z" fill="${mix(base, palette.deep, 0.14)}"/>` : ''
    return `<path d="${polyline(cell)}Z" fill="${lit}"/>${shade}<path d="${polyline(cell)}Z" class="e"/>`
  })
  const style = `<style>.e{fill:none;stroke:${mix(palette.sky[2], '#ffffff', 0.4)};stroke-width:1.6;stroke-opacity:.55;stroke-linejoin:round}</style>`
  return `${style}<rect width="${width}" height="${height}" fill="${palette.sky[1]}"/>${pieces.join('')}`
}

/** A jittered grid: scattered, but nowhere bare. */
function scatter({ width, height, random }: Canvas, pitch: number): Point[] {
  const points: Point[] = []
  for (let y = -pitch / 2; y < height + pitch; y += pitch) {
    for (let x = -pitch / 2; x < width + pitch; x += pitch) {
      // Some are left out, so that the pieces differ in size.
      if (random() < 0.3) continue
      points.push([x + between(random, -0.48, 0.48) * pitch, y + between(random, -0.48, 0.48) * pitch])
    }
  }
  return points
}

function frame(width: number, height: number): Point[] {
  return [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ]
}

/** The part of a convex shape that is nearer to `own` than to `other`. */
function cut(shape: readonly Point[], own: Point, other: Point): Point[] {
  const nx = other[0] - own[0]
  const ny = other[1] - own[1]
  const limit = (nx * (own[0] + other[0]) + ny * (own[1] + other[1])) / 2
  const excess = ([x, y]: Point) => nx * x + ny * y - limit
  return shape.flatMap((from, i): Point[] => {
    const to = shape[(i + 1) % shape.length] ?? from
    const [a, b] = [excess(from), excess(to)]
    const kept: Point[] = a <= 0 ? [from] : []
    if (a <= 0 === b <= 0) return kept
    const t = a / (a - b)
    return [...kept, [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t]]
  })
}
