/** What the buttons under a message do. An old message's buttons stay: what this list no longer has is answered `old_button`. */
export const buttonActions = [
  'cancel',
  'again',
  'edit',
  'upgrade',
  'variations',
  'details',
  'erase',
  'share_channel',
  'share_thread',
  'open',
] as const
export type ButtonAction = (typeof buttonActions)[number]

/** The action of a button that is a link: Slack tells of its presses too, and there is nothing to answer. */
export const linkAction = 'link'

/** A button: its action is its `action_id`, all the rest is in its value, so that it works after any restart. */
export interface Button {
  readonly action: ButtonAction
  readonly jobId: string
  /** Where a private request was made: what it leads to is private too. Null for a public one. */
  readonly from: { readonly channel: string; readonly thread: string | null } | null
}

/** The version of the value: `a1:<job>` or `a1:<job>:<channel>:<thread, or nothing>`. */
const version = 'a1'
const pattern = new RegExp(`^${version}:([a-z0-9]{1,32})(?::([A-Z0-9]{1,32}):(\\d+\\.\\d+)?)?$`)

export function buttonValue({ jobId, from }: Pick<Button, 'jobId' | 'from'>): string {
  return from === null ? `${version}:${jobId}` : `${version}:${jobId}:${from.channel}:${from.thread ?? ''}`
}

/** Null for a button that this version does not know. */
export function readButton(actionId: string, value: string | undefined): Button | null {
  const action = buttonActions.find((known) => known === actionId)
  const [, jobId, channel, thread = null] = pattern.exec(value ?? '') ?? []
  if (action === undefined || jobId === undefined) return null
  return { action, jobId, from: channel === undefined ? null : { channel, thread } }
}
