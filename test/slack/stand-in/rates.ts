/** How often Slack takes what: after that it says 429, and for how long (docs.slack.dev, "Rate limits"). */
export interface Rates {
  /** Seconds to wait, or null when the request is taken. */
  over(method: string, channel: string): number | null
  /** From now on requests are counted, by this clock in milliseconds. */
  count(now: () => number): void
}

/** Tier 3 and tier 4, a minute and method. */
const perMinute: Readonly<Record<string, number>> = {
  'chat.update': 50,
  'chat.delete': 50,
  'files.delete': 50,
  'files.info': 100,
  'files.getUploadURLExternal': 100,
  'files.completeUploadExternal': 100,
}
const minuteMs = 60_000
/** One message a second in a conversation, with a few at once. */
const posts = { everyMs: 1_000, atOnce: 5 }

export function createRates(): Rates {
  const taken = new Map<string, number[]>()
  let clock: (() => number) | null = null

  function window(key: string, ms: number, most: number, now: number): number | null {
    const times = (taken.get(key) ?? []).filter((at) => at > now - ms)
    taken.set(key, times)
    const [oldest = now] = times
    if (times.length >= most) return Math.max(1, Math.ceil((oldest + ms - now) / 1000))
    times.push(now)
    return null
  }

  return {
    over: (method, channel) => {
      if (clock === null) return null
      if (method === 'chat.postMessage')
        return window(`post ${channel}`, posts.everyMs * posts.atOnce, posts.atOnce, clock())
      const most = perMinute[method]
      return most === undefined ? null : window(method, minuteMs, most, clock())
    },
    count: (now) => {
      clock = now
    },
  }
}
