import type { PageMessage } from '../../src/playground/render.ts'

export interface ServerEvent {
  readonly event: string
  readonly data: unknown
}

/** Reads a stream of server-sent events as a browser would. */
export async function openEvents(origin: string, headers: Record<string, string> = {}) {
  const leave = new AbortController()
  const answer = await fetch(`${origin}/playground/events`, { headers, signal: leave.signal })
  const events = parse(answer)[Symbol.asyncIterator]()

  async function next(event: string): Promise<unknown> {
    for (;;) {
      const step = await events.next()
      if (step.done === true) throw new Error('the stream ended')
      if (step.value.event === event) return step.value.data
    }
  }

  return {
    status: answer.status,
    headers: answer.headers,
    state: async () =>
      (await next('state')) as {
        messages: PageMessage[]
        earlier: boolean
        words: Record<string, unknown>
        simulated: boolean
        command: { flags: unknown[] }
      },
    /** The next change of a message that fits. */
    message: async (fits: (message: PageMessage) => boolean = () => true): Promise<PageMessage> => {
      for (;;) {
        const message = (await next('message')) as PageMessage
        if (fits(message)) return message
      }
    },
    /** Resolves when the server ends the stream. */
    ended: async () => {
      while ((await events.next()).done !== true);
    },
    close: () => leave.abort(),
  }
}

async function* parse(answer: Response): AsyncGenerator<ServerEvent> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body ?? []) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split('\n').map((line) => line.split(/: (.*)/s))
      const field = (name: string) => lines.find(([key]) => key === name)?.[1]
      const [event, data] = [field('event'), field('data')]
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) }
    }
  }
}
