import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as after } from 'node:timers/promises'
import type { Behaviour } from '../../src/simulator/behaviour.ts'
import type { Post } from '../../src/simulator/records.ts'
import { readTask } from '../../src/simulator/task-form.ts'

/** The image API in a process of its own, which outlives all replicas and records every POST. */
export interface Upstream extends AsyncDisposable {
  /** For `IMAGE_API_URL`. */
  readonly base: string
  /** Switches a behaviour on (docs/simulator.md). */
  behave(behaviour: Behaviour): Promise<void>
  /** Stands still for so long: connections are taken and nothing is answered. */
  stall(ms: number): Promise<void>
  /** Every submit that came; the last 10,000 at least. */
  posts(): Promise<readonly Post[]>
  /** How often each task was looked at. */
  looks(): Promise<Readonly<Record<string, number>>>
  /** The most tasks that it worked on at one time. */
  mostInFlight(): Promise<number>
}

export interface UpstreamOptions {
  readonly dir: string
  readonly seconds: { readonly min: number; readonly max: number }
}

const root = join(import.meta.dirname, '../..')

export async function startUpstream({ dir, seconds }: UpstreamOptions): Promise<Upstream> {
  const child = spawn(
    process.execPath,
    [
      'src/simulator/main.ts',
      ...['--port', '0', '--plain', '--control', '--dir', dir],
      ...['--min-seconds', String(seconds.min), '--max-seconds', String(seconds.max)],
    ],
    {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const killed = () => void child.kill('SIGKILL')
  process.on('exit', killed)
  const exited = once(child, 'close')
  const complaints = text(child.stderr)
  const base = await Promise.race([
    saidBase(child.stdout),
    exited.then(async ([code]): Promise<never> => {
      throw new Error(`the simulator ended with ${code}: ${await complaints}`)
    }),
  ])
  const control = base.replace(/\/api\/v1$/, '/simulator')
  return {
    base,
    behave: async (behaviour) => {
      const answer = await fetch(`${control}/behaviours`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(behaviour),
      })
      if (!answer.ok) throw new Error(await answer.text())
    },
    stall: async (ms) => {
      child.kill('SIGSTOP')
      await after(ms)
      child.kill('SIGCONT')
    },
    posts: async () => {
      const answer = await fetch(`${control}/posts`)
      const { posts } = (await answer.json()) as { posts: readonly Post[] }
      return posts
    },
    looks: async () => {
      const answer = await fetch(`${control}/looks`)
      const { looks } = (await answer.json()) as { looks: Readonly<Record<string, number>> }
      return looks
    },
    mostInFlight: async () => most(await workTimes(dir)),
    [Symbol.asyncDispose]: async () => {
      killed()
      await exited
      process.off('exit', killed)
    },
  }
}

async function saidBase(output: NodeJS.ReadableStream): Promise<string> {
  let said = ''
  return new Promise((resolve) => {
    output.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const [, base] = /simulator at (\S+)/.exec(said) ?? []
      if (base !== undefined) resolve(base)
    })
  })
}

interface Span {
  readonly from: number
  readonly until: number
}

/** From when to when each task was worked on; one whose input could not be had ended earlier, nobody knows when. */
async function workTimes(dir: string): Promise<readonly Span[]> {
  const folder = join(dir, 'tasks')
  const spans: Span[] = []
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.json')) continue
    const task = readTask(await readFile(join(folder, name), 'utf8'))
    if (task !== null && task.inputs.state !== 'failed') spans.push({ from: task.createdAt, until: task.readyAt })
  }
  return spans
}

/** The most spans that overlap; one that ends when another begins does not. */
function most(spans: readonly Span[]): number {
  const changes = spans
    .flatMap(({ from, until }) => [
      { at: from, by: 1 },
      { at: until, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by)
  let now = 0
  let highest = 0
  for (const { by } of changes) {
    now += by
    highest = Math.max(highest, now)
  }
  return highest
}
