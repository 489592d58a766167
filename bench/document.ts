import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, Outcome } from './benchmark.ts'
import { goalTable, markdownOf } from './table.ts'

const docs = join(import.meta.dirname, '..', 'docs')
const page = join(docs, 'performance.md')

/** Puts what a benchmark found between its markers in docs/performance.md, and its plots beside. */
export async function writeDocument({ name }: Benchmark, outcome: Outcome): Promise<void> {
  await mkdir(join(docs, 'performance'), { recursive: true })
  for (const { file, svg } of outcome.plots ?? []) await writeFile(join(docs, 'performance', file), svg)
  const text = await readFile(page, 'utf8')
  const [start, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no markers for ${name}`)
  await writeFile(page, `${text.slice(0, from + start.length)}\n${sectionOf(outcome)}\n${text.slice(to)}`)
}

function sectionOf({ goals, measured, plots = [], notes = [] }: Outcome): string {
  const tables = measured.map((table) =>
    [...(table.title === undefined ? [] : [`**${table.title}**`]), markdownOf(table)].join('\n\n'),
  )
  return [
    `${machine()}.`,
    markdownOf(goalTable(goals)),
    ...notes,
    ...plots.map(({ file, alt }) => `![${alt}](performance/${file})`),
    ...(tables.length === 0
      ? []
      : [`<details><summary>Everything measured</summary>\n\n${tables.join('\n\n')}\n\n</details>`]),
  ].join('\n\n')
}

function machine(): string {
  const day = new Date().toISOString().slice(0, 10)
  return `${day}, Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}, loopback`
}
