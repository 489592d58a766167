import { against, type Benchmark, type Goal, shown, within } from './benchmark.ts'
import { models, tasksOf } from './polling/model.ts'
import { type Figures, figuresOf, ours, peer, play, pollerTable } from './polling/play.ts'
import type { PollerChoice } from './polling/pollers.ts'

const connections = 256
const looksPerTask = 4.4
const roundTripMs = 20

/** Thousands of tasks at once, in one process. */
export const inFlight: Benchmark = {
  name: 'in-flight',
  title: 'Thousands of tasks in flight',
  run: async (scale) => {
    const sizes = scale === 'full' ? [2_000, 10_000] : [300]
    const goals: Goal[] = []
    const measured = []
    for (const size of sizes) {
      const spreadMs = size / 2
      const round = (number: number) => ({ tasks: tasksOf(models.uniform, size, number), spreadMs })
      const enter = async (choice: PollerChoice): Promise<Figures> => {
        const learning = choice.kind === 'ours' ? [round(0)] : []
        const found = await play(choice, { roundTripMs, rounds: [...learning, round(1)] })
        return figuresOf(found.slice(-1))
      }
      const replicate = await enter(peer('replicate'))
      const kie = await enter(peer('kie docs'))
      const own = await enter(ours(looksPerTask, { connections }))
      const what = (words: string) => `${size} tasks: ${words}`
      goals.push(
        within(['G7', what('mean lag')], { ours: own.lagMs, atMost: 600 }, shown.ms),
        within(['G7', what('requests a task')], { ours: own.requests, atMost: 4.6 }, shown.count),
        within(['G7', what('sockets')], { ours: own.connections, atMost: connections }, shown.count),
        against(
          ['G7', what('memory of replicate')],
          { ours: own.peakBytes, peer: replicate.peakBytes, atMost: size < 10_000 ? 1 : 0.2 },
          shown.megabytes,
        ),
        against(
          ['G7', what('CPU of replicate')],
          { ours: own.cpuMs, peer: replicate.cpuMs, atMost: size < 10_000 ? 1 : 0.25 },
          shown.ms,
        ),
      )
      measured.push({
        title: `${size} tasks within ${spreadMs / 1000} s, round trip ${roundTripMs} ms`,
        ...pollerTable([
          { name: 'replicate', figures: replicate },
          { name: 'kie docs', figures: kie },
          { name: 'ours', figures: own },
        ]),
      })
    }
    return { goals, measured }
  },
}
