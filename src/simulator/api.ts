import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../core/ports.ts'
import { type Answer, errorAnswer, send } from './answer.ts'
import { apiError } from './api-error.ts'
import type { Behaviours } from './behaviour.ts'
import { isLoopback } from './inputs.ts'
import { look } from './look.ts'
import type { Rate } from './rate.ts'
import type { Records } from './records.ts'
import { promptOf, submit } from './submit.ts'
import type { Task } from './task.ts'
import type { Tasks } from './tasks.ts'

export interface ApiTools {
  readonly tasks: Tasks
  readonly behaviours: Behaviours
  readonly records: Records
  readonly rate: Rate
  readonly clock: Clock
  /** The bearer asked for; null: any. */
  readonly key: string | null
  readonly url: (task: Task) => string
  /** Aborts when the simulator stops. */
  readonly closing: AbortSignal
  readonly report: Report
}

/** Told of errors that nobody expected. */
export type Report = (error: unknown) => void

/** The two calls of the image API, as its product page has them. */
export function mountApi(server: FastifyInstance, tools: ApiTools): void {
  const { tasks, behaviours, records, rate, clock, closing } = tools

  const note = (at: number, body: unknown, answer: Answer, task: Task | null) =>
    records.post(at, body, {
      answer: answer.kind === 'json' || answer.kind === 'bare' ? answer.status : answer.kind,
      error: errorTypeOf(answer),
      taskId: task?.id ?? null,
    })

  server.route({
    method: 'POST',
    url: '/api/v1/images/generations',
    handler: async (request, reply) => {
      const at = clock.now()
      const { body } = request
      const denied = denialOf(request, tools.key)
      const delay = denied === null ? behaviours.take('submit', ['delay'], promptOf(body)) : null
      if (delay !== null) await clock.sleep(delay.ms, closing)
      const { answer, task } =
        denied === null ? await submit(body, { tasks, behaviours, rate }) : { answer: denied, task: null }
      note(at, body, answer, task)
      return send(reply, answer)
    },
    errorHandler: (error, request, reply) => {
      const answer = failureAnswer(error, tools.report)
      note(clock.now(), request.body, answer, null)
      return send(reply, answer)
    },
  })

  server.get<{ Params: { id: string } }>('/api/v1/tasks/:id', async (request, reply) => {
    const { id } = request.params
    records.look(id)
    const denied = denialOf(request, tools.key)
    if (denied !== null) return send(reply, denied)
    const delay = behaviours.take('look', ['delay'], tasks.get(id)?.order.prompt ?? '')
    if (delay !== null) await clock.sleep(delay.ms, closing)
    return send(reply, look(id, tasks.get(id), { ...tools, now: clock.now() }))
  })
}

/** Every error leaves in the documented form, those of the server itself too. */
export function answerErrors(server: FastifyInstance, report: Report): void {
  server.setNotFoundHandler((_request, reply: FastifyReply) =>
    send(reply, errorAnswer(apiError(404, { message: 'Not found' }))),
  )
  server.setErrorHandler((error, _request, reply) => send(reply, failureAnswer(error, report)))
}

/** Keeps out web pages whose host's name was pointed at this machine. */
export function refuseOtherNames(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    if (!isLoopback(request.hostname)) await send(reply, errorAnswer(apiError(403)))
  })
}

/** What the server itself made of a request: a body that is no JSON, too large a one, or a fault of ours. */
function failureAnswer(error: unknown, report: Report): Answer {
  const { statusCode: status = 500 } = error as { readonly statusCode?: number }
  if (status >= 500) report(error)
  return errorAnswer(apiError(status))
}

function denialOf(request: FastifyRequest, key: string | null): Answer | null {
  const [, bearer] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  const known = key === null ? bearer !== undefined : bearer === key
  return known ? null : errorAnswer(apiError(401))
}

function errorTypeOf(answer: Answer): string | null {
  if (answer.kind !== 'json' || !('error' in answer.body)) return null
  const { error } = answer.body
  return typeof error === 'object' && error !== null && 'type' in error ? String(error.type) : null
}
