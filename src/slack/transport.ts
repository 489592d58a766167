import type { Receiver } from '@slack/bolt'

/** How Slack's events reach us: by sockets that we open, or as requests to our port. The code behind is the same. */
export interface Transport {
  readonly receivers: readonly Receiver[]
  /** Takes events until `signal` aborts. Ends with `token_rejected` where no waiting will help. */
  run(signal: AbortSignal): Promise<void>
  /** Ways by which events can come right now. */
  connected(): number
}
