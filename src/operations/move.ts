// Entry point of `npm run db:move`.
import { rename } from 'node:fs/promises'
import { AppError } from '../core/failure.ts'
import { type Comparison, moveStore } from '../store/move.ts'
import { openPostgres } from '../store/postgres.ts'
import { openSqlite } from '../store/sqlite.ts'
import { findSqlite } from '../store/sqlite-reader.ts'
import { commandLine, runCommand, say } from './command.ts'
import { table } from './table.ts'

const usage = `Moves everything from the embedded database (DATA_DIR) to PostgreSQL (DATABASE_URL).

  npm run db:move

The program must be stopped, and the database of DATABASE_URL empty. All or nothing moves, and both are compared. What
let the bot write into a chat for minutes only (interaction tokens, response URLs) stays behind. Afterwards the old file
has another name: a program that still ran on it would pay again for what was on its way.
`

await runCommand(async (config) => {
  const { values } = commandLine(usage, { options: { help: { type: 'boolean', default: false } } })
  if (values.help) return say(usage)
  if (config.store.kind !== 'postgres')
    throw new AppError('configuration', {
      detail: 'DATABASE_URL is missing: it names the PostgreSQL database to move to',
    })
  const file = await findSqlite(config.dataDir)
  await move(config.dataDir, config.store.url)
  const old = `${file}.moved-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  await rename(file, old)
  say(`\nMoved. Start the program with DATABASE_URL. The old database is ${old}.`)
})

async function move(dataDir: string, url: string): Promise<void> {
  const source = openSqlite(dataDir)
  try {
    const target = openPostgres(url)
    try {
      await moveStore(source, target, show)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

function show(comparisons: readonly Comparison[]): void {
  const rows = comparisons.map(({ name, source, target }) => [
    name,
    String(source),
    String(target),
    source === target ? 'equal' : 'DIFFERENT',
  ])
  say(table(['', 'embedded', 'PostgreSQL', ''], rows))
}
