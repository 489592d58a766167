import { AppError, failureOf, isPassing } from './failure.ts'
import type { Address, Receipt } from './job.ts'
import type { Call, Clock, Log, ShowCall, Surface } from './ports.ts'
import type { Live } from './ride.ts'
import type { JobView } from './view.ts'

/** The one living message of a job while the job is under way. Best effort: the latest view wins, one edit at a time. */
export interface Progress {
  /** The first try to make the message exist; null when the place for it is gone or can't be reached now. */
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
  readonly live: () => Live
  readonly opening: JobView
  readonly onOpened: (receipt: Receipt) => Promise<void>
  /** The message was deleted, the place for it is gone, or we are not let in any more. */
  readonly onGone: () => Promise<void>
  readonly call: Call
  readonly clock: Clock
  readonly log: Log
}

/** An ack that has not come after this long will not: its platform gave the event up long before. */
const ackMs = 30_000

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
    const acked = options.ack === null ? null : await ackOf(options.ack)
    try {
      if (acked === null) await post(options.opening)
      else await keep(acked)
    } catch (error) {
      // The result will try again; only losing the job must stop everything.
      if (error instanceof AppError && error.code === 'not_ours') throw error
      log.warn({ failure: failureOf(error).code }, 'placeholder not shown')
    }
    return receipt
  }

  /** Null when the ack gave no receipt, failed (which was logged where it failed) or does not come. */
  async function ackOf(ack: Promise<Receipt | null>): Promise<Receipt | null> {
    const waited = new AbortController()
    const late = clock.sleep(ackMs, AbortSignal.any([call.signal, waited.signal])).then(
      () => null,
      () => null,
    )
    const acked = await Promise.race([ack.catch(() => null), late])
    waited.abort()
    call.signal.throwIfAborted()
    return acked
  }

  /** Never aborted by `stop`: a message whose receipt is lost would be posted a second time. */
  async function post(view: JobView): Promise<void> {
    await keep(await surface.show(options.address, view, showing(call)))
  }

  // Declared as a function: the opening above comes here before any constant of these would be set.
  function showing(by: Call): ShowCall {
    return { ...by, keep }
  }

  async function keep(next: Receipt): Promise<void> {
    const known = receipt
    receipt = next
    if (known === null || JSON.stringify(next) !== JSON.stringify(known)) await options.onOpened(next)
  }

  async function edit(): Promise<void> {
    await opening
    while (!signal.aborted) {
      const { surface: live, channel } = options.live()
      await pause(surface.pace(options.elapsedMs(), live, channel))
      if (signal.aborted) return
      const view = options.view()
      const text = JSON.stringify(view)
      if (text === shown && (receipt === null || !surface.stale(receipt.address))) continue
      try {
        if (receipt === null) await post(view)
        else await keep(await surface.show(receipt.address, view, showing({ ...call, signal })))
        shown = text
      } catch (error) {
        if (signal.aborted) return
        const code = failureOf(error).code
        log.debug({ failure: code }, 'progress not shown')
        if (code === 'delivery_gone' || code === 'token_rejected') await options.onGone()
        // What waiting does not cure is not tried again and again: platforms punish that.
        if (!isPassing(code)) return
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
