import { randomBytes } from 'node:crypto'
import { systemClock } from '../../src/core/clock.ts'
import type { Job } from '../../src/core/job.ts'
import type { Adapter, Clock, Meter, Shelf } from '../../src/core/ports.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { createPlayground } from '../../src/playground/index.ts'
import { createFakeStudio, type FakeStudio } from '../fakes/studio.ts'
import { fakeTools } from '../fakes/tools.ts'
import { createRecordedLog } from '../http/recorded-log.ts'
import { createMemoryShelf } from './memory-shelf.ts'

export interface PlaygroundServer {
  readonly origin: string
  readonly port: number
  readonly studio: FakeStudio
  readonly shelf: Shelf & { readonly ids: () => readonly string[] }
  readonly adapter: Adapter
  readonly http: HttpServer
  readonly log: ReturnType<typeof createRecordedLog>
  close(): Promise<void>
}

export interface PlaygroundServerOptions {
  readonly port?: number
  readonly clock?: Clock
  readonly shelf?: PlaygroundServer['shelf']
  readonly studio?: FakeStudio
  readonly accepted?: (job: Job, studio: FakeStudio) => void
  readonly simulated?: boolean
}

/** The real playground on the real HTTP port, with a fake studio behind it. */
export async function startPlayground(options: PlaygroundServerOptions = {}): Promise<PlaygroundServer> {
  const { clock = systemClock, simulated = false } = options
  const shelf = options.shelf ?? createMemoryShelf(clock)
  const log = createRecordedLog()
  const newId = () => randomBytes(12).toString('hex')
  const meter: Meter = { count: () => undefined, time: () => undefined }
  const http = createHttpServer({ host: '127.0.0.1', port: options.port ?? 0, log })
  const fatal = () => undefined
  const tools = { log, meter, clock, newId, fatal, step: () => undefined, routes: http.routes, shelf, ...fakeTools() }
  const adapter = createPlayground({ keepMs: 3_600_000, simulated }, tools)
  const studio: FakeStudio =
    options.studio ??
    createFakeStudio({
      surface: () => adapter.surface,
      now: clock.now,
      newId,
      accepted: (job) => options.accepted?.(job, studio),
    })
  const { origin, port } = await http.listen()
  await adapter.intake.start(studio)
  return {
    ...{ origin, port, studio, shelf, adapter, http, log },
    close: async () => {
      await adapter.intake.stop()
      await http.close()
    },
  }
}
