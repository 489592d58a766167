import { type Canvas, radial, sky, tenth } from '../canvas.ts'
import { between } from '../chance.ts'
import { along, mix } from '../colour.ts'

interface Circle {
  readonly x: number
  readonly y: number
  readonly r: number
}

/** Balls packed side by side, lit from one corner. */
export function bubbles(canvas: Canvas): string {
  const { palette, random } = canvas
  const shades = 7
  const light = random() < 0.5 ? 0.32 : 0.68
  const defs = Array.from({ length: shades }, (_, i) => {
    const colour = i === shades - 1 ? palette.accent : along(palette.tones, (i / (shades - 2)) * 0.9)
    return radial(
      `ball${i}`,
      [
        { at: 0, colour: mix(colour, '#ffffff', 0.62) },
        { at: 0.35, colour: mix(colour, '#ffffff', 0.12) },
        { at: 0.8, colour },
        { at: 1, colour: mix(colour, palette.deep, 0.38) },
      ],
      light,
      0.28,
    )
  })
  const balls = pack(canvas).map(({ x, y, r }) => {
    const shade = random() < 0.09 ? shades - 1 : Math.floor(random() * (shades - 1))
    const drop = `<ellipse cx="${tenth(x - (light - 0.5) * r * 0.5)}" cy="${tenth(y + r * 0.16)}" rx="${tenth(r * 1.02)}" ry="${tenth(r)}" fill="${palette.deep}" opacity="0.16"/>`
    const ring = `<circle cx="${tenth(x)}" cy="${tenth(y)}" r="${tenth(r * 0.82)}" fill="none" stroke="#fff" stroke-opacity="0.16" stroke-width="${tenth(r * 0.03)}"/>`
    return `${drop}<circle cx="${tenth(x)}" cy="${tenth(y)}" r="${tenth(r)}" fill="url(#ball${shade})"/>${r > 34 ? ring : ''}`
  })
  return `${sky(canvas)}<defs>${defs.join('')}</defs>${balls.join('')}`
}

function pack({ width, height, random, detail }: Canvas): Circle[] {
  const side = Math.min(width, height)
  const circles: Circle[] = []
  // Tried from large to small; what does not fit is left out.
  for (const [share, tries] of [
    [0.17, 18],
    [0.1, 90],
    [0.06, 260],
    [0.034, 500 * detail],
    [0.016, 600 * detail],
  ] as const) {
    for (let i = 0; i < tries; i += 1) {
      const r = side * share * between(random, 0.75, 1.15)
      const x = between(random, -0.05, 1.05) * width
      const y = between(random, -0.05, 1.05) * height
      if (circles.every((other) => (x - other.x) ** 2 + (y - other.y) ** 2 > (r + other.r + side * 0.004) ** 2))
        circles.push({ x, y, r })
    }
  }
  return circles
}
