import { type Canvas, linear, radial, sky, tenth } from '../canvas.ts'
import { between } from '../chance.ts'
import { along, mix } from '../colour.ts'

/** One great flower and smaller ones around it, petal over petal. */
export function bloom(canvas: Canvas): string {
  const { width, height, palette, random, detail } = canvas
  const side = Math.min(width, height)
  const defs = palette.tones.map((tone, i) =>
    linear(`petal${i}`, [
      { at: 0, colour: mix(tone, palette.sky[2], 0.35) },
      { at: 1, colour: mix(tone, palette.deep, 0.18) },
    ]),
  )
  const glow = radial('light', [
    { at: 0, colour: palette.sky[2], opacity: 0.9 },
    { at: 1, colour: palette.sky[2], opacity: 0 },
  ])
  const small = Array.from({ length: Math.round(7 * detail) }, () =>
    flower(canvas, random() * width, random() * height, side * between(random, 0.1, 0.2)),
  )
  const x = width * between(random, 0.38, 0.62)
  const y = height * between(random, 0.34, 0.44)
  const halo = `<circle cx="${tenth(x)}" cy="${tenth(y)}" r="${tenth(side * 0.62)}" fill="url(#light)"/>`
  return `${sky(canvas)}<defs>${glow}${defs.join('')}</defs>${small.join('')}${halo}${flower(canvas, x, y, side * between(random, 0.4, 0.48))}`
}

function flower(canvas: Canvas, x: number, y: number, radius: number): string {
  const { palette, random, detail } = canvas
  const petals = Math.floor(between(random, 7, 13))
  const rings = radius > 250 ? Math.round(3 + detail) : 3
  const slim = between(random, 0.3, 0.52)
  const start = Math.floor(between(random, 0, 3))
  const rows = Array.from({ length: rings }, (_, ring) => {
    const length = radius * (1 - (ring / rings) * 0.72)
    const fill = `url(#petal${(start + rings - ring) % palette.tones.length})`
    const offset = (ring * 180) / petals + between(random, -4, 4)
    return Array.from({ length: petals }, (_, i) => petal(length, slim, offset + (i * 360) / petals, fill)).join('')
  })
  const eye = `<circle r="${tenth(radius * 0.13)}" fill="${palette.accent}"/>${seeds(canvas, radius * 0.12)}`
  return `<g transform="translate(${tenth(x)} ${tenth(y)})" stroke="${along(palette.tones, 0)}" stroke-opacity="0.35" stroke-width="1.2">${rows.join('')}${eye}</g>`
}

function petal(length: number, slim: number, degrees: number, fill: string): string {
  const half = length * slim
  return `<path transform="rotate(${tenth(degrees)})" d="M0 0C${tenth(half)} ${tenth(-length * 0.35)} ${tenth(half * 0.9)} ${tenth(-length * 0.85)} 0 ${tenth(-length)}C${tenth(-half * 0.9)} ${tenth(-length * 0.85)} ${tenth(-half)} ${tenth(-length * 0.35)} 0 0Z" fill="${fill}"/>`
}

function seeds({ palette }: Canvas, radius: number): string {
  const dark = mix(palette.accent, palette.deep, 0.45)
  // Seeds by the golden angle, as a sunflower sets them.
  return Array.from({ length: 24 }, (_, i) => {
    const angle = i * 2.39996
    const r = radius * Math.sqrt(i / 24)
    return `<circle cx="${tenth(Math.cos(angle) * r)}" cy="${tenth(Math.sin(angle) * r)}" r="${tenth(radius * 0.07)}" fill="${dark}" stroke="none"/>`
  }).join('')
}
