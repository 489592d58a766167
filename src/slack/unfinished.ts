import type { Clock } from '../core/ports.ts'
import type { Place } from './address.ts'
import type { Drawing, Uploaded } from './render.ts'

/**
 * What was already done for results that are not shown yet: a second try uploads nothing again and posts no second
 * placeholder. Only a convenience: without it the same is done anew.
 */
export interface Unfinished {
  /** The files uploaded so far, by the number of the picture; for the caller to add to. */
  filesOf(jobId: string, shown: Drawing['shown']): Map<number, Uploaded>
  /** The new message that was posted for the result, if one was. */
  placeOf(jobId: string): Place | null
  placed(jobId: string, place: Place): void
  forget(jobId: string): void
}

interface Entry {
  readonly files: Readonly<Record<Drawing['shown'], Map<number, Uploaded>>>
  place: Place | null
  readonly since: number
}

/** Results are tried for about a quarter of an hour. */
const keepMs = 60 * 60_000

export function createUnfinished(clock: Clock): Unfinished {
  const entries = new Map<string, Entry>()

  function entryOf(jobId: string): Entry {
    const now = clock.monotonic()
    for (const [id, { since }] of entries) if (now - since > keepMs) entries.delete(id)
    const fresh = { files: { message: new Map(), thread: new Map() }, place: null, since: now }
    const entry = entries.get(jobId) ?? fresh
    entries.set(jobId, entry)
    return entry
  }

  return {
    filesOf: (jobId, shown) => entryOf(jobId).files[shown],
    placeOf: (jobId) => entries.get(jobId)?.place ?? null,
    placed: (jobId, place) => {
      entryOf(jobId).place = place
    },
    forget: (jobId) => {
      entries.delete(jobId)
    },
  }
}
