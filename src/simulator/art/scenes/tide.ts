import { type Canvas, linear, type Point, polyline, radial, sky, tenth } from '../canvas.ts'
import { between, noiseOf } from '../chance.ts'
import { along, mix } from '../colour.ts'

/** A low sun over rolling water, its light broken on the waves. */
export function tide(canvas: Canvas): string {
  const { width, height, palette, random } = canvas
  const horizon = height * between(random, 0.36, 0.46)
  const radius = Math.min(width, height) * between(random, 0.13, 0.2)
  const x = width * between(random, 0.28, 0.72)
  const y = horizon - radius * between(random, 0.05, 0.7)
  const defs = [
    radial('halo', [
      { at: 0, colour: palette.light, opacity: 0.6 },
      { at: 1, colour: palette.light, opacity: 0 },
    ]),
    linear('sun', [
      { at: 0, colour: mix(palette.light, '#fff4d6', 0.55) },
      { at: 1, colour: palette.light },
    ]),
  ].join('')
  const sun = `<circle cx="${tenth(x)}" cy="${tenth(y)}" r="${tenth(radius * 2.6)}" fill="url(#halo)"/><circle cx="${tenth(x)}" cy="${tenth(y)}" r="${tenth(radius)}" fill="url(#sun)"/>`
  return `${sky(canvas)}<defs>${defs}</defs>${sun}${clouds(canvas, horizon)}${water(canvas, horizon)}${glitter(canvas, x, horizon, radius)}`
}

function clouds({ width, palette, random, detail }: Canvas, horizon: number): string {
  const bands = Array.from({ length: Math.round(6 * detail) }, () => {
    const long = width * between(random, 0.14, 0.42)
    const thick = between(random, 0.008, 0.018) * width
    const x = width * between(random, -0.1, 0.9)
    const y = horizon * between(random, 0.12, 0.9)
    return `<rect x="${tenth(x)}" y="${tenth(y)}" width="${tenth(long)}" height="${tenth(thick)}" rx="${tenth(thick / 2)}"/>`
  })
  return `<g fill="${mix(palette.sky[2], '#ffffff', 0.3)}" opacity="0.42">${bands.join('')}</g>`
}

function water(canvas: Canvas, horizon: number): string {
  const { width, height, palette, random, detail } = canvas
  const noise = noiseOf(random)
  const rows = Math.round(9 + 4 * detail)
  return Array.from({ length: rows }, (_, i) => {
    const depth = i / (rows - 1)
    const base = horizon + (height - horizon) * depth ** 1.55 * 0.96
    const swell = i === 0 ? 0 : height * (0.004 + 0.026 * depth)
    const phase = random() * Math.PI * 2
    const waves = 3.4 - 1.9 * depth
    const points: Point[] = []
    for (let x = 0; x <= width; x += width / 90) {
      const u = x / width
      const lift = Math.sin(u * Math.PI * 2 * waves + phase) * 0.7 + noise(u * 5, i * 2.7) * 0.8
      points.push([x, base + lift * swell])
    }
    const colour = along(palette.tones, 0.12 + depth * 0.88)
    const crest = mix(colour, palette.sky[2], 0.42 * (1 - depth * 0.55))
    const fill = linear(`wave${i}`, [
      { at: 0, colour: crest },
      { at: 0.22, colour },
      { at: 1, colour: mix(colour, palette.deep, 0.25) },
    ])
    return `<defs>${fill}</defs><path d="${polyline(points)}L${width} ${height}L0 ${height}Z" fill="url(#wave${i})"/>`
  }).join('')
}

function glitter({ height, palette, random, detail }: Canvas, x: number, horizon: number, radius: number): string {
  const dashes = Array.from({ length: Math.round(60 * detail) }, () => {
    const depth = random() ** 1.3
    const y = horizon + 6 + (height - horizon) * 0.62 * depth
    const spread = radius * (0.35 + depth * 1.1)
    const half = radius * between(random, 0.05, 0.24) * (0.6 + depth)
    const middle = x + (random() + random() - 1) * spread
    return `M${tenth(middle - half)} ${tenth(y)}H${tenth(middle + half)}`
  })
  return `<path d="${dashes.join('')}" stroke="${mix(palette.light, '#ffffff', 0.45)}" stroke-width="${tenth(height * 0.0035)}" stroke-linecap="round" opacity="0.6"/>`
}
