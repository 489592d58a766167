import { randomBytes } from 'node:crypto'
import type { Config } from './config.ts'
import { systemClock } from './core/clock.ts'
import { failureOf } from './core/failure.ts'
import type { Log, NewId, Vault } from './core/ports.ts'
import { openPostgresStore, openSqliteStore, type Store } from './store/store.ts'

const databaseRetryMs = 2_000

/** Opens the configured store; waits for a database that can't be reached yet until `signal` aborts. */
export async function openStore(config: Config, newId: NewId, log: Log, signal: AbortSignal): Promise<Store> {
  const options = { newId, ttlMs: config.replicaTtlMs, historyMs: config.retention.historyMs }
  if (config.store.kind === 'sqlite') return openSqliteStore({ ...options, dataDir: config.store.dataDir })
  for (;;) {
    try {
      return await openPostgresStore({ ...options, url: config.store.url })
    } catch (error) {
      if (failureOf(error).code !== 'store_unavailable') throw error
      log.warn({ detail: failureOf(error).detail }, 'the database can’t be reached yet')
      await systemClock.sleep(databaseRetryMs, signal)
    }
  }
}

/** The key of the links that we give out: made once, kept with the rest. */
export async function linkKey(vault: Vault): Promise<string> {
  const name = 'input-links'
  return vault.withLock(name, async () => {
    const known = await vault.get(name)
    if (known !== null) return known
    const made = randomBytes(32).toString('hex')
    await vault.put(name, made)
    return made
  })
}

const sweepEveryMs = 300_000

/** Deletes now and then what has expired, until the signal aborts. */
export async function sweep(store: Store, signal: AbortSignal, log: Log): Promise<void> {
  while (!signal.aborted) {
    await store
      .sweep()
      .catch((error: unknown) => log.warn({ failure: failureOf(error).code }, 'expired things not deleted'))
    // Stopping only cuts the wait short.
    await systemClock.sleep(sweepEveryMs, signal).catch(() => undefined)
  }
}
