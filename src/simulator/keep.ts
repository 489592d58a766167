import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../core/failure.ts'
import type { Log } from '../core/ports.ts'
import type { Task } from './task.ts'
import { readTask } from './task-form.ts'

/** Where tasks and their inputs stay. */
export interface Keep {
  /** Everything kept from earlier. */
  load(): Promise<readonly Task[]>
  save(task: Task): Promise<void>
  /** Forgets a task and its inputs. */
  remove(task: Task): Promise<void>
  saveInputs(task: Task, inputs: readonly Uint8Array[]): Promise<void>
  inputs(task: Task): Promise<readonly Uint8Array[]>
  /** The port used last, or 0. */
  port(): Promise<number>
  savePort(port: number): Promise<void>
}

/** Forgets everything with the process. */
export function createMemoryKeep(): Keep {
  const inputs = new Map<string, readonly Uint8Array[]>()
  return {
    load: async () => [],
    save: async () => undefined,
    remove: async ({ id }) => {
      inputs.delete(id)
    },
    saveInputs: async ({ id }, pictures) => {
      inputs.set(id, pictures)
    },
    inputs: async ({ id }) => inputs.get(id) ?? [],
    port: async () => 0,
    savePort: async () => undefined,
  }
}

/** Keeps everything under `dir`: a file a task, `tasks/<id>.json`, and a file an input, `inputs/<id>-<n>`. */
export function createFileKeep(dir: string, log: Log): Keep {
  const tasks = join(dir, 'tasks')
  const inputs = join(dir, 'inputs')
  const taskFile = (id: string) => join(tasks, `${id}.json`)
  const inputFile = (id: string, n: number) => join(inputs, `${id}-${n}`)
  const inputNumbers = (task: Task) => task.order.inputUrls.map((_, n) => n)

  const loadOne = async (name: string): Promise<Task | null> => {
    const file = join(tasks, name)
    const task = name.endsWith('.json') ? readTask(await readFile(file, 'utf8')) : null
    if (task !== null && name === `${task.id}.json`) return task
    log.warn({ file }, 'not a task of the simulator: removed')
    await rm(file, { force: true })
    return null
  }

  return {
    load: async () => {
      for (const folder of [tasks, inputs]) await makeFolder(folder)
      const loaded: Task[] = []
      for (const name of await readdir(tasks)) {
        const task = await loadOne(name)
        if (task !== null) loaded.push(task)
      }
      // A kill may have left drafts, or inputs of a task that was just being removed.
      const known = new Set(loaded.flatMap((task) => inputNumbers(task).map((n) => inputFile(task.id, n))))
      for (const name of await readdir(inputs)) {
        if (!known.has(join(inputs, name))) await rm(join(inputs, name), { force: true })
      }
      return loaded
    },
    save: (task) => replace(taskFile(task.id), JSON.stringify(task)),
    remove: async (task) => {
      await rm(taskFile(task.id), { force: true })
      for (const n of inputNumbers(task)) await rm(inputFile(task.id, n), { force: true })
    },
    saveInputs: async (task, pictures) => {
      for (const [n, bytes] of pictures.entries()) await replace(inputFile(task.id, n), bytes)
    },
    inputs: (task) => Promise.all(inputNumbers(task).map((n) => readFile(inputFile(task.id, n)))),
    port: async () => {
      const text = await readFile(join(dir, 'port'), 'utf8').catch(() => '')
      return /^\d{1,5}$/.test(text) ? Number(text) : 0
    },
    savePort: (port) => replace(join(dir, 'port'), String(port)),
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new AppError('configuration', { detail: `the simulator can’t write to ${folder} (${code})`, cause: error })
  }
}

/** A file is either the old one or the new one, never half of it, wherever the process is killed. */
async function replace(file: string, content: string | Uint8Array): Promise<void> {
  const draft = `${file}.draft`
  await writeFile(draft, content)
  await rename(draft, file)
}
