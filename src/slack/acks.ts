import type { App } from '@slack/bolt'
import type { Log } from '../core/ports.ts'

/** The acks of events, in our hands. */
export interface Acks {
  /** Acks the event with this body, once. */
  of(body: object): Promise<void>
}

/**
 * Bolt acks events before it tells us of them, and then a crash loses them. Here an event is acked when its request is
 * written down, or when nobody wanted it; one that failed is not, and Slack sends it again.
 */
export function acknowledge(app: App, log: Log): Acks {
  const pending = new WeakMap<object, () => Promise<void>>()
  const process = app.processEvent.bind(app)

  app.processEvent = async (event) => {
    const { body } = event
    if (body.type !== 'event_callback') return process(event)
    let acked = false
    const ack = async () => {
      if (acked) return
      acked = true
      await event.ack()
    }
    pending.set(body, ack)
    await process({ ...event, ack: async () => undefined })
    // Its socket may be closed by now; then it comes again, and is a duplicate.
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
