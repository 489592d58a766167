import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../test/program.ts'
import type { ChatReady } from './server.ts'

/** The whole program, as `npm start` has it, with the chats that it is given. */
export interface Running extends AsyncDisposable {
  readonly pid: number
  /** From the start of the process to its own word that it is ready. */
  readonly readyMs: number
}

export interface RunningOptions {
  readonly discord: ChatReady['discord'] | null
  readonly slack: ChatReady['slack'] | null
  /** The upstream's origin. */
  readonly origin: string
  readonly env?: Readonly<Record<string, string>>
}

/** Nobody's money and nobody's turn is to be in the way. */
const open = { CREDITS_PER_DAY: '0', LOG_LEVEL: 'info' }

export async function startRunning({ discord, slack, origin, env = {} }: RunningOptions): Promise<Running> {
  const dataDir = await mkdtemp(join(tmpdir(), 'imagine-bench-'))
  const at = performance.now()
  const run = runProgram({
    ...open,
    ...(discord && { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl }),
    ...(slack && {
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl.replace(/\/$/, ''),
    }),
    ...{ IMAGE_API_URL: `${origin}/api/v1`, IMAGE_API_KEY: 'aio_bench', DATA_DIR: dataDir, ...env },
  })
  while (!run.output().includes('"msg":"ready"')) {
    const ended = await Promise.race([once(run.process.stdout ?? run.process, 'data'), run.exited])
    if (typeof ended === 'number') throw new Error(`the program ended with ${ended}:\n${run.output()}`)
  }
  const readyMs = performance.now() - at
  return {
    pid: run.process.pid ?? 0,
    readyMs,
    [Symbol.asyncDispose]: async () => {
      run.process.kill('SIGTERM')
      await run.exited
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** What a process has resident now, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
