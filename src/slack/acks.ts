import type { App, ReceiverEvent } from '@slack/bolt'
import { z } from 'zod'
import type { Clock, Log } from '../core/ports.ts'

/** The acks of events, in our hands. */
export interface Acks {
  /** Acks the event with this body, once. */
  of(body: object): Promise<void>
}

/**
 * Bolt acks events before it tells us of them, and then a crash loses them. Here an event is acked when its request is
 * written down, or when nobody wanted it; one that failed is not, and Slack sends it again. What arrives twice is
 * answered once.
 */
export function acknowledge(app: App, clock: Clock, log: Log): Acks {
  const pending = new WeakMap<object, () => Promise<void>>()
  const arrivals = createArrivals(clock)
  const process = app.processEvent.bind(app)

  app.processEvent = async (event) => {
    const key = keyOf(event.body)
    const earlier = key === null ? undefined : arrivals.get(key)
    if (earlier !== undefined) {
      await earlier
      return acked(event.ack)
    }
    const answered = Promise.withResolvers<void>()
    // Whether anybody waits for it or not.
    answered.promise.catch(() => undefined)
    if (key !== null) arrivals.set(key, answered.promise)
    try {
      await (event.body.type === 'event_callback'
        ? heldBack(event, answered.resolve)
        : passedOn(event, answered.resolve))
      answered.resolve()
    } catch (error) {
      // What was not answered is welcome again.
      if (key !== null) arrivals.delete(key)
      answered.reject(error)
      throw error
    }
  }

  async function heldBack(event: ReceiverEvent, done: () => void): Promise<void> {
    let isAcked = false
    const ack = async () => {
      if (isAcked) return
      isAcked = true
      done()
      await event.ack()
    }
    pending.set(event.body, ack)
    await process({ ...event, ack: async () => undefined })
    await acked(ack)
  }

  async function passedOn(event: ReceiverEvent, done: () => void): Promise<void> {
    const ack: ReceiverEvent['ack'] = async (words?: unknown) => {
      done()
      await event.ack(words)
    }
    await process({ ...event, ack })
  }

  /** Its socket may be closed by now; then it comes again, and is a duplicate. */
  async function acked(ack: () => Promise<void>): Promise<void> {
    await ack().catch(() => log.debug({}, 'an event could not be acked'))
  }

  app.error(async (error) => {
    log.error({ err: error }, 'an event of Slack was not answered')
    throw error
  })

  return {
    of: async (body) => {
      await pending.get(body)?.()
    },
  }
}

const keySchema = z.object({
  type: z.string().optional(),
  event_id: z.string().optional(),
  trigger_id: z.string().optional(),
})

/** What a payload has in common with every other delivery of it; null for a form, whose answer Slack waits for each time. */
function keyOf(body: unknown): string | null {
  const parsed = keySchema.safeParse(body)
  if (!parsed.success || parsed.data.type === 'view_submission') return null
  return parsed.data.event_id ?? parsed.data.trigger_id ?? null
}

/** Slack sends an event again a minute and five minutes later. */
const rememberedMs = 60 * 60_000
const mostRemembered = 10_000

/** What came lately, with the answer to it. */
function createArrivals(clock: Clock) {
  const known = new Map<string, { readonly at: number; readonly answer: Promise<void> }>()

  function forget(): void {
    for (const [key, { at }] of known) {
      if (known.size <= mostRemembered && clock.monotonic() - at < rememberedMs) return
      known.delete(key)
    }
  }

  return {
    get: (key: string): Promise<void> | undefined => {
      forget()
      return known.get(key)?.answer
    },
    set: (key: string, answer: Promise<void>): void => void known.set(key, { at: clock.monotonic(), answer }),
    delete: (key: string): void => void known.delete(key),
  }
}
