import type { Plot } from '../benchmark.ts'
import { type Point, plotOf } from '../plot.ts'
import type { Contested } from './duel.ts'
import { lawOf, type Model, meanMs } from './model.ts'
import type { Played } from './play.ts'

const mostRequests = 16
const mostLag = 2
/** Three looks a second at most: no schedule that keeps to it is earlier on average. */
const gapFloorMs = 334 / 2

/** Lag against requests: ours, the peers, any fixed interval, and what no schedule gets below. */
export function lagPlot(model: Model, { peers, ours }: Contested): Plot {
  const law = lawOf(model)
  const mean = meanMs(model)
  const along = (lagMs: (requests: number) => number): Point[] =>
    Array.from({ length: 4 * mostRequests }, (_, n) => (n + 4) / 4)
      .filter((requests) => requests <= mostRequests)
      .map((requests) => ({ x: requests, y: lagMs(requests) / 1000 }))
  const named = (points: Point[], x: number, label: string, side?: 'below'): Point[] =>
    points.map((point) => (point.x === x ? { ...point, label, ...(side && { side }) } : point))
  const fixed = named(
    along((requests) => mean / (requests - 0.5) / 2),
    5,
    'any fixed interval',
  )
  const bound = named(
    along((requests) => Math.max(gapFloorMs, law / requests)),
    13,
    'no schedule gets below',
    'below',
  )
  const dots = (played: readonly Played[]) =>
    played
      .filter(({ name }) => !name.endsWith('cold'))
      .map(({ name, figures }): Point & { label: string } => ({
        x: figures.requests,
        y: figures.lagMs / 1000,
        label: name,
      }))
      .toSorted((a, b) => a.x - b.x)
  const own = dots(ours).map(({ x, y }, n): Point => ({ x, y, ...(n === 0 && { label: 'ours', side: 'left' }) }))
  const others = dots(peers).map((point, n, all): Point => {
    const next = all[n + 1]
    const crowded = next !== undefined && next.x - point.x < 2 && Math.abs(next.y - point.y) < 0.15
    return crowded ? { ...point, side: 'left' } : point
  })
  return {
    file: `polling-${model.name}.svg`,
    alt: `${model.title}: mean lag against requests a task. Ours lies between the peers and the bound.`,
    svg: plotOf(
      model.title,
      { label: 'requests a task', most: mostRequests, ticks: [0, 2, 4, 6, 8, 10, 12, 14, 16] },
      { label: 'mean lag, seconds', most: mostLag, ticks: [0, 0.5, 1, 1.5, 2] },
      [
        { kind: 'bound', joined: true, points: bound },
        { kind: 'bound', joined: true, points: fixed },
        { kind: 'ours', joined: true, points: own },
        { kind: 'peer', joined: false, points: others },
      ],
    ),
  }
}
