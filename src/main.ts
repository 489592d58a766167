import { setFlagsFromString } from 'node:v8'
import { loadConfig, readEnvironment } from './config.ts'
import { type AppError, failureOf } from './core/failure.ts'
import { createLog } from './log.ts'
import { startProgram } from './program.ts'

/** Of calls to the image API: it answers in well under a second, but a busy proxy before it may take its time. */
const timeouts = { submitMs: 30_000, lookMs: 15_000, resultMs: 30_000 }

/** Runs the program until a signal ends it; sets the exit code. */
export async function main(): Promise<void> {
  const loaded = loadConfig(readEnvironment())
  if (!loaded.ok) {
    process.stderr.write(`The configuration has problems:\n${loaded.problems.map((line) => `  ${line}\n`).join('')}`)
    process.exitCode = 1
    return
  }
  const { config } = loaded
  const log = createLog(config.logLevel)
  const ended = Promise.withResolvers<number>()
  const fatal = (error: AppError) => {
    log.error({ failure: error.code, detail: error.detail }, 'can’t go on')
    process.stderr.write(`${error.detail ?? error.code}\n`)
    ended.resolve(1)
  }
  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) process.exit(1)
    log.info({}, 'stopping; a second signal stops at once')
    stopping.abort()
    ended.resolve(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // A rejection that nobody awaited is a bug: the log has it, and recovery is the ordinary path.
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'unhandled rejection')
    ended.resolve(1)
  })
  try {
    const { signal } = stopping
    await using program = await startProgram(config, { log, fatal, step: () => undefined, timeouts, signal })
    program.announce()
    // V8's own value: from here on garbage comes from work (start.mjs held the growth down while libraries were loaded).
    setFlagsFromString('--semi-space-growth-factor=2')
    process.exitCode = await ended.promise
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0)
    const failure = failureOf(error)
    if (failure.code === 'internal') log.error({ err: error }, 'start failed')
    else log.error({ failure: failure.code, detail: failure.detail }, 'start failed')
    process.stderr.write(`${failure.detail ?? failure.code}\n`)
    process.exitCode = 1
  }
  // Sockets of the chats' libraries may linger; everything of ours is closed by now.
  process.exit()
}
