import { setTimeout as after } from 'node:timers/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImageApi, Log, Order, TaskStatus } from '../../src/core/ports.ts'
import { type ImageRequest, requestSchema } from '../../src/core/request.ts'
import { createImageApi } from '../../src/imageapi/client.ts'
import { collect } from '../../src/media/collect.ts'
import { bytes, startApiServer } from '../fakes/api-server.ts'

/** A running server that speaks the image API. */
interface ConformingServer {
  /** With its path, without a trailing slash. */
  readonly baseUrl: string
  /** A key that it takes. */
  readonly key: string
  close(): Promise<void>
}

export interface ImageApiContract {
  create(): Promise<ConformingServer>
  /** How long a task may take there, in milliseconds; 15 seconds if not said. */
  readonly patienceMs?: number
}

const never = new AbortController().signal
const lookEveryMs = 20
const ignore = () => undefined
const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silentLog }

/** What the client and every server that conforms to the API do together. */
export function testImageApi({ create, patienceMs = 15_000 }: ImageApiContract): void {
  describe('image API contract', () => {
    let server: ConformingServer
    let api: ImageApi & { close(): Promise<void> }

    beforeAll(async () => {
      server = await create()
      api = client(server.key)
    })
    afterAll(async () => {
      await api.close()
      await server.close()
    })

    const client = (key: string) =>
      createImageApi(
        {
          baseUrl: server.baseUrl,
          key,
          model: 'gpt-image-1-5',
          poolSize: 4,
          timeouts: { submitMs: 5000, lookMs: 5000, resultMs: 5000 },
        },
        { log: silentLog },
      )

    const submitted = async (request: Partial<ImageRequest>, inputUrls: readonly string[] = []): Promise<string> => {
      const answer = await api.submit(orderOf(request, inputUrls), { signal: never, gate: () => undefined })
      if (answer.kind !== 'taken') throw new Error(`not taken: ${JSON.stringify(answer)}`)
      return answer.taskId
    }

    const ended = async (taskId: string): Promise<TaskStatus> => {
      for (let waited = 0; waited < patienceMs; waited += lookEveryMs) {
        const status = await api.look(taskId, never)
        if (status.state !== 'working') return status
        await after(lookEveryMs)
      }
      throw new Error(`not ended within ${patienceMs} ms`)
    }

    it('makes a picture from words', { timeout: patienceMs + 5000 }, async () => {
      const status = await ended(await submitted({ prompt: 'a fox in the snow' }))
      if (status.state !== 'completed') throw new Error(`not completed: ${JSON.stringify(status)}`)
      const picture = api.result(status.urls[0])
      const first = await picture.open(never)
      const size = first.size
      const whole = await collect(first, 50_000_000)
      expect((await sharp(whole).metadata()).width).toBeGreaterThan(0)
      if (size !== null) expect(whole.length).toBe(size)
      // Results are sources: opened again, the same bytes.
      const again = await collect(await picture.open(never), 50_000_000)
      expect(Buffer.from(again).equals(whole)).toBe(true)
    })

    it('keeps the shape asked for', { timeout: patienceMs + 5000 }, async () => {
      const status = await ended(await submitted({ prompt: 'a tall tower', aspectRatio: '2:3', quality: 'high' }))
      if (status.state !== 'completed') throw new Error(`not completed: ${JSON.stringify(status)}`)
      const open = await api.result(status.urls[0]).open(never)
      const { width, height } = await sharp(await collect(open, 50_000_000)).metadata()
      expect(width / height).toBeCloseTo(2 / 3, 1)
    })

    it('edits pictures that it fetches itself', { timeout: patienceMs + 5000 }, async () => {
      const pictures = await startApiServer()
      const input = sharp({ create: { width: 64, height: 64, channels: 3, background: 'teal' } })
      pictures.script(bytes(200, await input.png().toBuffer(), { 'content-type': 'image/png' }))
      try {
        const status = await ended(await submitted({ prompt: 'make it night' }, [`${pictures.origin}/inputs/1?s=x`]))
        expect(status.state).toBe('completed')
        expect(pictures.seen.some(({ path }) => path === '/inputs/1?s=x')).toBe(true)
      } finally {
        await pictures.close()
      }
    })

    it('gives every submit a task of its own', { timeout: patienceMs + 5000 }, async () => {
      const ids = await Promise.all([submitted({}), submitted({}), submitted({})])
      expect(new Set(ids).size).toBe(3)
      for (const id of ids) expect((await ended(id)).state).toBe('completed')
    })

    it('refuses what is against its limits', async () => {
      const order = orderOf({ prompt: 'ab' })
      expect(await api.submit(order, { signal: never, gate: () => undefined })).toMatchObject({
        kind: 'refused',
        failure: { code: 'invalid_request' },
      })
    })

    it('knows nothing of other tasks', async () => {
      await expect(api.look('n42nothing_gptimg', never)).rejects.toMatchObject({ code: 'task_unknown' })
    })

    it('takes no other key', async () => {
      const stranger = client('aio_not_the_key')
      try {
        expect(await stranger.submit(orderOf({}), { signal: never, gate: () => undefined })).toMatchObject({
          kind: 'refused',
          failure: { code: 'key_rejected' },
        })
        await expect(stranger.look('n42nothing_gptimg', never)).rejects.toMatchObject({ code: 'key_rejected' })
      } finally {
        await stranger.close()
      }
    })
  })
}

/** An order as the runner gives it; `prompt` is not checked, so that a server's own limits can be tried. */
export function orderOf(request: Partial<ImageRequest> = {}, inputUrls: readonly string[] = []): Order {
  return { request: { ...requestSchema.parse({ prompt: 'a red fox' }), ...request }, inputUrls, callbackUrl: null }
}
