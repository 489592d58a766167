import { type Canvas, linear, tenth } from '../canvas.ts'
import { pick } from '../chance.ts'
import { type Colour, mix } from '../colour.ts'

/** A quilt of quarter circles, leaves and dots, as the Bauhaus would have sewn it. */
export function tiles(canvas: Canvas): string {
  const { width, height, palette, random, detail } = canvas
  const across = Math.round(Math.min(width, height) / (detail > 1 ? 128 : 170.667))
  const side = Math.min(width, height) / across
  const colours: readonly [Colour, ...Colour[]] = [palette.sky[2], palette.accent, ...palette.tones]
  const cells: string[] = []
  for (let y = 0; y < height - 1; y += side) {
    for (let x = 0; x < width - 1; x += side) {
      const ground = pick(random, colours)
      const figure = otherThan(canvas, colours, ground)
      const turn = Math.floor(random() * 4) * 90
      const shape = pick(random, shapes)(side, figure, otherThan(canvas, colours, figure))
      const half = side / 2
      cells.push(
        `<g transform="translate(${tenth(x)} ${tenth(y)})"><rect width="${tenth(side + 0.5)}" height="${tenth(side + 0.5)}" fill="${ground}"/><g transform="rotate(${turn} ${tenth(half)} ${tenth(half)})">${shape}</g></g>`,
      )
    }
  }
  const veil = linear('veil', [
    { at: 0, colour: mix(palette.sky[1], '#ffffff', 0.5), opacity: 0.28 },
    { at: 1, colour: palette.deep, opacity: 0.25 },
  ])
  return `${cells.join('')}<defs>${veil}</defs><rect width="${width}" height="${height}" fill="url(#veil)"/>`
}

function otherThan({ random }: Canvas, colours: readonly [Colour, ...Colour[]], taken: Colour): Colour {
  const [first, ...rest] = colours.filter((colour) => colour !== taken)
  return first === undefined ? taken : pick(random, [first, ...rest])
}

type Shape = (side: number, figure: Colour, spot: Colour) => string

const shapes: readonly [Shape, ...Shape[]] = [
  (side, figure) =>
    `<path d="M0 0H${tenth(side)}A${tenth(side)} ${tenth(side)} 0 0 1 0 ${tenth(side)}Z" fill="${figure}"/>`,
  (side, figure, spot) =>
    `<path d="M0 0H${tenth(side)}A${tenth(side)} ${tenth(side)} 0 0 1 0 ${tenth(side)}Z" fill="${figure}"/><path d="M0 0H${tenth(side / 2)}A${tenth(side / 2)} ${tenth(side / 2)} 0 0 1 0 ${tenth(side / 2)}Z" fill="${spot}"/>`,
  (side, figure) =>
    `<path d="M0 0A${tenth(side)} ${tenth(side)} 0 0 1 ${tenth(side)} ${tenth(side)}A${tenth(side)} ${tenth(side)} 0 0 1 0 0Z" fill="${figure}"/>`,
  (side, figure) =>
    `<path d="M0 ${tenth(side / 2)}A${tenth(side / 2)} ${tenth(side / 2)} 0 0 1 ${tenth(side)} ${tenth(side / 2)}Z" fill="${figure}"/><path d="M0 ${tenth(side)}A${tenth(side / 2)} ${tenth(side / 2)} 0 0 1 ${tenth(side)} ${tenth(side)}Z" fill="${figure}"/>`,
  (side, figure, spot) =>
    `<circle cx="${tenth(side / 2)}" cy="${tenth(side / 2)}" r="${tenth(side * 0.38)}" fill="${figure}"/><circle cx="${tenth(side / 2)}" cy="${tenth(side / 2)}" r="${tenth(side * 0.16)}" fill="${spot}"/>`,
  (side, figure) => `<path d="M0 0L${tenth(side)} ${tenth(side)}H0Z" fill="${figure}"/>`,
  (side, figure) =>
    [0.125, 0.375, 0.625, 0.875]
      .map(
        (at) =>
          `<rect x="0" y="${tenth(side * (at - 0.0625))}" width="${tenth(side)}" height="${tenth(side * 0.125)}" fill="${figure}"/>`,
      )
      .join(''),
]
