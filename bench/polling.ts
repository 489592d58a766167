import type { Benchmark, Outcome, Scale } from './benchmark.ts'
import { type Contest, type Contested, contest, type Duel } from './polling/duel.ts'
import { models } from './polling/model.ts'
import { pollerTable } from './polling/play.ts'
import { lagPlot } from './polling/plot.ts'

const duel = (
  id: string,
  peer: Duel['peer'],
  looksPerTask: number,
  lagAtMost: number,
  requestsAtMost: number,
): Duel => ({ id, peer, looksPerTask, lagAtMost, requestsAtMost })

// Ours is told to spend about what the peer spends; a task that ends early leaves some of it.
const contests = (tasks: number): readonly Contest[] => [
  {
    ...{ model: models.uniform, tasks, learning: [0], counting: [1] },
    duels: [
      duel('G1', 'replicate', 11, 0.7, 0.85),
      duel('G2', 'replicate', 7, 0.95, 0.6),
      duel('G1', 'fal', 11, 0.7, 0.85),
      duel('G3', 'azure', 4.8, 0.45, 1),
      duel('G4', 'kie docs', 3.2, 0.55, 1),
    ],
  },
  {
    ...{ model: models.qualities, tasks, learning: [0], counting: [1] },
    duels: [duel('', 'replicate', 11, 0.7, 1), duel('G3', 'azure', 4.8, 0.4, 1), duel('G4', 'kie docs', 3.2, 0.4, 1)],
  },
  {
    ...{ model: models.wide, tasks, learning: [0], counting: [1] },
    duels: [duel('', 'replicate', 11, 1, 1), duel('', 'azure', 4.8, 1, 1), duel('', 'kie docs', 3.2, 1, 1)],
  },
  {
    ...{ model: models.drift, tasks, learning: [0], counting: [1, 2] },
    duels: [duel('', 'replicate', 11, 1, 1), duel('', 'azure', 4.8, 1, 1), duel('', 'kie docs', 3.2, 1, 1)],
  },
]

/** How late the end of a task is heard of, and for how many requests. */
export const polling: Benchmark = {
  name: 'polling',
  title: 'Waiting for tasks',
  run: async (scale: Scale): Promise<Outcome> => {
    const wanted = scale === 'full' ? contests(200) : contests(40).slice(0, 1)
    const played: { readonly of: Contest; readonly result: Contested }[] = []
    for (const of of wanted) played.push({ of, result: await contest(of) })
    return {
      goals: played.flatMap(({ result }) => result.goals),
      measured: played.map(({ of, result }) => ({
        title: of.model.title,
        ...pollerTable([...result.peers, ...result.ours]),
      })),
      plots: played.map(({ of, result }) => lagPlot(of.model, result)),
      notes: [
        '“Lag” is the time from the end of a task to the first answer that tells of it, as the upstream saw it; “told” ends with the poller’s own word. A round trip of 100 ms is injected. Ours learns from one round of other tasks first; “cold” is that round.',
      ],
    }
  },
}
