// Entry point of `npm run db:backup`.
import { open, rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AppError } from '../core/failure.ts'
import { backUp } from '../store/backup.ts'
import { commandLine, misuse, runCommand, say } from './command.ts'

const usage = `Copies the embedded database as it is at this moment, also while the program runs.

  npm run db:backup -- <file>

The file must not exist. It holds everything, secrets too: keep it where only you can read it. To go back to it, stop
the program and put it in place of DATA_DIR/imagine.db (and delete imagine.db-wal and imagine.db-shm beside that).
Requests that were on their way when it was made run again then, and may be paid for again.
`

await runCommand(async (config) => {
  const { values, positionals } = commandLine(usage, {
    options: { help: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  if (values.help) return say(usage)
  const [name, ...rest] = positionals
  if (name === undefined || rest.length > 0) throw misuse('Name one file.', usage)
  if (config.store.kind === 'postgres')
    throw new AppError('configuration', {
      detail: `The data is in PostgreSQL (DATABASE_URL is set), whose own tool backs it up, also while the program runs:\n\n  pg_dump --format=custom --file=${name} "$DATABASE_URL"`,
    })
  const { dataDir } = config.store
  const file = resolve(name)
  await refuseExisting(file)
  const part = `${file}.${process.pid}.part`
  try {
    // Made by us, so that nobody else can read it.
    await (await open(part, 'wx', 0o600)).close()
    const { jobs } = await backUp(dataDir, part)
    await refuseExisting(file)
    await rename(part, file)
    say(`${file}: ${jobs} jobs, ${(await stat(file)).size} bytes`)
  } catch (error) {
    // SQLite leaves its journal where it could not go on.
    for (const left of [part, `${part}-journal`]) await rm(left, { force: true })
    throw error
  }
})

async function refuseExisting(file: string): Promise<void> {
  const found = await stat(file).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (found !== null)
    throw new AppError('configuration', { detail: `${file} exists already: name another file, nothing is overwritten` })
}
