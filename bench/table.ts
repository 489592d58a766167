import type { Goal } from './benchmark.ts'

export interface Table {
  readonly title?: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function goalTable(goals: readonly Goal[]): Table {
  return {
    head: ['', 'goal', 'ours', 'peer', 'ratio', 'at most', ''],
    rows: goals.map((goal) => [
      ...[goal.id, goal.what, goal.ours, goal.peer, goal.ratio, goal.goal],
      goal.met ? 'met' : '**missed**',
    ]),
  }
}

/** For a terminal. */
export function textOf({ head, rows }: Table): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('*', '')))
  const widths = head.map((_, at) => Math.max(...lines.map((line) => [...(line[at] ?? '')].length)))
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - [...cell].length))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** For a document. */
export function markdownOf({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
