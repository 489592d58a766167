import type { Result } from './run.ts'

/** The figures of a run, for people. */
export function tableOf({ figures, done, problems }: Result, title: string): string {
  const rows: readonly (readonly [string, number | string])[] = [
    ['kills', figures.kills],
    ['commands', figures.commands],
    ['acknowledged', figures.acked],
    ['refused (store unavailable)', figures.refused],
    ['died with all who heard', figures.unheard],
    ['lost', figures.lost],
    ['double posts', figures.doublePosts],
    ['double deliveries', figures.doubleDeliveries],
    ['pictures made', figures.pictures],
    ['holds resolved once', `${figures.resolvedOnce} of ${figures.holds}`],
    ['ambiguous', figures.ambiguous],
    ['late ids', figures.late],
    ['not taken for too long', figures.impatient],
    ['cancelled', figures.cancelled],
    ['stray placeholders', figures.strays],
    ['max in flight', figures.mostInFlight],
    ['max submits a second', figures.mostSubmitsPerSecond],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const blows = Object.entries(done).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [
    title,
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ...blows.map(([what, times]) => `  ${String(times).padStart(width)}  ${what}`),
    ...(problems.length === 0 ? [] : [`${problems.length} problems:`, ...problems.map((words) => `  ${words}`)]),
    '',
  ].join('\n')
}
