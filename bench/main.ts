import { parseArgs } from 'node:util'
import { acks } from './acks.ts'
import type { Benchmark, Outcome } from './benchmark.ts'
import { commandToPost } from './command-to-post.ts'
import { writeDocument } from './document.ts'
import { inFlight } from './in-flight.ts'
import { jobs } from './jobs.ts'
import { polling } from './polling.ts'
import { rateLimit } from './rate-limit.ts'
import { resources } from './resources.ts'
import { statusRequests } from './status-requests.ts'
import { goalTable, textOf } from './table.ts'
import { transfer } from './transfer.ts'

const benchmarks: readonly Benchmark[] = [
  polling,
  rateLimit,
  inFlight,
  jobs,
  statusRequests,
  commandToPost,
  transfer,
  acks,
  resources,
]

const usage = `npm run bench -- [names] [--quick] [--write]

  names     ${benchmarks.map(({ name }) => name).join(', ')}; all without any
  --quick   few tasks and rounds: shows that it works; its figures are no figures
  --write   writes tables and plots to docs/performance.md
`

await main()

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.quick && values.write) {
    process.stderr.write('--quick and --write: its figures are no figures, so they are not written\n')
    process.exitCode = 1
    return
  }
  const unknown = positionals.filter((name) => !benchmarks.some((one) => one.name === name))
  if (values.help || unknown.length > 0) {
    process.stdout.write(usage)
    process.exitCode = unknown.length > 0 ? 1 : 0
    return
  }
  const wanted = benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  for (const benchmark of wanted) {
    process.stdout.write(`\n${benchmark.title}\n\n`)
    const outcome = await benchmark.run(values.quick ? 'quick' : 'full')
    process.stdout.write(said(outcome))
    if (values.write) await writeDocument(benchmark, outcome)
  }
}

function said({ goals, measured }: Outcome): string {
  const tables = [...measured, goalTable(goals)]
  return tables.map((table) => `${table.title === undefined ? '' : `${table.title}\n`}${textOf(table)}\n`).join('\n')
}
