import { draftsContract } from './drafts.ts'
import { driveStoreContract } from './drive-store.ts'
import { durationsContract } from './durations.ts'
import { hintsContract } from './hints.ts'
import { historyContract } from './history.ts'
import { jobStoreContract } from './job-store.ts'
import { lineContract } from './line.ts'
import { replicaStoreContract } from './replica-store.ts'
import { shelfContract } from './shelf.ts'
import type { OpenFixture } from './store-fixture.ts'
import { vaultContract } from './vault.ts'

/** Every contract of the store's ports. */
export function storeContract(open: OpenFixture, exclusive: boolean): void {
  jobStoreContract(open)
  lineContract(open)
  driveStoreContract(open)
  replicaStoreContract(open, exclusive)
  shelfContract(open)
  draftsContract(open)
  durationsContract(open)
  vaultContract(open)
  historyContract(open)
  hintsContract(async () => {
    const { store, peer } = await open()
    return { one: store.hints, other: peer.hints }
  })
}
