import type { Order } from './order.ts'

/** How a task fails, in the service's words. */
export interface TaskFailure {
  readonly code: string
  readonly message: string
}

export type TaskInputs =
  | { readonly state: 'waiting' }
  | { readonly state: 'ready' }
  | { readonly state: 'failed'; readonly failure: TaskFailure }

/** One picture in the making. Times are milliseconds since the epoch. */
export interface Task {
  readonly id: string
  /** What a result's link must carry. */
  readonly secret: string
  readonly order: Order
  readonly createdAt: number
  /** When the picture is done, unless its inputs are late or will not do. */
  readonly readyAt: number
  /** How it is bound to fail; null when it is to succeed. */
  readonly fate: TaskFailure | null
  readonly inputs: TaskInputs
  /** Whether nobody needs to be told of its end any more. */
  readonly told: boolean
}

export type Standing =
  | { readonly state: 'working' /** 0–99 */; readonly progress: number }
  | { readonly state: 'completed' }
  | { readonly state: 'failed'; readonly failure: TaskFailure }

/** How long tasks and their pictures are kept. Source: result links of sibling services live 24 hours at least. */
export const keptMs = 24 * 60 * 60 * 1000

export function standingOf(task: Task, now: number): Standing {
  if (task.inputs.state === 'failed') return { state: 'failed', failure: task.inputs.failure }
  if (now < task.readyAt || task.inputs.state === 'waiting') {
    const share = (now - task.createdAt) / Math.max(1, task.readyAt - task.createdAt)
    return { state: 'working', progress: Math.floor(Math.min(0.99, Math.max(0, share)) * 100) }
  }
  return task.fate === null ? { state: 'completed' } : { state: 'failed', failure: task.fate }
}
