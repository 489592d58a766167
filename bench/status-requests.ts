import { against, type Benchmark, shown, within } from './benchmark.ts'
import { measure, serve } from './process.ts'
import type { RequestOptions, RequestsFound, Way } from './requests/client.ts'
import type { UpstreamOptions, UpstreamReady } from './upstream.ts'

const perSecond = 1_000

/** What a status request costs, at a thousand a second. */
export const statusRequests: Benchmark = {
  name: 'status-requests',
  title: 'CPU for 1,000 status requests',
  run: async (scale) => {
    const options: UpstreamOptions = { roundTripMs: 0 }
    await using upstream = await serve<UpstreamReady>('upstream.ts', options)
    const ask = async (way: Way) => {
      const asked: RequestOptions = { origin: upstream.ready.origin, way, perSecond, seconds: scale === 'full' ? 8 : 2 }
      const found = await measure<RequestsFound>('requests/client.ts', asked)
      return { ...found, perThousandMs: (found.usage.cpuMs / found.requests) * 1_000 }
    }
    const plain = await ask('global fetch')
    const floor = await ask('undici')
    const own = await ask('ours')
    return {
      goals: [
        within(['G11', 'CPU for 1,000 status requests'], { ours: own.perThousandMs, atMost: 250 }, shown.ms),
        against(
          ['G11', 'CPU for 1,000 of global fetch'],
          { ours: own.perThousandMs, peer: plain.perThousandMs, atMost: 0.5 },
          shown.ms,
        ),
      ],
      measured: [
        {
          head: ['way', 'CPU ms per 1,000', 'p50 ms', 'p95 ms', 'RSS MB'],
          rows: Object.entries({ 'global fetch': plain, 'undici, bare': floor, ours: own }).map(([name, found]) => [
            name,
            found.perThousandMs.toFixed(0),
            found.p50Ms.toFixed(1),
            found.p95Ms.toFixed(1),
            (found.usage.peakBytes / 1e6).toFixed(0),
          ]),
        },
      ],
    }
  },
}
