import { customIdLength } from './limits.ts'

/** What a button does. Its whole state is in the custom_id, so that it works after any restart. */
export interface ButtonAction {
  readonly action: 'cancel'
  readonly jobId: string
}

/** Version of the format: buttons of older versions stay in old messages for ever. */
const version = 'a1'
const pattern = /^a1:(cancel):([a-z0-9]{1,32})$/

export function customIdOf({ action, jobId }: ButtonAction): string {
  return `${version}:${action}:${jobId}`
}

/** Null for a button that this version does not know. */
export function readCustomId(customId: string): ButtonAction | null {
  const match = customId.length <= customIdLength ? pattern.exec(customId) : null
  const jobId = match?.[2]
  return jobId === undefined ? null : { action: 'cancel', jobId }
}
