import { type ParseArgsConfig, parseArgs } from 'node:util'
import { type Config, loadConfig, readEnvironment } from '../config.ts'
import { AppError, failureOf } from '../core/failure.ts'

/**
 * Runs a command with the program's own configuration. What is wrong is said in words on standard error, with exit
 * code 1.
 */
export async function runCommand(work: (config: Config) => Promise<void>): Promise<void> {
  try {
    const loaded = loadConfig(readEnvironment())
    if (loaded.ok) await work(loaded.config)
    else complain(`The configuration has problems:\n${loaded.problems.map((line) => `  ${line}`).join('\n')}`)
  } catch (error) {
    const { code, detail } = failureOf(error)
    complain(detail ?? code)
  }
}

/** The command line by node's own rules. Throws `configuration`, with how it is used, for one that makes no sense. */
export function commandLine<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw misuse(error instanceof Error ? error.message : String(error), usage)
  }
}

/** A command that was called in a way that makes no sense. */
export function misuse(problem: string, usage: string): AppError {
  return new AppError('configuration', { detail: `${problem}\n\n${usage}` })
}

export function say(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n`)
}

function complain(text: string): void {
  process.stderr.write(`${text.trimEnd()}\n`)
  process.exitCode = 1
}
