import { AppError } from '../core/failure.ts'
import { type Engine, parameters, type Row, type Session, type Value } from './engine.ts'
import { migrate } from './migrations.ts'
import { numberOf, textOf } from './rows.ts'

/** What moves, in the order in which rows refer to each other. */
export const movedTables = [
  ...['jobs', 'tasks', 'ledger', 'accounts', 'limits'],
  ...['drafts', 'vault', 'durations', 'inputs', 'chunks'],
] as const
/** Of this process alone, or of the schema itself. */
export const leftTables = ['replicas', 'meta'] as const

/**
 * What stays behind: who let a stranger write in a chat (interaction tokens, response URLs) must do without there, and
 * the process that owned a job is gone.
 */
const leftColumns: ReadonlySet<string> = new Set(['jobs.secret', 'jobs.secret_until', 'jobs.owner'])

/** Rows in one statement; of chunks fewer, which hold 256 KB each. */
const rowsAtOnce = 200
const chunksAtOnce = 16

/** One number of both databases. */
export interface Comparison {
  readonly name: string
  readonly source: number
  readonly target: number
}

/**
 * Copies an embedded database, which this process must hold, into an empty one, in one transaction, and compares them
 * before it commits; `compared` is told. Throws `configuration` where the target is not empty, `internal` where the two
 * differ: then, and whenever it throws, nothing has moved.
 */
export async function moveStore(
  source: Engine,
  target: Engine,
  compared: (comparisons: readonly Comparison[]) => void,
): Promise<void> {
  await migrate(source)
  await migrate(target)
  await target.transaction(async (session) => {
    // Nobody else begins to write between the look and the commit.
    await session.run(`lock table ${[...movedTables, ...leftTables].join(', ')} in share row exclusive mode`)
    await refuseFilled(session)
    for (const table of movedTables) await copy(source, session, table)
    const comparisons = await compare(source, session)
    compared(comparisons)
    const different = comparisons.filter((one) => one.source !== one.target).map((one) => one.name)
    if (different.length > 0)
      throw new AppError('internal', { detail: `the copy differs (${different.join(', ')}): nothing was moved` })
  }, 'unhurried')
}

async function refuseFilled(target: Session): Promise<void> {
  const filled: string[] = []
  for (const table of [...movedTables, 'replicas']) {
    // The schema itself brings one row, for rates.
    if (table === 'limits') continue
    const rows = await target.run(`select 1 as one from ${table} limit 1`)
    if (rows.length > 0) filled.push(table)
  }
  if (filled.length > 0)
    throw new AppError('configuration', {
      detail: `the database of DATABASE_URL is not empty (${filled.join(', ')}): make a new one to move into, and start the program on it only afterwards`,
    })
}

async function copy(source: Session, target: Session, table: (typeof movedTables)[number]): Promise<void> {
  if (table === 'limits') await target.run('delete from limits')
  const info = await source.run(`select name from pragma_table_info('${table}')`)
  const columns = info.map((row) => textOf(row, 'name')).filter((name) => !leftColumns.has(`${table}.${name}`))
  const limit = table === 'chunks' ? chunksAtOnce : rowsAtOnce
  for (let last = 0; ; ) {
    const rows = await source.run(
      `select rowid as rowid_, ${columns.join(', ')} from ${table} where rowid > $1 order by rowid limit ${limit}`,
      [last],
    )
    const end = rows.at(-1)
    if (end === undefined) return
    await insert(target, table, columns, rows)
    last = numberOf(end, 'rowid_')
  }
}

async function insert(target: Session, table: string, columns: readonly string[], rows: readonly Row[]): Promise<void> {
  const tuples = rows.map((_, at) => `(${parameters(1 + at * columns.length, columns.length)})`)
  const values = rows.flatMap((row) => columns.map((column): Value => row[column] ?? null))
  await target.run(`insert into ${table} (${columns.join(', ')}) values ${tuples.join(', ')}`, values)
}

async function compare(source: Session, target: Session): Promise<readonly Comparison[]> {
  const [from, to] = [await figures(source), await figures(target)]
  return [...new Set([...from.keys(), ...to.keys()])].map((name) => ({
    name,
    source: from.get(name) ?? 0,
    target: to.get(name) ?? 0,
  }))
}

/** Rows of each table, bytes, and credits by kind. */
async function figures(session: Session): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const table of movedTables) {
    const [row] = await session.run(`select count(*) as rows from ${table}`)
    found.set(`${table}: rows`, numberOf(row, 'rows'))
  }
  const [bytes] = await session.run('select cast(coalesce(sum(length(bytes)), 0) as bigint) as bytes from chunks')
  found.set('chunks: bytes', numberOf(bytes, 'bytes'))
  const [spent] = await session.run('select cast(coalesce(sum(spent), 0) as bigint) as spent from accounts')
  found.set('accounts: credits', numberOf(spent, 'spent'))
  const kinds = await session.run(
    'select kind, cast(sum(credits) as bigint) as credits from ledger group by kind order by kind',
  )
  for (const row of kinds) found.set(`ledger: ${textOf(row, 'kind')}`, numberOf(row, 'credits'))
  return found
}
