import { AppError } from '../core/failure.ts'
import type { Clock, Hint, Hints } from '../core/ports.ts'
import { type Wire, wireBytes } from './engine.ts'

/** How long hints gather before they are sent together, in milliseconds: each notice of PostgreSQL waits for all others. */
const gatherMs = 20
/** More than these are not kept while the database is away: what they hint at is found by then without them. */
const mostWaiting = 5_000

export interface OpenHints extends Hints {
  /** Forgets what was not sent yet and listens no more. */
  close(): void
}

export interface HintsOptions {
  /** Names this process among those of the database. */
  readonly sender: string
  readonly clock: Pick<Clock, 'sleep'>
}

/**
 * Hints between the processes on a wire, many in one notice. This process's own listener is told directly, also while
 * the database is away; its own notices that come back are passed over.
 */
export function createHints(wire: Wire | null, { sender, clock }: HintsOptions): OpenHints {
  const closing = new AbortController()
  // As text, so that the same hint twice is one.
  const waiting = new Set<string>()
  let flushing = false
  let listening: { readonly listener: (hint: Hint) => void; readonly signal: AbortSignal } | null = null

  const tell = (hint: Hint) => {
    if (listening !== null && !listening.signal.aborted) listening.listener(hint)
  }

  async function flush(to: Wire): Promise<void> {
    flushing = true
    while (waiting.size > 0 && !closing.signal.aborted) {
      // Cut short by closing only.
      await clock.sleep(gatherMs, closing.signal).catch(() => waiting.clear())
      const notices = noticesOf(sender, [...waiting])
      waiting.clear()
      try {
        for (const notice of notices) await to.send(notice)
      } catch {
        // Hints may get lost. What keeps them from being sent is met, and told, by the calls that must not fail.
        waiting.clear()
      }
    }
    flushing = false
  }

  return {
    send: (hint) => {
      if (closing.signal.aborted) return
      // Not within the call: a listener may send too.
      queueMicrotask(() => tell(hint))
      if (wire === null || waiting.size >= mostWaiting) return
      waiting.add(JSON.stringify(hint))
      if (!flushing) void flush(wire)
    },
    listen: (listener, signal) => {
      if (listening !== null && !listening.signal.aborted)
        throw new AppError('internal', { detail: 'hints have a listener already' })
      const until = AbortSignal.any([signal, closing.signal])
      listening = { listener, signal: until }
      wire?.listen((text) => {
        for (const hint of hintsOf(sender, text)) if (!until.aborted) listener(hint)
      }, until)
    },
    close: () => closing.abort(),
  }
}

/** The fewest notices that hold all hints, which come and go as JSON: `{"from":"…","hints":[…]}`. */
function noticesOf(sender: string, hints: readonly string[]): readonly string[] {
  const notice = (texts: readonly string[]) => `{"from":${JSON.stringify(sender)},"hints":[${texts.join(',')}]}`
  const room = wireBytes - Buffer.byteLength(notice([]))
  const parts: string[][] = []
  let left = 0
  for (const hint of hints) {
    const size = Buffer.byteLength(hint) + 1
    if (size > room) continue
    if (size > left) {
      parts.push([])
      left = room
    }
    parts.at(-1)?.push(hint)
    left -= size
  }
  return parts.map(notice)
}

/** What another process hints at; nothing for our own notices and for what no version that we know of sends. */
function hintsOf(sender: string, text: string): readonly Hint[] {
  const notice = parsed(text)
  if (!isRecord(notice) || notice.from === sender || !Array.isArray(notice.hints)) return []
  return notice.hints.flatMap((hint: unknown) => hintOf(hint) ?? [])
}

function hintOf(value: unknown): Hint | null {
  if (!isRecord(value)) return null
  const { kind, jobId, n } = value
  if (kind === 'freed') return { kind }
  if (kind === 'cancelled' && typeof jobId === 'string') return { kind, jobId }
  if (kind === 'due' && typeof jobId === 'string' && typeof n === 'number') return { kind, jobId, n }
  return null
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Anybody with access to the database may send anything on the channel.
    return null
  }
}
