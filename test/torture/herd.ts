import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Halt, Order, Word } from './halt.ts'

/** A process of the program. */
export interface Replica {
  readonly name: string
  readonly pid: number
  readonly life: Readonly<Life>
  /** Resolves when it is signed in to the chat; never when it dies before. */
  readonly ready: Promise<void>
  readonly exited: Promise<Exit>
  /** Resolves the next time that it halts itself. */
  halted(): Promise<Extract<Word, { replica: 'halted' }>>
  halt(halt: Halt): void
  goOn(): void
  kill(signal: NodeJS.Signals): void
  /** The last lines that it wrote. */
  tail(): string
}

/** What is known of a replica afterwards. */
export interface Life {
  readonly name: string
  /** When it was signed in to the chat, in milliseconds since the epoch. */
  readyAt: number | null
  endedAt: number | null
  killed: boolean
  /** Jobs that it said were written down. */
  readonly accepted: string[]
  /** Interactions that it heard of too late to answer them. */
  readonly missed: string[]
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The replicas that run, and one that waits to take the place of the next that dies. */
export interface Herd extends AsyncDisposable {
  readonly running: readonly Replica[]
  /** What replicas did that no test asked for: ended by themselves, threw. */
  readonly problems: readonly string[]
  /** Of all that were started. */
  readonly lives: readonly Readonly<Life>[]
  /** Starts one more. */
  start(): Promise<Replica>
  /** Asks all to end, as an operator would; gives their ends. */
  stop(): Promise<readonly Exit[]>
}

export interface HerdOptions {
  readonly env: Readonly<Record<string, string>>
  /** Where each replica's log is written. */
  readonly logs: string
  /** Whether one more is loaded beforehand. */
  readonly spare: boolean
}

interface Loaded extends Replica {
  readonly life: Life
  readonly loaded: Promise<void>
  order(order: Order): void
}

const root = join(import.meta.dirname, '../..')
const keptLines = 60

export function createHerd({ env, logs, spare }: HerdOptions): Herd {
  const running: Replica[] = []
  const lives: Life[] = []
  const problems: string[] = []
  const all = new Set<Loaded>()
  let count = 0
  let waiting: Loaded | null = null
  // A parent that ends in any way leaves none behind, not even one that is paused.
  const killAll = () => {
    for (const replica of all) replica.kill('SIGKILL')
  }
  process.on('exit', killAll)

  function load(): Loaded {
    count += 1
    const name = `r${count}`
    const replica = spawnReplica(name, env, join(logs, `${name}.log`), problems)
    all.add(replica)
    void replica.exited.then(() => all.delete(replica))
    return replica
  }

  return {
    running,
    lives,
    problems,
    start: async () => {
      const replica = waiting ?? load()
      waiting = spare ? load() : null
      running.push(replica)
      lives.push(replica.life)
      void replica.exited.then(({ code, signal }) => {
        running.splice(running.indexOf(replica), 1)
        if (signal === null && code !== 0) problems.push(`${replica.name} ended with ${code}:\n${replica.tail()}`)
      })
      await replica.loaded
      replica.order({ do: 'start' })
      return replica
    },
    stop: async () => {
      const ending = [...running]
      for (const replica of ending) replica.kill('SIGTERM')
      return Promise.all(ending.map(({ exited }) => exited))
    },
    [Symbol.asyncDispose]: async () => {
      const ends = [...all].map(({ exited }) => exited)
      killAll()
      await Promise.all(ends)
      process.off('exit', killAll)
    },
  }
}

function spawnReplica(name: string, env: Readonly<Record<string, string>>, log: string, problems: string[]): Loaded {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'replica.ts')], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env, TORTURE_NAME: name },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lines: string[] = []
  const keep = (line: string) => {
    appendFileSync(log, `${line}\n`)
    lines.push(line)
    if (lines.length > keptLines) lines.shift()
  }
  const loaded = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<void>()
  const life: Life = { name, readyAt: null, endedAt: null, killed: false, accepted: [], missed: [] }
  let halts: ((word: Extract<Word, { replica: 'halted' }>) => void)[] = []
  readLines(child, (line) => {
    keep(line)
    const word = wordOf(line)
    if (word === null) {
      const [, missed] = /"interaction":"(\d+)".*"msg":"interaction too old/.exec(line) ?? []
      if (missed !== undefined) life.missed.push(missed)
      if (life.readyAt !== null || !line.includes('"msg":"signed in to Discord"')) return
      life.readyAt = Date.now()
      ready.resolve()
    } else if (word.replica === 'loaded') loaded.resolve()
    else if (word.replica === 'accepted') life.accepted.push(word.job)
    else if (word.replica === 'broken') problems.push(`${name}: ${word.why}`)
    else {
      for (const tell of halts) tell(word)
      halts = []
    }
  })
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    life.endedAt = Date.now()
    life.killed = signal === 'SIGKILL'
    return { code, signal }
  })
  const { pid } = child
  if (pid === undefined) throw new Error('no process was started')
  const order = (given: Order) => {
    // A process that has just died takes no orders.
    if (child.connected) child.send(given, () => undefined)
  }
  return {
    ...{ name, pid, life, exited, order },
    loaded: loaded.promise,
    ready: ready.promise,
    halted: () => new Promise((resolve) => halts.push(resolve)),
    halt: (halt) => order({ do: 'halt', ...halt }),
    goOn: () => order({ do: 'go_on' }),
    kill: (signal) => void child.kill(signal),
    tail: () => lines.join('\n'),
  }
}

function readLines(child: ChildProcess, read: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) throw new Error('the output is not piped')
    createInterface({ input: stream }).on('line', read)
  }
}

function wordOf(line: string): Word | null {
  return line.startsWith('{"replica":') ? (JSON.parse(line) as Word) : null
}
