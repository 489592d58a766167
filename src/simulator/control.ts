import type { FastifyInstance } from 'fastify'
import type { Behaviour, Behaviours } from './behaviour.ts'
import { readBehaviour } from './behaviour-form.ts'
import type { Records } from './records.ts'

/** Switches behaviours and reads the records over HTTP, for tests in other processes. */
export function mountControl(server: FastifyInstance, behaviours: Behaviours, records: Records): void {
  server.get('/simulator/behaviours', () => ({ behaviours: behaviours.list() }))
  server.post('/simulator/behaviours', (request, reply) => {
    const given: unknown[] = Array.isArray(request.body) ? request.body : [request.body]
    const read = given.map(readBehaviour)
    const problems = read.filter((behaviour) => typeof behaviour === 'string')
    if (problems.length > 0) return reply.code(400).send({ problems })
    for (const behaviour of read.filter((one): one is Behaviour => typeof one !== 'string')) behaviours.add(behaviour)
    return reply.send({ behaviours: behaviours.list() })
  })
  server.get('/simulator/posts', () => ({ posts: records.posts() }))
  server.get('/simulator/looks', () => ({ looks: records.looks() }))
  server.get('/simulator/lags', () => ({ lags: records.lags() }))
  server.post('/simulator/reset', () => {
    behaviours.clear()
    records.clear()
    return {}
  })
}
