import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProgram } from '../program.ts'
import {
  type CommandOptions,
  type Invocation,
  type Said,
  type StandIn,
  type StandInOptions,
  type StoredMessage,
  startStandIn,
} from './stand-in.ts'

/** The embedded simulator takes 3 to 10 seconds for a picture; this asks it for four, of which progress is seen. */
export const soon = '[sim:slow=4]'
/** The same for one second. */
export const quick = '[sim:slow=1]'
export const pictured = /Made in|Edited in/

/** The whole program between the stand-in of Discord and the simulator. */
export async function programWorld(options: StandInOptions = {}) {
  const closing: (() => Promise<unknown>)[] = []
  const standIn = await startStandIn({ patienceMs: 40_000, ...options })
  // Broken rules of Discord's make this throw, and the test fail.
  closing.push(() => standIn.stop())
  const dataDir = await mkdtemp(join(tmpdir(), 'discord-program-'))
  closing.push(() => rm(dataDir, { recursive: true, force: true }))
  const env = {
    ...{ DISCORD_TOKEN: standIn.botToken, DISCORD_API_URL: standIn.apiUrl, IMAGE_API_URL: 'simulator' },
    // Nobody pays for looks here: results are seen soon.
    LOOKS_PER_TASK: '30',
  }
  const start = async () => {
    const program = await startProgram({ env, dataDir })
    closing.push(() => program.end())
    await standIn.ready()
    return program
  }
  return {
    ...{ standIn, dataDir, env, start, closing },
    [Symbol.asyncDispose]: async () => {
      for (const one of closing.splice(0).reverse()) await one()
    },
  }
}

export function imagine(
  standIn: StandIn,
  prompt: string,
  more: Parameters<StandIn['command']>[1] = {},
  as: CommandOptions = {},
): Invocation {
  return standIn.command('/imagine', { prompt, ...more }, as)
}

/** What the asker sees once the message reads like this. */
export async function seen(standIn: StandIn, command: Pick<Invocation | Said, 'message'>, words: RegExp) {
  await standIn.until(() => words.test(command.message()?.content ?? ''), `${words} in ${command.message()?.content}`)
  return standIn.screen(command.message())
}

/** The message of a command that was answered. */
export function messageOf(command: Pick<Invocation | Said, 'message'>): StoredMessage {
  const message = command.message()
  if (message === null) throw new Error('no message')
  return message
}
