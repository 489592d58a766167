import type { Clock } from '../core/ports.ts'
import { heartbeatMs, viewsKept } from './limits.ts'
import type { Shown } from './render.ts'

/** Hands what is shown to every open tab. */
export interface Hub {
  publish(shown: Shown): void
  /** What this process showed last of a job, or null. */
  latest(jobId: string): Shown | null
  /**
   * What is shown from this call on, until the signal aborts: of each job only the newest where a tab is slow, and an
   * empty batch when there was nothing for a while.
   */
  follow(signal: AbortSignal): AsyncIterable<readonly Shown[]>
}

export function createHub(clock: Clock): Hub {
  const views = new Map<string, Shown>()
  const followers = new Set<(shown: Shown) => void>()

  function publish(shown: Shown): void {
    const { jobId } = shown.view
    views.delete(jobId)
    views.set(jobId, shown)
    for (const oldest of views.keys()) {
      if (views.size <= viewsKept) break
      views.delete(oldest)
    }
    for (const hear of followers) hear(shown)
  }

  function follow(signal: AbortSignal): AsyncIterable<readonly Shown[]> {
    const news = new Map<string, Shown>()
    let waiting = new AbortController()
    const hear = (shown: Shown) => {
      news.set(shown.view.jobId, shown)
      waiting.abort()
    }
    followers.add(hear)
    signal.addEventListener('abort', () => followers.delete(hear), { once: true })

    async function* batches(): AsyncGenerator<readonly Shown[]> {
      while (!signal.aborted) {
        if (news.size === 0) await quiet()
        const batch = [...news.values()]
        news.clear()
        if (!signal.aborted) yield batch
      }
    }

    async function quiet(): Promise<void> {
      waiting = new AbortController()
      const cut = AbortSignal.any([signal, waiting.signal])
      await clock.sleep(heartbeatMs, cut).catch((error: unknown) => {
        if (!cut.aborted) throw error
      })
    }

    return batches()
  }

  return { publish, latest: (jobId) => views.get(jobId) ?? null, follow }
}
