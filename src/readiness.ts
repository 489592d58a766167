import type { Breaker } from './core/breaker.ts'
import type { Adapter } from './core/ports.ts'
import type { Readiness } from './http/health.ts'
import type { Store } from './store/store.ts'

/** Whether requests can be taken right now, part by part. */
export async function readinessOf(store: Store, adapters: readonly Adapter[], breaker: Breaker): Promise<Readiness> {
  const storeUp = await store.jobs.get('readiness').then(
    () => true,
    () => false,
  )
  const chats = adapters.map(({ intake }): [string, boolean] => [intake.name, intake.ready()])
  const parts = [['store', storeUp] as const, ...chats]
  const reason = breaker.reason()
  // Requests are still taken and answered in true words, so this alone does not take the process out of service.
  const degraded = reason === null ? 'up' : `degraded: ${reason}`
  return {
    ready: parts.every(([, up]) => up),
    parts: { ...Object.fromEntries(parts.map(([name, up]) => [name, up ? 'up' : 'down'])), imageApi: degraded },
  }
}
