import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { type Program, startProgram } from '../program.ts'
import { type Seen, type SlackStandIn, startSlack } from './stand-in.ts'

/** The embedded simulator takes 3 to 10 seconds for a picture; this asks it for one. */
export const soon = '[sim:slow=1]'
export const patience = { timeout: 40_000, interval: 20 }

/** The whole program in a process of its own, with the stand-in as its Slack. */
export interface ProgramWorld extends AsyncDisposable {
  readonly slack: SlackStandIn
  readonly dataDir: string
  readonly env: Readonly<Record<string, string>>
  /** Starts the program, and waits until it hears. */
  start(): Promise<Program>
}

export async function programWorld(): Promise<ProgramWorld> {
  // Files are ready at the second look: slower ones are waited for elsewhere, by a clock of the test's own.
  const slack = await startSlack({ looks: 1 })
  const dataDir = await mkdtemp(join(tmpdir(), 'slack-program-'))
  const programs: Program[] = []
  const env = {
    ...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.apiUrl },
    // The API is asked often, for here nobody counts the queries.
    ...{ IMAGE_API_URL: 'simulator', LOOKS_PER_TASK: '30' },
  }
  return {
    ...{ slack, dataDir, env },
    start: async () => {
      const program = await startProgram({ env, dataDir })
      programs.push(program)
      await vi.waitFor(() => expect(slack.links.count()).toBe(2), patience)
      return program
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(programs.map((program) => program.end()))
      await slack.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** The n-th message in a channel that shows pictures, counted from 0; the first one about a prompt, where one is given. */
export async function pictureIn(
  { slack }: Pick<ProgramWorld, 'slack'>,
  channel: string,
  { at = 0, prompt }: { readonly at?: number; readonly prompt?: string } = {},
): Promise<Seen> {
  return vi.waitFor(() => {
    const shown = slack.messages(channel).filter(({ images }) => images.length > 0)
    const message = shown.filter(({ lines }) => prompt === undefined || lines[0] === prompt)[at]
    if (message === undefined) throw new Error(`no picture: ${prompt ?? at}`)
    return message
  }, patience)
}
