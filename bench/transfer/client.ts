import { say, told } from '../process.ts'
import { type Usage, used } from '../usage.ts'
import type { TransferReady } from './server.ts'
import { type Deliver, deliverers, type Mode } from './ways.ts'

// Deliveries in one way, all begun at once, in a process of its own.

export interface TransferOptions {
  readonly mode: Mode
  readonly deliveries: number
  readonly places: TransferReady
}

const { mode, deliveries, places } = told<TransferOptions>()
const deliver: Deliver = await deliverers[mode](places)
// The first one loads and compiles; it is not counted.
await deliver(0)
const usage: Usage = await used(() => Promise.all(Array.from({ length: deliveries }, (_, n) => deliver(n + 1))))
say(usage)
