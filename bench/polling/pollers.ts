import { setTimeout as after } from 'node:timers/promises'
import type { OperationResponse } from '@azure/core-lro'
import type { Quality } from '../../src/core/request.ts'
import { createOurs, type OurSettings } from './ours.ts'

/** Waits for a task of the upstream until it has ended; rejects when the task is lost. */
export type Poll = (task: { readonly id: string; readonly at: number; readonly quality: Quality }) => Promise<unknown>

export type PeerName = 'replicate' | 'fal' | 'azure' | 'kie docs'
export type PollerChoice =
  | { readonly kind: 'peer'; readonly name: PeerName }
  | ({ readonly kind: 'ours' } & OurSettings)

/** Each is loaded where it is measured alone: memory and CPU are its own. */
export async function createPoll(choice: PollerChoice, origin: string): Promise<Poll> {
  return choice.kind === 'ours' ? createOurs(choice, origin) : peers[choice.name](origin)
}

/** Published clients as they come, pointed at the upstream; nothing but the address is set. */
const peers: Readonly<Record<PeerName, (origin: string) => Promise<Poll>>> = {
  replicate: async (origin) => {
    const { default: Replicate } = await import('replicate')
    const replicate = new Replicate({ auth: 'bench', baseUrl: `${origin}/replicate` })
    return ({ id }) => {
      const prediction = { id, status: 'starting' } as Parameters<typeof replicate.wait>[0]
      return replicate.wait(prediction, {})
    }
  },

  fal: async (origin) => {
    const { createFalClient } = await import('@fal-ai/client')
    const fal = createFalClient({
      credentials: 'bench',
      requestMiddleware: async (request) => ({
        ...request,
        url: request.url.replace('https://queue.fal.run', `${origin}/fal`),
      }),
    })
    return async ({ id }) => {
      await fal.queue.subscribeToStatus('bench/image', { requestId: id, mode: 'polling' })
      await fal.queue.result('bench/image', { requestId: id })
    }
  },

  azure: async (origin) => {
    const { createHttpPoller } = await import('@azure/core-lro')
    const path = (id: string) => `${origin}/azure/operations/${id}`
    return async ({ id }) => {
      const poller = createHttpPoller({
        sendInitialRequest: async () => ({
          flatResponse: {},
          rawResponse: {
            ...{ statusCode: 202, body: {}, request: { method: 'POST', url: `${origin}/azure` } },
            headers: { 'operation-location': path(id) },
          },
        }),
        sendPollRequest: async (url): Promise<OperationResponse> => {
          const { statusCode, body } = await operation(url)
          return { flatResponse: body, rawResponse: { statusCode, body, request: { method: 'GET', url }, headers: {} } }
        },
      })
      await poller.pollUntilDone()
    }
  },

  // No published client: the schedule that its documents recommend, 2–3 s and after half a minute 5–10 s.
  'kie docs':
    async (origin) =>
    async ({ id, at }) => {
      for (;;) {
        await after(Date.now() - at < 30_000 ? 2_500 : 7_500)
        const { body } = await operation(`${origin}/azure/operations/${id}`)
        if (body.status === 'succeeded') return
      }
    },
}

async function operation(url: string): Promise<{ statusCode: number; body: Record<string, unknown> }> {
  const response = await fetch(url)
  const body = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return { statusCode: response.status, body }
}
