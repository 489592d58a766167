import type { Random } from '../../core/ports.ts'
import type { Colour } from './colour.ts'
import type { Palette } from './palette.ts'

/** What a scene is drawn on. Lengths are pixels. */
export interface Canvas {
  readonly width: number
  readonly height: number
  readonly palette: Palette
  readonly random: Random
  /** How finely it is drawn: 1 for medium quality, more for high. */
  readonly detail: number
}

/** Draws the whole canvas: SVG elements, the background included. */
export type Scene = (canvas: Canvas) => string

export type Point = readonly [x: number, y: number]

export interface Stop {
  readonly at: number
  readonly colour: Colour
  readonly opacity?: number
}

/** A coordinate in tenths of a pixel: finer is invisible and only makes the text longer. */
export function tenth(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** A linear gradient from (0, 0) to (`x`, `y`) of what it fills. */
export function linear(id: string, stops: readonly Stop[], x = 0, y = 1): string {
  return `<linearGradient id="${id}" x1="0" y1="0" x2="${x}" y2="${y}">${stops.map(stop).join('')}</linearGradient>`
}

/** A radial gradient whose light comes from (`x`, `y`) of what it fills. */
export function radial(id: string, stops: readonly Stop[], x = 0.5, y = 0.5): string {
  return `<radialGradient id="${id}" fx="${x}" fy="${y}">${stops.map(stop).join('')}</radialGradient>`
}

/** The sky of the palette over the whole canvas. */
export function sky({ width, height, palette }: Canvas): string {
  const stops = palette.sky.map((colour, i): Stop => ({ at: i / 2, colour }))
  return `<defs>${linear('sky', stops)}</defs><rect width="${width}" height="${height}" fill="url(#sky)"/>`
}

/** Straight lines through the points. */
export function polyline(points: readonly Point[]): string {
  return `M${points.map(([x, y]) => `${tenth(x)} ${tenth(y)}`).join('L')}`
}

/** A smooth closed curve around the points (quadratic pieces between the middles of the edges). */
export function loop(points: readonly Point[]): string {
  const middle = (i: number): Point => {
    const [ax, ay] = points[i % points.length] ?? [0, 0]
    const [bx, by] = points[(i + 1) % points.length] ?? [0, 0]
    return [(ax + bx) / 2, (ay + by) / 2]
  }
  const [startX, startY] = middle(points.length - 1)
  const pieces = points.map(([x, y], i) => {
    const [toX, toY] = middle(i)
    return `Q${tenth(x)} ${tenth(y)} ${tenth(toX)} ${tenth(toY)}`
  })
  return `M${tenth(startX)} ${tenth(startY)}${pieces.join('')}Z`
}

function stop({ at, colour, opacity }: Stop): string {
  const faded = opacity === undefined ? '' : ` stop-opacity="${opacity}"`
  return `<stop offset="${Math.round(at * 1000) / 1000}" stop-color="${colour}"${faded}/>`
}
