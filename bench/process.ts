import { fork } from 'node:child_process'
import { once } from 'node:events'
import { flushCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A process of its own that serves the others of a benchmark, so that their figures are theirs alone. */
export interface Server<Ready, Asked, Told> extends AsyncDisposable {
  readonly ready: Ready
  ask(question: Asked): Promise<Told>
}

/** What a script in `bench/` is told, as JSON. */
type Options = object

/** Runs a script that measures; gives what it found. */
export async function measure<Found>(script: string, options: Options): Promise<Found> {
  const child = start(script, options)
  const found = await answer<Found>(child, script)
  child.kill('SIGKILL')
  return found
}

export async function serve<Ready, Asked = never, Told = never>(
  script: string,
  options: Options,
): Promise<Server<Ready, Asked, Told>> {
  const child = start(script, options)
  const ready = await answer<Ready>(child, script)
  return {
    ready,
    ask: async (question) => {
      const told = answer<Told>(child, script)
      child.send(question as string)
      return told
    },
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit')
      if (child.kill('SIGKILL')) await gone
    },
  }
}

function start(script: string, options: Options) {
  return fork(join(import.meta.dirname, script), [JSON.stringify(options)], {
    // As `npm start` has it: plain node, whose stripping of types (18 MB) is not loaded once its results are cached.
    // As npm start has it.
    execArgv: ['--max-semi-space-size=8'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'imagine-bench-compile-cache') },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
}

async function answer<T>(child: ReturnType<typeof start>, script: string): Promise<T> {
  const done = new AbortController()
  const { signal } = done
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as T),
      once(child, 'exit', { signal }).then(([code, killed]) => {
        throw new Error(`bench/${script} ended with ${code ?? killed} before it answered`)
      }),
    ])
  } finally {
    done.abort()
  }
}

/** The other side: what this script was told. */
export function told<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T
}

/** The other side: says what was found, or that it is ready. */
export function say(found: object): void {
  // It will be killed, and would not write it then.
  flushCompileCache()
  process.send?.(found)
}

/** The other side: answers each question. */
export function answering<Asked>(respond: (question: Asked) => Promise<object> | object): void {
  process.on('message', async (question) => say(await respond(question as Asked)))
}
