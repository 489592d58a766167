import { noMeter, quietLog } from '../quiet.ts'
import type { Poll } from './pollers.ts'

export interface OurSettings {
  readonly looksPerTask: number
  /** The budget. */
  readonly looksPerSecond: number
  readonly connections: number
}

const timeouts = { submitMs: 30_000, lookMs: 15_000, resultMs: 30_000 }
const longestMs = 900_000

/** The product's own: its poller and its client of the image API. */
export async function createOurs({ connections, ...settings }: OurSettings, origin: string): Promise<Poll> {
  const [{ createPoller }, { createExperience }, { createImageApi }, { systemClock }] = await Promise.all([
    import('../../src/core/poller.ts'),
    import('../../src/core/experience.ts'),
    import('../../src/imageapi/client.ts'),
    import('../../src/core/clock.ts'),
  ])
  const api = createImageApi(
    { baseUrl: `${origin}/api/v1`, key: 'aio_bench', model: 'gpt-image-1-5', poolSize: connections, timeouts },
    { log: quietLog },
  )
  // As without a database: everything is learned in this process.
  const store = { all: async () => new Map(), update: async () => '' }
  const experience = createExperience({ store, clock: systemClock, log: quietLog })
  const poller = createPoller({
    ...{ api, clock: systemClock, random: Math.random, meter: noMeter, log: quietLog },
    ...{ experience, ...settings },
  })
  const { signal } = new AbortController()
  return async ({ id, at, quality }) => {
    const end = await poller.watch(
      {
        ...{ key: id, taskId: id, taskClass: quality, submittedAt: at },
        ...{ lateAt: at + longestMs, deadlineAt: at + longestMs, onLate: () => undefined },
      },
      signal,
    )
    if (end.state !== 'completed') throw new Error(end.state)
  }
}
