import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const root = join(import.meta.dirname, '..', '..')

/**
 * Runs a command of `src/operations` as the process that `npm run` makes of it, with nothing but the given settings;
 * `before` are the words of a command that runs it.
 */
export async function run(
  command: 'jobs' | 'backup' | 'move',
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  before: readonly string[] = [],
): Promise<Ended> {
  const [program = process.execPath, ...words] = [...before, process.execPath, `src/operations/${command}.ts`, ...args]
  const child = spawn(program, words, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const code = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
  })
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, out, err }
}
