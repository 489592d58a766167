import type { Job } from '../core/job.ts'
import { type Place, readAddress, readFileHandle } from './address.ts'
import { faultOf } from './errors.ts'
import type { Files } from './files.ts'
import type { Poster } from './poster.ts'
import type { ReplyDeps } from './reply.ts'

export interface EraseDeps {
  readonly poster: Poster
  readonly files: Files
  readonly reply: ReplyDeps
}

/**
 * Deletes a job's message and its files, whatever of them is still there. `response` is the response URL of the message
 * that was pressed, for a message that Slack never told us of. False: the message is not ours to delete any more.
 */
export async function erase(job: Job, response: Place['response'], { poster, files, reply }: EraseDeps) {
  const receipt = job.state === 'abandoned' ? null : job.receipt
  if (receipt === null) return false
  const place = readAddress(receipt.address)
  const removed = await removeMessage(place, response, { poster, reply })
  // Deleting a message leaves its files behind.
  for (const handle of receipt.files) {
    const { workspace, file } = readFileHandle(handle)
    await files.remove(workspace, file, reply.call)
  }
  return removed
}

async function removeMessage(
  place: Place,
  response: Place['response'],
  { poster, reply: { responses, call } }: Pick<EraseDeps, 'poster' | 'reply'>,
): Promise<boolean> {
  const { message } = place
  try {
    if (message !== null) {
      await poster.remove(place, message, call)
      return true
    }
  } catch (error) {
    // Out of the channel since: the response URL still reaches it.
    if (faultOf(error) !== 'absent' && faultOf(error) !== 'closed') throw error
  }
  if (response === null || responses.left(response) === 0) return false
  await responses.removeOriginal(responses.use(response), call)
  return true
}
