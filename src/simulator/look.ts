import { type Answer, errorAnswer } from './answer.ts'
import { apiError } from './api-error.ts'
import type { Behaviours } from './behaviour.ts'
import { faultAnswer } from './fault.ts'
import type { Rate } from './rate.ts'
import type { Records } from './records.ts'
import { lookBody } from './shapes.ts'
import { type Standing, standingOf, type Task } from './task.ts'

export interface LookTools {
  readonly behaviours: Behaviours
  readonly rate: Rate
  readonly records: Records
  readonly now: number
  readonly url: (task: Task) => string
}

/** Answers an authenticated look at a task; null: there is none of that id. */
export function look(id: string, task: Task | null, { behaviours, rate, records, now, url }: LookTools): Answer {
  const prompt = task?.order.prompt ?? ''
  const fault = behaviours.take('look', ['refuse', 'bare', 'hang', 'reset'], prompt)
  if (fault !== null) return faultAnswer(fault)
  const limit = behaviours.take('look', ['limit'], prompt)
  const fast =
    (limit?.perTask !== undefined && !rate.admit(`look ${id}`, limit.perTask)) ||
    (limit?.perSecond !== undefined && !rate.admit('look', limit.perSecond))
  if (fast) return errorAnswer(apiError(429), 1)
  if (task === null) return errorAnswer(apiError(404))
  if (behaviours.take('look', ['say_nothing'], prompt) !== null)
    return { kind: 'json', status: 200, body: { code: 200, message: 'success', data: {} } }
  const standing: Standing = standingOf(task, now)
  if (standing.state !== 'working') records.told(id, Math.max(0, now - task.readyAt))
  const shape = behaviours.take('look', ['shape'], prompt) ?? {}
  return { kind: 'json', status: 200, body: lookBody(task, standing, url(task), shape) }
}
