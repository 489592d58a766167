import { createHash } from 'node:crypto'

/** One POST to the submit endpoint, answered or not. */
export interface Post {
  /** When it came, milliseconds since the epoch. */
  readonly at: number
  /** The first 200 characters. */
  readonly prompt: string
  /** SHA-256 of the whole prompt, hex. */
  readonly hash: string
  readonly inputs: number
  readonly callback: boolean
  /** The HTTP status, or how it was left without one. */
  readonly answer: number | 'hang' | 'reset'
  /** The type of the error answered, if any. */
  readonly error: string | null
  /** The task that it made; null when it was not taken. */
  readonly taskId: string | null
}

/** What a simulator saw, for tests. Bounded: the oldest are forgotten. */
export interface Records {
  post(at: number, body: unknown, answer: Pick<Post, 'answer' | 'error' | 'taskId'>): void
  look(taskId: string): void
  /** An answer told that the task has ended, `lateMs` after its end; only the first counts. */
  told(taskId: string, lateMs: number): void
  posts(): readonly Post[]
  looks(): Readonly<Record<string, number>>
  lags(): Readonly<Record<string, number>>
  clear(): void
}

const kept = 20_000
const shownPrompt = 200

export function createRecords(): Records {
  let posts: Post[] = []
  const looks = new Map<string, number>()
  const lags = new Map<string, number>()
  return {
    post: (at, body, answer) => {
      // Cut in large steps: shifting one by one would move them all each time.
      if (posts.length >= kept) posts = posts.slice(kept / 2)
      const fields = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>
      const prompt = typeof fields.prompt === 'string' ? fields.prompt : ''
      const inputs = Array.isArray(fields.input_urls) ? fields.input_urls.length : 0
      posts.push({
        at,
        prompt: prompt.slice(0, shownPrompt),
        hash: createHash('sha256').update(prompt).digest('hex'),
        inputs,
        callback: typeof fields.callback_url === 'string',
        ...answer,
      })
    },
    look: (taskId) => {
      if (looks.size >= kept && !looks.has(taskId)) looks.clear()
      looks.set(taskId, (looks.get(taskId) ?? 0) + 1)
    },
    told: (taskId, lateMs) => {
      if (lags.has(taskId)) return
      if (lags.size >= kept) lags.clear()
      lags.set(taskId, lateMs)
    },
    posts: () => [...posts],
    looks: () => Object.fromEntries(looks),
    lags: () => Object.fromEntries(lags),
    clear: () => {
      posts = []
      looks.clear()
      lags.clear()
    },
  }
}
