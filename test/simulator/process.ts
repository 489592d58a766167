import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface SimulatorProcess {
  /** Its base URL. */
  readonly base: string
  output(): string
  kill(): Promise<void>
  /** Sends a signal and gives the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

const root = join(import.meta.dirname, '../..')

/** Runs `src/simulator/main.ts` and gives its output and exit code; for command lines that end by themselves. */
export async function runProcess(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const { output, exited } = launch(args)
  return { code: await exited, output: output() }
}

/** Starts `src/simulator/main.ts` as a process of its own; it is killed with the test. */
export async function startProcess(...args: readonly string[]): Promise<SimulatorProcess> {
  const { child, output, exited } = launch(args)
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exited
  }
  onTestFinished(async () => void (await end('SIGKILL')))
  while (!output().includes('curl')) {
    const code = await Promise.race([once(child.stdout, 'data').then(() => undefined), exited])
    if (code !== undefined) throw new Error(`ended with ${code}: ${output()}`)
  }
  const base = /simulator at (\S+)/.exec(output())?.[1] ?? ''
  return {
    ...{ base, output, end },
    kill: async () => void (await end('SIGKILL')),
  }
}

function launch(args: readonly string[]) {
  const child = spawn(process.execPath, ['src/simulator/main.ts', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const add = (chunk: Buffer) => {
    text += chunk.toString()
  }
  child.stdout.on('data', add)
  child.stderr.on('data', add)
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return { child, exited, output: () => text }
}
