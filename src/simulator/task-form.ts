import { aspectRatios, qualities } from '../core/request.ts'
import type { Task } from './task.ts'

/** A task as it was written down, or null when the text is no task. */
export function readTask(text: string): Task | null {
  const task = parsed(text)
  return isTask(task) ? task : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is not a task; the caller says so.
    return null
  }
}

function isTask(value: unknown): value is Task {
  if (!isRecord(value) || !isRecord(value.order) || !isRecord(value.inputs)) return false
  const { id, secret, createdAt, readyAt, fate, inputs, order, told } = value
  return (
    typeof id === 'string' &&
    typeof secret === 'string' &&
    typeof createdAt === 'number' &&
    typeof readyAt === 'number' &&
    typeof told === 'boolean' &&
    (fate === null || isFailure(fate)) &&
    isInputs(inputs) &&
    isOrder(order)
  )
}

function isOrder(order: Record<string, unknown>): boolean {
  return (
    typeof order.model === 'string' &&
    typeof order.prompt === 'string' &&
    aspectRatios.some((ratio) => ratio === order.ratio) &&
    qualities.some((quality) => quality === order.quality) &&
    Array.isArray(order.inputUrls) &&
    order.inputUrls.every((url) => typeof url === 'string') &&
    (order.callbackUrl === null || typeof order.callbackUrl === 'string')
  )
}

function isInputs(inputs: Record<string, unknown>): boolean {
  return (
    inputs.state === 'waiting' || inputs.state === 'ready' || (inputs.state === 'failed' && isFailure(inputs.failure))
  )
}

function isFailure(value: unknown): boolean {
  return isRecord(value) && typeof value.code === 'string' && typeof value.message === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
