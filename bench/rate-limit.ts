import { against, type Benchmark, shown, within } from './benchmark.ts'
import { models, tasksOf } from './polling/model.ts'
import { figuresOf, ours, peer, play, pollerTable } from './polling/play.ts'

const tasks = 60
const limit = 20

/** Sixty tasks at a service that answers twenty looks a second and turns the rest away. */
export const rateLimit: Benchmark = {
  name: 'rate-limit',
  title: `${limit} requests a second for ${tasks} tasks`,
  run: async () => {
    const round = (number: number) => ({ tasks: tasksOf(models.uniform, tasks, number), spreadMs: 1_000 })
    const game = { roundTripMs: 100, limit }
    const replicate = figuresOf(await play(peer('replicate'), { ...game, rounds: [round(1)] }))
    const fal = figuresOf(await play(peer('fal'), { ...game, rounds: [round(1)] }))
    const found = await play(ours(6, { looksPerSecond: limit }), { ...game, rounds: [round(0), round(1)] })
    const cold = figuresOf(found.slice(0, 1))
    const warm = figuresOf(found.slice(1))
    return {
      goals: [
        within(['G6', 'tasks lost'], { ours: cold.lost + warm.lost, atMost: 0 }, shown.count),
        within(['G6', 'requests turned away'], { ours: warm.refused, atMost: 0.05 }, shown.percent),
        against(['G6', 'mean lag of fal'], { ours: warm.lagMs, peer: fal.lagMs, atMost: 0.4 }, shown.ms),
      ],
      measured: [
        pollerTable([
          { name: 'replicate', figures: replicate },
          { name: 'fal', figures: fal },
          { name: 'ours, cold', figures: cold },
          { name: 'ours', figures: warm },
        ]),
      ],
    }
  },
}
