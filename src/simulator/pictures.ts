import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import sharp from 'sharp'
import type { Clock } from '../core/ports.ts'
import { send } from './answer.ts'
import { type Behaviours, resultFaults } from './behaviour.ts'
import type { Results } from './results.ts'
import { standingOf, type Task } from './task.ts'
import type { Tasks } from './tasks.ts'

export interface PictureTools {
  readonly tasks: Tasks
  readonly results: Results
  readonly behaviours: Behaviours
  readonly clock: Clock
  readonly closing: AbortSignal
}

type Link = { readonly Params: { readonly name: string }; readonly Querystring: Readonly<Record<string, unknown>> }

const largeBytes = 11 * 1024 * 1024

/** The links to finished pictures: no key, a signature, 24 hours. */
export function mountPictures(server: FastifyInstance, tools: PictureTools): void {
  const { tasks, results, behaviours, clock } = tools
  server.get<Link>('/results/:name', async (request, reply) => {
    const { expires, signature } = request.query
    const task = tasks.get(request.params.name.replace(/\.png$/, ''))
    if (task === null || standingOf(task, clock.now()).state !== 'completed') return missing(reply, 404)
    if (!results.admits(task, textOf(expires), textOf(signature))) return missing(reply, 403)
    const fault = behaviours.take('result', [...resultFaults, 'gone', 'slow', 'large', 'redirect'], task.order.prompt)
    switch (fault?.do) {
      case undefined:
        return picture(reply, 'image/png', await results.picture(task, tools.closing))
      case 'gone':
        return missing(reply, fault.status ?? 404)
      case 'html':
        return reply.type('text/html').send('<!doctype html><title>Sign in</title><p>Please sign in to see this image.')
      case 'empty':
        return picture(reply, 'image/png', Buffer.alloc(0))
      case 'redirect':
        return reply.redirect(fault.to ?? request.url, 302)
      case 'hang':
      case 'reset':
        return send(reply, { kind: fault.do })
      case 'slow':
        return slowly(reply, task, fault.ms, tools)
      case 'short':
        return cutShort(reply, await results.picture(task, tools.closing))
      case 'large':
        return picture(reply, 'image/png', await results.large(task, fault.bytes ?? largeBytes, tools.closing))
      case 'webp':
        return picture(
          reply,
          'image/webp',
          await sharp(await results.picture(task, tools.closing))
            .webp()
            .toBuffer(),
        )
      case 'jpeg':
        return picture(
          reply,
          'image/jpeg',
          await sharp(await results.picture(task, tools.closing))
            .jpeg()
            .toBuffer(),
        )
    }
  })
}

function picture(reply: FastifyReply, type: string, bytes: Buffer): FastifyReply {
  return reply.headers({ 'content-type': type, 'cache-control': 'private, max-age=86400' }).send(bytes)
}

async function slowly(reply: FastifyReply, task: Task, ms: number, tools: PictureTools): Promise<FastifyReply> {
  const bytes = await tools.results.picture(task, tools.closing)
  const piece = Math.ceil(bytes.length / 16)
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += piece) {
      await tools.clock.sleep(ms, tools.closing)
      yield bytes.subarray(at, at + piece)
    }
  }
  return reply
    .headers({ 'content-type': 'image/png', 'content-length': String(bytes.length) })
    .send(Readable.from(pieces(), { objectMode: false }))
}

/** Announces all and closes the connection half-way. */
function cutShort(reply: FastifyReply, bytes: Buffer): FastifyReply {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'image/png', 'content-length': bytes.length })
  reply.raw.write(bytes.subarray(0, bytes.length / 2), () => reply.raw.socket?.end())
  return reply
}

function missing(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).type('application/xml').send('<Error><Code>NoSuchKey</Code></Error>')
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
