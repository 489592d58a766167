import type { types } from '@slack/bolt'
import { z } from 'zod'
import type { Person } from '../core/job.ts'
import { messagesFor } from '../core/messages.ts'
import type { Studio } from '../core/studio.ts'
import { newAddress, type Origin } from './address.ts'
import { personOf, userSchema } from './interaction.ts'
import { pressReply, type ReplyDeps } from './reply.ts'
import type { Workspace } from './tokens.ts'

export const shareCallback = 'share'
const where = 'where'

/** A sent "Share to channel…" form. */
export interface ShareSubmission {
  readonly eventKey: string
  readonly workspace: Workspace
  readonly person: Person
  readonly jobId: string
  readonly channel: string
  /** Reaches the conversation, also where the bot is not in it. */
  readonly response: Origin['response']
  /** On the monotonic clock. */
  readonly receivedAt: number
  readonly ack: () => Promise<void>
}

/** The form that asks where to share a picture. */
export function shareModal(jobId: string, locale: string): types.ModalView {
  const { form } = messagesFor(locale)
  const plain = (text: string): types.PlainTextElement => ({ type: 'plain_text', text, emoji: false })
  return {
    type: 'modal',
    callback_id: shareCallback,
    private_metadata: jobId,
    title: plain(form.share),
    submit: plain(form.submitShare),
    close: plain(form.close),
    blocks: [
      {
        type: 'input',
        block_id: where,
        label: plain(form.where),
        element: {
          type: 'conversations_select',
          action_id: where,
          filter: { include: ['public', 'private', 'mpim', 'im'], exclude_bot_users: true },
          response_url_enabled: true,
        },
      },
    ],
  }
}

const submissionSchema = z.object({
  user: userSchema,
  view: z.object({
    id: z.string(),
    private_metadata: z.string().regex(/^[a-z0-9]{1,32}$/),
    state: z.object({
      values: z.object({ [where]: z.object({ [where]: z.object({ selected_conversation: z.string() }) }) }),
    }),
  }),
  response_urls: z.array(z.object({ channel_id: z.string(), response_url: z.string() })).default([]),
})

/** A sent form; null for a payload that is none. `nowMs` is when it arrived. */
export function parseShare(
  body: unknown,
  workspace: Workspace,
  nowMs: number,
): Omit<ShareSubmission, 'ack' | 'receivedAt'> | null {
  const parsed = submissionSchema.safeParse(body)
  if (!parsed.success) return null
  const { user, view, response_urls: urls } = parsed.data
  const channel = view.state.values[where][where].selected_conversation
  const url = urls.find(({ channel_id: id }) => id === channel)?.response_url
  return {
    // A form is sent once, however often it arrives.
    eventKey: `slack:${view.id}`,
    workspace,
    person: personOf(user),
    jobId: view.private_metadata,
    channel,
    response: url === undefined ? null : { responseUrl: url, issuedAt: nowMs, uses: 0 },
  }
}

/** Shows a private result where its owner chose. It acks the form itself. */
export async function answerShare(sent: ShareSubmission, studio: Studio, deps: ReplyDeps): Promise<void> {
  const { eventKey, workspace, person, jobId, channel, response, receivedAt } = sent
  const origin: Origin = { ...workspace, channel, thread: null, user: person.id, private: false, response }
  // What goes wrong is for the sharer: not said in the conversation that was chosen.
  const reply = pressReply({ ...origin, response: null, at: null }, sent.ack, deps)
  await studio.followUp(
    {
      ...{ eventKey, surface: 'slack', workspace: workspace.team, channel, person, locale: 'en', problems: [] },
      ...{ jobId, action: 'share', private: false, address: newAddress(origin), receivedAt },
    },
    reply,
  )
  await reply.settle()
}
