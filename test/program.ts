import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The whole program in a process of its own. */
export interface Program {
  /** Where its HTTP port is. */
  readonly origin: string
  readonly process: ChildProcess
  /** Its log and what it said to the person who started it. */
  output(): string
  /** Sends a signal and gives the exit code (null when the signal itself ended it). */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Kept by the caller; a new one that goes with the program otherwise. */
  readonly dataDir?: string
}

const root = join(import.meta.dirname, '..')

/** Starts `start.mjs` with nothing but the given environment, on a free port; resolves when it says that it is ready. */
export async function startProgram({ env = {}, dataDir }: ProgramOptions = {}): Promise<Program> {
  const own = dataDir ?? (await mkdtemp(join(tmpdir(), 'imagine-')))
  const run = runProgram({ ...env, DATA_DIR: own })
  const removeOwn = async () => {
    if (dataDir === undefined) await rm(own, { recursive: true, force: true })
  }
  const origin = await Promise.race([
    readyOrigin(run.process),
    run.exited.then(async (code) => {
      await removeOwn()
      throw new Error(`the program ended with ${code} before it was ready:\n${run.output()}`)
    }),
  ])
  return {
    origin,
    process: run.process,
    output: run.output,
    end: async (signal = 'SIGTERM') => {
      run.process.kill(signal)
      const code = await run.exited
      await removeOwn()
      return code
    },
  }
}

/** Starts `start.mjs` and lets it run, also into a configuration error. */
export function runProgram(env: Readonly<Record<string, string>>): {
  process: ChildProcess
  output(): string
  exited: Promise<number | null>
} {
  const child = spawn(process.execPath, ['start.mjs'], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const parts: Buffer[] = []
  child.stdout?.on('data', (part: Buffer) => parts.push(part))
  child.stderr?.on('data', (part: Buffer) => parts.push(part))
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code))
  })
  return { process: child, output: () => Buffer.concat(parts).toString('utf8'), exited }
}

function readyOrigin(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let rest = ''
    child.stdout?.on('data', (part: Buffer) => {
      const lines = (rest + part.toString('utf8')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.includes('"msg":"ready"')) continue
        const entry: unknown = JSON.parse(line)
        if (typeof entry === 'object' && entry !== null && 'origin' in entry) resolve(String(entry.origin))
      }
    })
  })
}
