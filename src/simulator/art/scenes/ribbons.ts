import { type Canvas, type Point, sky, tenth } from '../canvas.ts'
import { between, noiseOf } from '../chance.ts'
import { along, mix } from '../colour.ts'

/** Ribbons that follow an unseen current. */
export function ribbons(canvas: Canvas): string {
  const { width, height, palette, random, detail } = canvas
  const noise = noiseOf(random)
  const turn = between(random, -0.7, 0.7)
  const scale = between(random, 1.1, 1.9) / Math.max(width, height)
  const current = (x: number, y: number) =>
    turn + noise(x * scale * 1.6, y * scale * 1.6) * 2.1 + noise(x * scale * 4, y * scale * 4 + 30) * 0.35
  const count = Math.round(210 * detail)
  const widest = Math.min(width, height) * 0.05
  const paths = Array.from({ length: count }, (_, i) => {
    const share = i / count
    // Broad and calm ones lie below, fine and bright ones above.
    const thick = widest * (1 - share) ** 2 * between(random, 0.6, 1.3) + 1.5
    const points = trace(current, between(random, -0.15, 1) * width, random() * height, width)
    const tone = mix(along(palette.tones, between(random, 0, 0.85)), palette.sky[2], 0.3 * (1 - share))
    const colour = random() < 0.07 ? palette.accent : tone
    return `<path d="${smooth(points)}" stroke="${colour}" stroke-width="${tenth(thick)}" opacity="${tenth(0.9 - share * 0.2)}"/>`
  })
  const ground = `<rect width="${width}" height="${height}" fill="${palette.deep}" opacity="0.12"/>`
  return `${sky(canvas)}${ground}<g fill="none" stroke-linecap="round">${paths.join('')}</g>`
}

function trace(current: (x: number, y: number) => number, x: number, y: number, width: number): Point[] {
  const points: Point[] = [[x, y]]
  const stride = width / 26
  let [atX, atY] = [x, y]
  for (let i = 0; i < 24; i += 1) {
    const angle = current(atX, atY)
    atX += Math.cos(angle) * stride
    atY += Math.sin(angle) * stride
    points.push([atX, atY])
  }
  return points
}

function smooth(points: readonly Point[]): string {
  return points
    .map(([x, y], i) => {
      if (i === 0) return `M${tenth(x)} ${tenth(y)}`
      const [fromX, fromY] = points[i - 1] ?? [x, y]
      return `Q${tenth(fromX)} ${tenth(fromY)} ${tenth((fromX + x) / 2)} ${tenth((fromY + y) / 2)}`
    })
    .join('')
}
