import type { Call, Clock, Log } from '../core/ports.ts'
import type { Place } from './address.ts'
import { faultOf } from './errors.ts'
import type { SlackApi } from './web-api.ts'

/**
 * Slack's own line "… is drawing" under a thread or a direct message. It is an extra to the living message: it never
 * throws, and where Slack does not allow it, it is left alone.
 */
export interface StatusLine {
  show(place: Place, words: string, call: Call): Promise<void>
  clear(place: Place, call: Call): Promise<void>
}

/** Slack takes it away after two minutes. */
const renewMs = 60_000
const lastsMs = 120_000
/** It is not worth a longer wait, in milliseconds. */
const patienceMs = 3_000
/** A workspace that does not allow it is not asked again for so long. */
const refusedMs = 60 * 60_000

export function createStatusLine({
  api,
  clock,
  log,
}: {
  readonly api: SlackApi
  readonly clock: Clock
  readonly log: Log
}): StatusLine {
  /** When the line of each thread was last set. */
  const shown = new Map<string, number>()
  const underWay = new Map<string, Promise<void>>()
  const refused = new Map<string, number>()

  async function set(place: Place, thread: string, status: string, call: Call): Promise<void> {
    const channel = place.message?.channel ?? place.channel
    try {
      const signal = AbortSignal.any([call.signal, AbortSignal.timeout(patienceMs)])
      await api.ask(place, { ...call, signal }, 'never', (client) =>
        client.apiCall('assistant.threads.setStatus', { channel_id: channel, thread_ts: thread, status }),
      )
    } catch (error) {
      const fault = faultOf(error)
      if (fault === null || fault === 'passing' || fault === 'limited') return
      refused.set(place.team, clock.monotonic())
      log.debug({ fault }, 'Slack does not allow the status line here')
    }
  }

  const within = (times: Map<string, number>, key: string, ms: number) =>
    clock.monotonic() - (times.get(key) ?? Number.NEGATIVE_INFINITY) < ms

  function forget(): void {
    for (const key of shown.keys()) if (!within(shown, key, lastsMs)) shown.delete(key)
  }

  return {
    show: async (place, words, call) => {
      const thread = threadOf(place)
      if (thread === null || within(refused, place.team, refusedMs)) return
      forget()
      const key = keyOf(place, thread)
      if (within(shown, key, renewMs)) return
      shown.set(key, clock.monotonic())
      const setting = set(place, thread, words, call)
      underWay.set(key, setting)
      await setting
      underWay.delete(key)
    },
    clear: async (place, call) => {
      const thread = threadOf(place)
      if (thread === null) return
      forget()
      const key = keyOf(place, thread)
      const stands = shown.delete(key)
      // What arrived after this would stay.
      await underWay.get(key)
      if (stands && !within(refused, place.team, refusedMs)) await set(place, thread, '', call)
    },
  }
}

const keyOf = ({ team, message }: Place, thread: string) => `${team}:${message?.channel}:${thread}`

/** The thread that the line stands under; null in channels, where it would stand under a message that nobody opened. */
function threadOf({ message }: Place): string | null {
  if (message === null) return null
  return message.thread ?? (message.channel.startsWith('D') ? message.ts : null)
}
