import { draftsContract } from './drafts.ts'
import { driveStoreContract } from './drive-store.ts'
import { jobStoreContract } from './job-store.ts'
import { replicaStoreContract } from './replica-store.ts'
import { shelfContract } from './shelf.ts'
import type { OpenFixture } from './store-fixture.ts'
import { vaultContract } from './vault.ts'

/** Every contract of the store's ports. */
export function storeContract(open: OpenFixture, exclusive: boolean): void {
  jobStoreContract(open)
  driveStoreContract(open)
  replicaStoreContract(open, exclusive)
  shelfContract(open)
  draftsContract(open)
  vaultContract(open)
}
