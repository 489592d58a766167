/** Round by round, one of each line: the order in which turns come. */
export function inRounds<T>(lines: readonly (readonly T[])[]): readonly T[] {
  const longest = lines.reduce((most, line) => Math.max(most, line.length), 0)
  return Array.from({ length: longest }, (_, round) => lines.flatMap((line) => line.slice(round, round + 1))).flat()
}

/** Each job's first place in a line, 1 = next. */
export function firstPlaces(jobIds: readonly string[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>()
  for (const [at, jobId] of jobIds.entries()) if (!first.has(jobId)) first.set(jobId, at + 1)
  return first
}
