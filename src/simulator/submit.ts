import { type Answer, errorAnswer } from './answer.ts'
import { apiError } from './api-error.ts'
import type { Behaviours } from './behaviour.ts'
import { faultAnswer } from './fault.ts'
import { readOrder } from './order.ts'
import type { Rate } from './rate.ts'
import { submitBody } from './shapes.ts'
import type { Task } from './task.ts'
import type { Tasks } from './tasks.ts'

/** What became of a submit. */
export interface Submitted {
  readonly answer: Answer
  readonly task: Task | null
}

/** Answers an authenticated submit: refuses it, or takes it and, perhaps, loses the answer. */
export async function submit(
  body: unknown,
  { tasks, behaviours, rate }: { readonly tasks: Tasks; readonly behaviours: Behaviours; readonly rate: Rate },
): Promise<Submitted> {
  const prompt = promptOf(body)
  const fault = behaviours.take('submit', ['refuse', 'bare', 'hang', 'reset'], prompt)
  if (fault !== null) return refused(faultAnswer(fault))
  const read = readOrder(body)
  if (!read.ok) return refused(errorAnswer(read.error))
  const { order } = read
  if (order.callbackUrl !== null && behaviours.take('submit', ['refuse_callbacks'], prompt) !== null)
    return refused(errorAnswer(apiError(400, { message: 'Invalid parameters: callback_url is not supported' })))
  const limit = behaviours.take('submit', ['limit'], prompt)
  if (limit?.inFlight !== undefined && tasks.inFlight() >= limit.inFlight) return refused(errorAnswer(apiError(429), 1))
  if (limit?.perSecond !== undefined && !rate.admit('submit', limit.perSecond))
    return refused(errorAnswer(apiError(429), 1))
  const task = await tasks.take(order)
  return { answer: takenAnswer(task, behaviours, prompt), task }
}

function takenAnswer(task: Task, behaviours: Behaviours, prompt: string): Answer {
  const lost = behaviours.take('submit', ['lose'], prompt)
  switch (lost?.how) {
    case 'hang':
    case 'reset':
      return { kind: lost.how }
    case 'bare':
      return { kind: 'bare', status: 500 }
    case 'no_id':
      return { kind: 'json', status: 200, body: { code: 200, message: 'success', data: { status: 'IN_PROGRESS' } } }
    case undefined: {
      const shape = behaviours.take('submit', ['shape'], prompt)?.shape ?? 'envelope'
      return { kind: 'json', status: 200, body: submitBody(task, shape) }
    }
  }
}

function refused(answer: Answer): Submitted {
  return { answer, task: null }
}

/** The prompt of a body that was not checked yet; empty if it has none. */
export function promptOf(body: unknown): string {
  const prompt = typeof body === 'object' && body !== null && 'prompt' in body ? body.prompt : ''
  return typeof prompt === 'string' ? prompt : ''
}
