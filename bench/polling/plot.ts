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
  const fixed = along((requests) => mean / (requests - 0.5) / 2)
  const bound = along((requests) => Math.max(gapFloorMs, law / requests))
  const named = (points: Point[], label: string, at: number): Point[] =>
    points.map((point) => (point.x === at ? { ...point, label } : point))
  const dots = (played: readonly Played[]) =>
    played
      .filter(({ name }) => !name.endsWith('cold'))
      .map(({ name, figures }) => ({
        x: figures.requests,
        y: figures.lagMs / 1000,
        label: name.replace(/^ours, .*/, ''),
      }))
      .toSorted((a, b) => a.x - b.x)
  const own = dots(ours).map((point, n, all) => ({ ...point, label: n === all.length - 1 ? 'ours' : '' }))
  return {
    file: `polling-${model.name}.svg`,
    alt: `${model.title}: mean lag against requests a task. Ours lies between the peers and the bound.`,
    svg: plotOf(
      model.title,
      { label: 'requests a task', most: mostRequests, ticks: [0, 2, 4, 6, 8, 10, 12, 14, 16] },
      { label: 'mean lag, seconds', most: mostLag, ticks: [0, 0.5, 1, 1.5, 2] },
      [
        { name: 'bound', kind: 'bound', joined: true, points: named(bound, 'bound of any schedule', 2) },
        { name: 'fixed', kind: 'bound', joined: true, points: named(fixed, 'any fixed interval', 5) },
        { name: 'ours', kind: 'ours', joined: true, points: own },
        { name: 'peers', kind: 'peer', joined: false, points: dots(peers) },
      ],
    ),
  }
}
