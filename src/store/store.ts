import type { Drafts, DriveStore, JobStore, NewId, ReplicaStore, Shelf, Vault } from '../core/ports.ts'
import { createDoubts } from './doubt.ts'
import { createDrafts, sweepDrafts } from './drafts.ts'
import { createDriveStore } from './drive.ts'
import type { Engine } from './engine.ts'
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
  readonly vault: Vault
  /** Deletes what has expired: pictures, drafts, secrets of addresses, traces of dead replicas. For every few minutes. */
  sweep(): Promise<void>
  /** Waits for what is under way and lets the database go. */
  close(): Promise<void>
}

/**
 * The embedded store in a directory, held by this process alone. Throws `configuration`, in words, where the directory
 * can't be used, another process has it, or a newer version wrote it.
 */
export async function openSqliteStore(options: { readonly dataDir: string; readonly newId: NewId }): Promise<Store> {
  return openStore(openSqlite(options.dataDir), { newId: options.newId, exclusive: true })
}

/**
 * The store that any number of replicas share. Throws `configuration` where the database refuses us or a newer version
 * wrote it, `store_unavailable` while it can't be reached.
 */
export async function openPostgresStore(options: { readonly url: string; readonly newId: NewId }): Promise<Store> {
  return openStore(openPostgres(options.url), { newId: options.newId, exclusive: false })
}

/** A store on an engine, which it closes with itself, or at once when it can't be opened. */
export async function openStore(
  engine: Engine,
  options: { readonly newId: NewId; readonly exclusive: boolean },
): Promise<Store> {
  try {
    await migrate(engine)
    if (options.exclusive) await buryReplicas(engine)
  } catch (error) {
    await engine.close()
    throw error
  }
  const doubts = createDoubts(engine)
  const shelf = createShelf(engine, options.newId)
  return {
    jobs: createJobStore(engine, doubts),
    drive: createDriveStore(engine),
    replicas: createReplicaStore(engine, doubts, options),
    shelf,
    drafts: createDrafts(engine, options.newId),
    vault: createVault(engine),
    sweep: async () => {
      await sweepDrafts(engine)
      await eraseSecrets(engine)
      await forgetReplicas(engine)
      await shelf.sweep()
    },
    close: () => engine.close(),
  }
}
