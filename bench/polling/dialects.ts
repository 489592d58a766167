import type { FastifyInstance } from 'fastify'
import { send } from '../../src/simulator/answer.ts'
import type { ApiTools } from '../../src/simulator/api.ts'
import { look } from '../../src/simulator/look.ts'
import { standingOf, type Task } from '../../src/simulator/task.ts'

/** The answer to a look in a peer's own words. */
type Words = (task: Task, done: boolean, url: string) => object

/** The simulator's tasks as the peers' clients know to ask for them: same tasks, same limits, same round trip. */
export function mountDialects(server: FastifyInstance, tools: ApiTools): void {
  const mount = (path: string, words: Words) =>
    server.get<{ Params: { id: string } }>(path, (request, reply) => {
      const { id } = request.params
      tools.records.look(id)
      const task = tools.tasks.get(id)
      const now = tools.clock.now()
      const answer = look(id, task, { ...tools, now })
      if (task === null || answer.kind !== 'json' || answer.status !== 200) return send(reply, answer)
      return reply.send(words(task, standingOf(task, now).state !== 'working', tools.url(task)))
    })

  mount('/replicate/predictions/:id', ({ id }, done, url) => ({
    ...{ id, model: 'bench/image', version: 'bench', input: {}, error: null, logs: '', metrics: {} },
    ...{ status: done ? 'succeeded' : 'processing', output: done ? [url] : null },
  }))
  mount('/fal/bench/image/requests/:id/status', ({ id }, done) => ({
    ...{ request_id: id, status: done ? 'COMPLETED' : 'IN_PROGRESS' },
  }))
  mount('/fal/bench/image/requests/:id', (_task, _done, url) => ({ images: [{ url }], seed: 1 }))
  mount('/azure/operations/:id', ({ id }, done, url) => ({
    ...{ id, status: done ? 'succeeded' : 'running' },
    ...(done ? { result: { url } } : {}),
  }))
}
