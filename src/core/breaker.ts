import type { Failure, FailureCode } from './failure.ts'
import type { Clock, Log } from './ports.ts'

/** Pauses submits while the image API refuses all of them: a wrong key, no credits left, maintenance. */
export interface Breaker {
  /** What to say instead of submitting; null: submit. */
  blocked(): Failure | null
  /** A submit goes out: while the breaker is open it is the one that tries, and the others wait for what it meets. */
  trying(): void
  /** What a submit met: null for anything that shows the API at work; a failure of one request changes nothing. */
  met(failure: Failure | null): void
  /** What keeps it open, for `/readyz`; null while closed. */
  reason(): FailureCode | null
}

/** Faults of the whole API, not of one request. */
const wide: ReadonlySet<FailureCode> = new Set(['key_rejected', 'credits_exhausted', 'maintenance'])
/** From a refusal to the next try; doubled up to the longest. */
const pause = { firstMs: 15_000, mostMs: 300_000 }

export function createBreaker({ clock, log }: { readonly clock: Clock; readonly log: Log }): Breaker {
  let open: { readonly failure: Failure; readonly pauseMs: number; tryAt: number } | null = null

  return {
    blocked: () => (open !== null && clock.monotonic() < open.tryAt ? open.failure : null),
    trying: () => {
      if (open !== null) open.tryAt = clock.monotonic() + open.pauseMs
    },
    met: (failure) => {
      if (failure === null) {
        if (open !== null) log.info({ failure: open.failure.code }, 'the image API takes submits again')
        open = null
        return
      }
      if (!wide.has(failure.code)) return
      if (open === null) log.error({ failure: failure.code }, 'the image API refuses every submit: paused')
      const pauseMs = open === null ? pause.firstMs : Math.min(pause.mostMs, open.pauseMs * 2)
      open = { failure, pauseMs, tryAt: clock.monotonic() + pauseMs }
    },
    reason: () => open?.failure.code ?? null,
  }
}
