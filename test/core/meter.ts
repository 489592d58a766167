import type { Meter } from '../../src/core/ports.ts'

export interface RecordedMeter extends Meter {
  /** Counts of one name by the value of its only or last label. */
  counted(name: string): Readonly<Record<string, number>>
  /** The times of one name, in milliseconds. */
  times(name: string): readonly number[]
}

/** A meter that tests can read. */
export function createRecordedMeter(): RecordedMeter {
  const counts = new Map<string, Map<string, number>>()
  const times = new Map<string, number[]>()
  return {
    count: (name, labels = {}) => {
      const label = Object.values(labels).at(-1) ?? ''
      const byLabel = counts.get(name) ?? new Map<string, number>()
      counts.set(name, byLabel.set(label, (byLabel.get(label) ?? 0) + 1))
    },
    time: (name, ms) => {
      const known = times.get(name)
      if (known === undefined) times.set(name, [ms])
      else known.push(ms)
    },
    counted: (name) => Object.fromEntries(counts.get(name) ?? []),
    times: (name) => times.get(name) ?? [],
  }
}
