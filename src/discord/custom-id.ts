import { customIdLength } from './limits.ts'

/** What the buttons under a job's message do. */
const buttonActions = [
  'cancel',
  'again',
  'edit',
  'upgrade',
  'variations',
  'details',
  'erase',
  'share',
  'show_result',
] as const

/** What a button does. Its whole state is in the custom_id, so that it works after any restart. */
export interface ButtonAction {
  readonly action: (typeof buttonActions)[number]
  readonly jobId: string
}

/** Version of the format: buttons of older versions stay in old messages for ever. */
const version = 'a1'
const pattern = new RegExp(`^${version}:(${buttonActions.join('|')}):([a-z0-9]{1,32})$`)

export function customIdOf({ action, jobId }: ButtonAction): string {
  return `${version}:${action}:${jobId}`
}

/** Null for a button that this version does not know. */
export function readCustomId(customId: string): ButtonAction | null {
  const match = customId.length <= customIdLength ? pattern.exec(customId) : null
  const action = buttonActions.find((one) => one === match?.[1])
  const jobId = match?.[2]
  return action === undefined || jobId === undefined ? null : { action, jobId }
}
