import { systemClock } from '../core/clock.ts'
import type {
  Drafts,
  DriveStore,
  DurationStore,
  Hints,
  JobStore,
  NewId,
  ReplicaStore,
  Shelf,
  Vault,
} from '../core/ports.ts'
import { createDoubts } from './doubt.ts'
import { createDrafts, sweepDrafts } from './drafts.ts'
import { createDriveStore } from './drive.ts'
import { createDurationStore } from './durations.ts'
import type { Engine } from './engine.ts'
import { createHints } from './hints.ts'
import { sweepHistory } from './history.ts'
import { createJobStore } from './jobs.ts'
import { migrate } from './migrations.ts'
import { openPostgres } from './postgres.ts'
import { buryReplicas, createReplicaStore, forgetReplicas } from './replicas.ts'
import { eraseSecrets } from './secret.ts'
import { createShelf } from './shelf.ts'
import { openSqlite } from './sqlite.ts'
import { createVault } from './vault.ts'

/** All that this program keeps. */
export interface Store {
  readonly jobs: JobStore
  readonly drive: DriveStore
  readonly replicas: ReplicaStore
  readonly shelf: Shelf
  readonly drafts: Drafts
  readonly durations: DurationStore
  readonly vault: Vault
  readonly hints: Hints
  /**
   * Deletes what has expired: pictures, drafts, secrets of addresses, closed jobs older than the history, traces of dead
   * replicas. For every few minutes.
   */
  sweep(): Promise<void>
  /** Waits for what is under way and lets the database go. */
  close(): Promise<void>
}

export interface StoreOptions {
  readonly newId: NewId
  /** After this long without a heartbeat a replica counts as dead, in milliseconds. */
  readonly ttlMs: number
  /** How long closed jobs are kept, in milliseconds. */
  readonly historyMs: number
}

/**
 * The embedded store in a directory, held by this process alone. Throws `configuration`, in words, where the directory
 * can't be used, another process has it, or a newer version wrote it.
 */
export async function openSqliteStore(options: StoreOptions & { readonly dataDir: string }): Promise<Store> {
  return openStore(openSqlite(options.dataDir), { ...options, exclusive: true })
}

/**
 * The store that any number of replicas share. Throws `configuration` where the database refuses us or a newer version
 * wrote it, `store_unavailable` while it can't be reached.
 */
export async function openPostgresStore(options: StoreOptions & { readonly url: string }): Promise<Store> {
  return openStore(openPostgres(options.url), { ...options, exclusive: false })
}

/** A store on an engine, which it closes with itself, or at once when it can't be opened. */
export async function openStore(
  engine: Engine,
  options: StoreOptions & { readonly exclusive: boolean },
): Promise<Store> {
  try {
    await migrate(engine)
    if (options.exclusive) await buryReplicas(engine)
  } catch (error) {
    await engine.close()
    throw error
  }
  const { newId, historyMs } = options
  const doubts = createDoubts(engine)
  const shelf = createShelf(engine, newId)
  const hints = createHints(engine.wire, { sender: newId(), clock: systemClock })
  return {
    jobs: createJobStore(engine, doubts),
    drive: createDriveStore(engine),
    replicas: createReplicaStore(engine, doubts, options),
    shelf,
    drafts: createDrafts(engine),
    durations: createDurationStore(engine),
    vault: createVault(engine),
    hints,
    sweep: async () => {
      await sweepDrafts(engine)
      await eraseSecrets(engine)
      await forgetReplicas(engine)
      await shelf.sweep()
      await sweepHistory(engine, historyMs)
    },
    close: async () => {
      hints.close()
      await engine.close()
    },
  }
}
