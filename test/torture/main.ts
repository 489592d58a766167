import { parseArgs } from 'node:util'
import { type Mix, usualMix } from './blows.ts'
import type { EngineName } from './database.ts'
import { torture } from './run.ts'
import { tableOf } from './table.ts'

const usage = `Kills replicas of the program under load and judges what became of every request (docs/torture.md).

  npm run torture -- [options]

  --engine sqlite|postgres   one process on SQLite, or three on the PostgreSQL of TEST_DATABASE_URL (sqlite)
  --kills <n>                how often (100)
  --stops <n>                asked to end, besides (all these in proportion to the kills)
  --drops <n>                connections to the chat cut
  --stalls <n>               the image API stands still for a moment
  --pauses <n>               paused for longer than the heartbeat counts (this and the next on PostgreSQL)
  --cuts, --outages <n>      cut off from the database for a moment, for seconds
  --replicas <n>             on PostgreSQL (3)
  --per-second <n>           commands, while somebody listens (4)
  --seed <n>                 of all chance but the machine's own (the time)
  --quiet                    only the figures
`

const options = {
  engine: { type: 'string', default: 'sqlite' },
  kills: { type: 'string', default: '100' },
  'per-second': { type: 'string', default: '4' },
  stops: { type: 'string' },
  drops: { type: 'string' },
  stalls: { type: 'string' },
  pauses: { type: 'string' },
  cuts: { type: 'string' },
  outages: { type: 'string' },
  replicas: { type: 'string', default: '3' },
  seed: { type: 'string' },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

const { values } = parseArgs({ options })
if (values.help) process.stdout.write(usage)
else await run()

async function run(): Promise<void> {
  const engine = engineOf(values.engine)
  const mix = mixOf(engine)
  const replicas = engine === 'sqlite' ? 1 : whole('--replicas', values.replicas)
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : whole('--seed', values.seed)
  const startedAt = performance.now()
  const say = (line: string) => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    if (!values.quiet) process.stderr.write(`${String(seconds).padStart(5)} s  ${line}\n`)
  }
  const result = await torture({
    engine,
    mix,
    replicas,
    perSecond: whole('--per-second', values['per-second']),
    seed,
    say,
  })
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  process.stdout.write(tableOf(result, `torture on ${engine}, seed ${seed}, ${seconds} s`))
  process.exitCode = result.problems.length === 0 ? 0 : 1
}

function mixOf(engine: EngineName): Mix {
  const usual = usualMix(whole('--kills', values.kills), engine)
  const given = (['stops', 'drops', 'stalls', 'pauses', 'cuts', 'outages'] as const).flatMap(
    (name): [string, number][] => {
      const { [name]: text } = values
      return text === undefined ? [] : [[name, whole(`--${name}`, text)]]
    },
  )
  return { ...usual, ...Object.fromEntries(given) }
}

function engineOf(name: string): EngineName {
  if (name !== 'sqlite' && name !== 'postgres') throw new Error('--engine is sqlite or postgres')
  return name
}

function whole(flag: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new Error(`${flag} must be a whole number`)
  return value
}
