import { type Benchmark, shown, within } from './benchmark.ts'
import type { JobsFound, JobsOptions } from './jobs/client.ts'
import { measure, serve } from './process.ts'
import type { UpstreamOptions, UpstreamReady } from './upstream.ts'

const looksPerSecond = 1_250

/** Ten thousand jobs under way in one process: core, SQLite, and the image API's client. */
export const jobs: Benchmark = {
  name: 'jobs',
  title: 'Ten thousand jobs under way',
  run: async (scale) => {
    const [count, watchMs] = scale === 'full' ? [10_000, 20_000] : [500, 3_000]
    const options: UpstreamOptions = { roundTripMs: 20 }
    await using upstream = await serve<UpstreamReady>('upstream.ts', options)
    const asked: JobsOptions = { ...upstream.ready, jobs: count, looksPerSecond, watchMs }
    const { takeMs, extraBytes, looks, usage } = await measure<JobsFound>('jobs/client.ts', asked)
    const perSecond = (looks / usage.wallMs) * 1_000
    const cores = usage.cpuMs / usage.wallMs
    return {
      goals: [
        within(['', `memory for ${count} jobs under way`], { ours: extraBytes, atMost: 300e6 }, shown.megabytes),
        within(
          ['', `CPU at ${looksPerSecond} looks a second`],
          { ours: (cores / perSecond) * looksPerSecond, atMost: 0.5 },
          shown.cores,
        ),
      ],
      measured: [
        {
          head: ['jobs', 'taken in s', 'extra MB', 'looks a second', 'cores meanwhile', 'loop delay p99 ms'],
          rows: [
            [
              String(count),
              (takeMs / 1_000).toFixed(1),
              (extraBytes / 1e6).toFixed(0),
              perSecond.toFixed(0),
              cores.toFixed(2),
              usage.delayP99Ms.toFixed(0),
            ],
          ],
        },
      ],
    }
  },
}
