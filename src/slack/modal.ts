import type { types } from '@slack/bolt'
import { z } from 'zod'
import type { Job } from '../core/job.ts'
import type { Call } from '../core/ports.ts'
import type { Notice } from '../core/view.ts'
import { readAddress } from './address.ts'
import { faultOf } from './errors.ts'
import type { Workspace } from './tokens.ts'
import type { SlackApi } from './web-api.ts'

/** What lets a modal be opened, once and within three seconds. */
interface Trigger {
  readonly workspace: Workspace
  readonly triggerId: string
}

/** Longer than a trigger lives, in milliseconds. */
const openMs = 4_000
/** A link is an extra that a modal does not wait for any longer. */
const linkMs = 1_000

/** Opens a modal; gives what to say where it came too late for that. */
export async function openModal(
  { workspace, triggerId }: Trigger,
  view: types.ModalView,
  api: SlackApi,
  call: Call,
): Promise<Notice | null> {
  try {
    // Never again: the trigger may be spent although no answer came.
    await api.ask(workspace, within(call, openMs), 'never', (client) =>
      client.views.open({ trigger_id: triggerId, view }),
    )
    return null
  } catch (error) {
    if (faultOf(error) === 'late') return { kind: 'form_late' }
    throw error
  }
}

const linkSchema = z.object({ permalink: z.url() })

/** The link to a job's message; null where it has none, or Slack does not say. */
export async function linkTo(job: Job, api: SlackApi, call: Call): Promise<string | null> {
  const receipt = job.state === 'abandoned' ? null : job.receipt
  const place = receipt === null ? null : readAddress(receipt.address)
  if (place === null || place.message === null) return null
  const { channel, ts } = place.message
  const answer = await api
    .ask(place, within(call, linkMs), 'never', (client) => client.chat.getPermalink({ channel, message_ts: ts }))
    .catch(() => null)
  return linkSchema.safeParse(answer).data?.permalink ?? null
}

function within(call: Call, ms: number): Call {
  return { ...call, signal: AbortSignal.any([call.signal, AbortSignal.timeout(ms)]) }
}
