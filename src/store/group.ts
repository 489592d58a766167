import type { Clock } from '../core/ports.ts'
import type { Engine, Row, Session, Value } from './engine.ts'

/** The one connection of a database whose statements hold up this thread. */
export interface Connection {
  execute(sql: string, values?: readonly Value[]): readonly Row[]
  /** Whether a transaction is open on it. */
  readonly isTransaction: boolean
}

/** Transactions that share their commits. */
export interface Group extends Pick<Engine, 'run' | 'transaction'> {
  /** Waits until nobody waits any more. */
  quiet(): Promise<void>
}

export interface GroupOptions {
  readonly clock: Pick<Clock, 'monotonic'>
  /** Lets the event loop turn. */
  readonly turn: () => Promise<unknown>
}

interface Waiting {
  readonly work: (session: Session) => Promise<unknown>
  readonly done: (result: unknown) => void
  readonly failed: (error: unknown) => void
}

/**
 * So long the event loop may wait for one group's statements, in milliseconds; its commit, the disk's time, comes on top.
 * About 200 accepts: with less, a burst waits for many more turns of a loop that is busy with its acks.
 */
const groupMs = 20

/**
 * Whatever one turn of the event loop asks for is one transaction, with a savepoint for each: a commit waits for the disk,
 * and one does for all of them. Nobody hears anything before it, and if it fails, all that waited fail with it. Between
 * two groups the loop turns, so that answers leave and heartbeats beat however many wait. A single statement goes the
 * same way, so that no read sees what is not committed.
 */
export function createGroup(connection: Connection, { clock, turn }: GroupOptions): Group {
  const { execute } = connection
  const session: Session = { run: async (sql, values) => execute(sql, values) }
  let line: Waiting[] = []
  let going: Promise<void> | null = null

  function ask<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return new Promise<T>((done, failed) => {
      line.push({ work, done: done as (result: unknown) => void, failed })
      going ??= goOn()
    })
  }

  async function goOn(): Promise<void> {
    while (line.length > 0) {
      await turn()
      await commitTogether()
    }
    going = null
  }

  async function commitTogether(): Promise<void> {
    const waiting = line
    line = []
    const answers: (() => void)[] = []
    try {
      execute('begin immediate')
      const until = clock.monotonic() + groupMs
      for (const one of waiting) {
        answers.push(await attempt(one))
        if (clock.monotonic() > until) break
      }
      execute('commit')
    } catch (error) {
      for (const { failed } of waiting) failed(error)
      rollBack()
      return
    }
    for (const answer of answers) answer()
    line = [...waiting.slice(answers.length), ...line]
  }

  /** Gives how to answer it once that is committed. */
  async function attempt({ work, done, failed }: Waiting): Promise<() => void> {
    execute('savepoint one')
    try {
      const result = await work(session)
      execute('release one')
      return () => done(result)
    } catch (error) {
      // A full disk or a failed write has rolled back all of it by itself.
      if (!connection.isTransaction) throw error
      execute('rollback to one')
      execute('release one')
      return () => failed(error)
    }
  }

  function rollBack(): void {
    try {
      if (connection.isTransaction) execute('rollback')
    } catch {
      // Whoever comes next is told what is wrong.
    }
  }

  return {
    run: (sql, values) => ask(async () => execute(sql, values)),
    transaction: ask,
    quiet: async () => {
      await going
    },
  }
}
