import { AppError, failureOf } from './failure.ts'
import type { Address, Receipt } from './job.ts'
import type { Call, Clock, Log, Surface } from './ports.ts'
import type { JobView } from './view.ts'

/** The one living message of a job while the job is under way. Best effort: the latest view wins, one edit at a time. */
export interface Progress {
  /** Makes sure that the message exists; null when the place for it is gone or can't be reached now. */
  opened(): Promise<Receipt | null>
  /** Shows the current view now, whatever the pace says. */
  refresh(): void
  /** Ends the edits, aborting one in flight, and gives the latest receipt. */
  stop(): Promise<Receipt | null>
}

export interface ProgressOptions {
  readonly surface: Surface
  readonly address: Address
  readonly receipt: Receipt | null
  /** The ack's receipt, when the ack is still on its way. */
  readonly ack: Promise<Receipt | null> | null
  readonly view: () => JobView
  /** Milliseconds since the job was accepted. */
  readonly elapsedMs: () => number
  readonly live: () => number
  readonly opening: JobView
  readonly onOpened: (receipt: Receipt) => Promise<void>
  readonly call: Call
  readonly clock: Clock
  readonly log: Log
}

export function startProgress(options: ProgressOptions): Progress {
  const { surface, clock, call, log } = options
  const ending = new AbortController()
  const signal = AbortSignal.any([ending.signal, call.signal])
  let receipt = options.receipt
  let hurry: AbortController | null = null
  let hurried = false
  let shown = ''

  const opening = open()
  const editing = edit()

  async function open(): Promise<Receipt | null> {
    if (receipt !== null) return receipt
    // A failed ack was logged where it failed; the message is then posted the long way.
    const acked = await (options.ack ?? Promise.resolve(null)).catch(() => null)
    try {
      receipt = acked ?? (await surface.show(options.address, options.opening, call))
      await options.onOpened(receipt)
    } catch (error) {
      // The result will try again; only losing the job must stop everything.
      if (error instanceof AppError && error.code === 'not_ours') throw error
      log.warn({ failure: failureOf(error).code }, 'placeholder not shown')
    }
    return receipt
  }

  async function edit(): Promise<void> {
    const first = await opening
    if (first === null) return
    while (!signal.aborted) {
      await pause(surface.pace(options.elapsedMs(), options.live()))
      if (signal.aborted) return
      const view = options.view()
      const text = JSON.stringify(view)
      if (text === shown) continue
      try {
        receipt = await surface.show(receipt?.address ?? options.address, view, { ...call, signal })
        shown = text
      } catch (error) {
        if (signal.aborted) return
        const code = failureOf(error).code
        log.debug({ failure: code }, 'progress not shown')
        if (code === 'delivery_gone' || code === 'not_ours') return
      }
    }
  }

  async function pause(ms: number): Promise<void> {
    if (hurried) {
      hurried = false
      return
    }
    hurry = new AbortController()
    // Either abort only cuts the wait short; the loop looks at `signal` itself.
    await clock.sleep(ms, AbortSignal.any([signal, hurry.signal])).catch(() => undefined)
    hurry = null
    hurried = false
  }

  // Whoever awaits `opened` or `stop` sees a lost job; unawaited it must not end the process.
  opening.catch(() => undefined)
  editing.catch(() => undefined)

  return {
    opened: () => opening,
    refresh: () => {
      hurried = true
      hurry?.abort()
    },
    stop: async () => {
      ending.abort(new AppError('internal', { detail: 'progress ended' }))
      await opening
      await editing
      return receipt
    },
  }
}
