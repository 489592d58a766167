/** A plot as an SVG of its own: it carries its colours for light and dark, and needs no script. */
export interface Axis {
  readonly label: string
  readonly most: number
  readonly ticks: readonly number[]
}

export interface Series {
  readonly kind: 'ours' | 'peer' | 'bound'
  readonly points: readonly Point[]
  /** Joined by a line, or dots each with its own label. */
  readonly joined: boolean
}

export interface Point {
  readonly x: number
  readonly y: number
  readonly label?: string
  /** Where the label stands: above and to the right unless said otherwise. */
  readonly side?: 'left' | 'below'
}

const size = { width: 640, height: 360 }
const frame = { left: 64, right: 24, top: 56, bottom: 52 }

const style = `
  .page { fill: #ffffff } .title { fill: #1f2328; font-weight: 600; font-size: 15px } text { fill: #59636e; font: 12px system-ui, sans-serif }
  .grid { stroke: #d1d9e0; stroke-width: 1 } .ours { --ink: #0969da } .peer { --ink: #bc4c00 } .bound { --ink: #818b98 }
  .line { fill: none; stroke: var(--ink); stroke-width: 2 } .bound.line { stroke-dasharray: 5 4; stroke-width: 1.5 }
  .dot { fill: var(--ink) } .label { fill: var(--ink) }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .title { fill: #f0f6fc } text { fill: #9198a1 } .grid { stroke: #30363d }
    .ours { --ink: #4493f8 } .peer { --ink: #f0883e } .bound { --ink: #7d8590 }
  }`

/** Draws lines and labelled dots; what lies outside the axes is left out. */
export function plotOf(title: string, x: Axis, y: Axis, series: readonly Series[]): string {
  const place: Place = {
    x: (value: number) => frame.left + (value / x.most) * (size.width - frame.left - frame.right),
    y: (value: number) => size.height - frame.bottom - (value / y.most) * (size.height - frame.top - frame.bottom),
  }
  const inside = ({ x: across, y: up }: Point) => across >= 0 && across <= x.most && up >= 0 && up <= y.most
  const right = size.width - frame.right
  const floor = size.height - frame.bottom
  const parts = [
    `<rect class="page" width="${size.width}" height="${size.height}" rx="8"/>`,
    text(frame.left, 26, title, 'class="title"'),
    ...y.ticks.map((tick) => {
      const at = round(place.y(tick))
      return `<line class="grid" x1="${frame.left}" x2="${right}" y1="${at}" y2="${at}"/>${text(frame.left - 8, at + 4, String(tick), 'text-anchor="end"')}`
    }),
    ...x.ticks.map((tick) => text(place.x(tick), floor + 18, String(tick), 'text-anchor="middle"')),
    text(frame.left, 44, y.label),
    text(right, size.height - 12, x.label, 'text-anchor="end"'),
    ...series.map(({ kind, joined, points }) => {
      const shown = points.filter(inside)
      const path = shown.map(
        (point, n) => `${n === 0 ? 'M' : 'L'}${round(place.x(point.x))} ${round(place.y(point.y))}`,
      )
      const line = joined ? `<path class="${kind} line" d="${path.join('')}"/>` : ''
      return line + shown.map((point) => markOf(kind, point, place)).join('')
    }),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${xml(title)}">`,
    `<style>${style}\n</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

interface Place {
  x(value: number): number
  y(value: number): number
}

function markOf(kind: Series['kind'], { x, y, label, side }: Point, place: Place): string {
  const [across, up] = [place.x(x), place.y(y)]
  const dot = kind === 'bound' ? '' : `<circle class="${kind} dot" cx="${round(across)}" cy="${round(up)}" r="4"/>`
  if (label === undefined) return dot
  const [dx, dy, anchor] = side === 'left' ? [-6, -8, 'end'] : side === 'below' ? [0, 18, 'middle'] : [6, -8, 'start']
  return dot + text(across + dx, up + dy, label, `class="${kind} label" text-anchor="${anchor}"`)
}

function text(x: number, y: number, words: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${more}>${xml(words)}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function xml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
