import { arrived } from './arrival.ts'
import { AppError } from './failure.ts'
import { repeatsInputs } from './follow-up.ts'
import { type InputRef, isLive, type Job, type LiveJob, type ReadyInput, type SurfaceName } from './job.ts'
import type { Links } from './link.ts'
import type { Clock, Converter, JobStore, OpenPicture, Shelf, Source, Surface } from './ports.ts'

/** Makes the pictures that were handed in reachable for the image API. */
export interface Relay {
  /** Fetches, checks, converts and keeps a job's pictures; may be run again after a crash. Throws an AppError (`input_…`). */
  prepare(job: LiveJob, signal: AbortSignal): Promise<readonly ReadyInput[]>
  /** URLs that the image API can fetch for the next `forMs` milliseconds, signed anew. */
  urls(ready: readonly ReadyInput[], forMs: number): readonly string[]
}

export interface RelayOptions {
  readonly surfaces: ReadonlyMap<SurfaceName, Surface>
  readonly jobs: Pick<JobStore, 'get'>
  readonly converter: Converter
  readonly shelf: Pick<Shelf, 'put' | 'find' | 'read'>
  /** Null where nothing outside can fetch from us. */
  readonly links: Links | null
  readonly clock: Clock
  readonly keepMs: number
}

/** How many repeats of repeats are followed back to a picture that is still kept. */
const mostRepeats = 5

export function createRelay(options: RelayOptions): Relay {
  const { surfaces, jobs, converter, shelf, links, clock, keepMs } = options

  async function prepareOne(job: LiveJob, ref: InputRef, n: number, signal: AbortSignal): Promise<ReadyInput> {
    const id = shelfId(job.id, n)
    const kept = links === null ? null : await keptBefore(job, n)
    if (kept !== null) {
      await shelf.put(id, kept.type, kept.body, keepMs)
      return { kind: 'shelf', id, type: kept.type }
    }
    const source = await sourceOf(job, ref, signal)
    const publicUrl = links === null ? await source.publicUrl(signal) : null
    // Said before the download, which would be for nothing.
    if (links === null && publicUrl === null) throw new AppError('input_needs_public_url')
    const fitted = await converter.fit(source.picture, signal).catch((error: unknown) => Promise.reject(asInput(error)))
    if (links === null) {
      // The platform's own signed URL serves the original bytes only.
      if (publicUrl !== null && !fitted.converted) return { kind: 'public', url: publicUrl }
      throw new AppError('input_needs_public_url')
    }
    await shelf.put(id, fitted.type, whole(fitted.bytes), keepMs)
    return { kind: 'shelf', id, type: fitted.type }
  }

  /** The same picture, as an earlier job had it that this one repeats: the platform may have deleted it since. */
  async function keptBefore(job: LiveJob, n: number): Promise<OpenPicture | null> {
    let { action, parentId }: Pick<LiveJob, 'action' | 'parentId'> = job
    for (let steps = 0; parentId !== null && repeatsInputs(action) && steps < mostRepeats; steps += 1) {
      const id = shelfId(parentId, n)
      const found = await shelf.find(id)
      if (found !== null) return { ...found, body: shelf.read(id, 0, found.size) }
      const parent: Job | null = await jobs.get(parentId)
      if (parent === null) return null
      action = parent.action
      parentId = parent.parentId
    }
    return null
  }

  async function sourceOf(job: LiveJob, ref: InputRef, signal: AbortSignal): Promise<Source> {
    if (ref.kind === 'remote') {
      const surface = surfaces.get(job.surface)
      if (surface === undefined) throw new AppError('internal', { detail: `no surface ${job.surface}` })
      return surface.input(ref)
    }
    const shown = await arrived(() => jobs.get(ref.jobId), clock, signal)
    const surface = shown === null ? undefined : surfaces.get(shown.surface)
    const receipt = shown === null || shown.state === 'abandoned' ? null : shown.receipt
    if (surface === undefined || receipt === null || receipt === undefined || (shown !== null && isLive(shown)))
      throw new AppError('input_gone')
    return surface.picture(receipt, ref.n)
  }

  return {
    prepare: async (job, signal) => {
      const ready: ReadyInput[] = []
      // One after the other: sixteen pictures at once would hold 320 MB.
      for (const [at, ref] of job.inputs.entries()) ready.push(await prepareOne(job, ref, at + 1, signal))
      return ready
    },
    urls: (ready, forMs) =>
      ready.map((input) => {
        if (input.kind === 'public') return input.url
        if (links === null) throw new AppError('input_needs_public_url')
        return links.sign(input.id, clock.now() + forMs)
      }),
  }
}

function shelfId(jobId: string, n: number): string {
  return `${jobId}-in${n}`
}

/** A result that is handed in fails as a picture handed in: the words for a result would be about another request. */
function asInput(error: unknown): unknown {
  if (!(error instanceof AppError)) return error
  switch (error.code) {
    case 'result_gone':
      return new AppError('input_gone', { cause: error })
    case 'result_not_picture':
      return new AppError('input_not_picture', { cause: error })
    default:
      return error
  }
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
