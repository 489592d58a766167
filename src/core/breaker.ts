import type { Failure, FailureCode } from './failure.ts'
import type { Clock, Log } from './ports.ts'

/** Pauses submits while the image API refuses all of them: a wrong key, no credits left, maintenance. */
export interface Breaker {
  /** What to tell instead of submitting; null: submit. While it is open one submit every so often is let through to try. */
  blocked(): Failure | null
  /** What a submit met: null for anything that shows the API at work. */
  met(failure: Failure | null): void
  /** What keeps it open, for `/readyz`; null while closed. */
  reason(): FailureCode | null
}

/** Faults of the whole API, not of one request. */
const wide: ReadonlySet<FailureCode> = new Set(['key_rejected', 'credits_exhausted', 'maintenance'])
/** From the first refusal to the next try, and the longest pause between tries. */
const pause = { firstMs: 15_000, mostMs: 300_000 }

export function createBreaker({ clock, log }: { readonly clock: Clock; readonly log: Log }): Breaker {
  let open: { readonly failure: Failure; readonly pauseMs: number; tryAt: number } | null = null

  return {
    blocked: () => {
      if (open === null) return null
      const now = clock.monotonic()
      if (now < open.tryAt) return open.failure
      // Half open: this one tries, the others wait for what it meets.
      open.tryAt = now + open.pauseMs
      return null
    },
    met: (failure) => {
      if (failure === null || !wide.has(failure.code)) {
        if (open !== null) log.info({ failure: open.failure.code }, 'the image API takes submits again')
        open = null
        return
      }
      if (open === null) log.error({ failure: failure.code }, 'the image API refuses every submit: paused')
      const pauseMs = open === null ? pause.firstMs : Math.min(pause.mostMs, open.pauseMs * 2)
      open = { failure, pauseMs, tryAt: clock.monotonic() + pauseMs }
    },
    reason: () => open?.failure.code ?? null,
  }
}
