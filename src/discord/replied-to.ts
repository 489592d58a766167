import type { Failure } from '../core/failure.ts'
import { isLive } from '../core/job.ts'
import type { Studio } from '../core/studio.ts'
import { messageKeyOf } from './address.ts'
import type { Heard, Pointed } from './message.ts'

export type Found =
  | { readonly ok: true; readonly pointed: Pointed }
  /** There is a picture that was meant, and it can't be had. */
  | { readonly ok: false; readonly failure: Failure }

const nothing: Found = { ok: true, pointed: { inputs: [], parent: null } }

/**
 * The pictures that somebody means who replies without attaching any: the result in the message replied to, or else the
 * pictures that Discord shows us of it. A request without a picture in its place would be paid for nothing.
 */
export async function findPointed(heard: Heard, studio: Pick<Studio, 'findByMessage'>): Promise<Found> {
  const { repliedTo } = heard
  if (repliedTo === null || heard.inputs.length > 0) return nothing
  const key = messageKeyOf(repliedTo)
  const job = key === null ? null : await studio.findByMessage('discord', key)
  if (job !== null) {
    if (isLive(job)) return { ok: false, failure: { code: 'input_gone', detail: 'still being made' } }
    // Of a request that failed only its words are left, and new ones are a new request.
    const shown = job.state === 'delivered' ? job.receipt.files.length : 0
    if (shown === 0) return nothing
    const inputs = Array.from({ length: shown }, (_, at) => ({
      ...{ kind: 'result' as const, name: `imagine-${at + 1}`, jobId: job.id, n: at + 1 },
    }))
    return { ok: true, pointed: { inputs, parent: job } }
  }
  if (repliedTo.sight === 'deleted') return { ok: false, failure: { code: 'input_gone' } }
  if (repliedTo.sight === 'hidden') return { ok: false, failure: { code: 'input_unreachable' } }
  return { ok: true, pointed: { inputs: repliedTo.inputs, parent: null } }
}
