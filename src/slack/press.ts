import { failureOf } from '../core/failure.ts'
import type { Person } from '../core/job.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import type { Button } from './action-id.ts'
import { newAddress, type Origin } from './address.ts'
import { type Listener, sayAside, tellAside } from './aside.ts'
import { detailMessage, detailModal } from './details.ts'
import { type EraseDeps, erase } from './erase.ts'
import { soon } from './guard.ts'
import { linkTo, openModal } from './modal.ts'
import { pressReply } from './reply.ts'
import { shareModal } from './share.ts'
import type { Workspace } from './tokens.ts'
import type { SlackApi } from './web-api.ts'

/** A pressed button. */
export interface Press {
  /** `slack:<trigger id>`. */
  readonly eventKey: string
  readonly workspace: Workspace
  readonly person: Person
  /** Null for a button that this version does not know. */
  readonly button: Button | null
  /** The conversation of the message it stands in (with the thread, and its own response URL); null in App Home. */
  readonly origin: Omit<Origin, 'private'> | null
  readonly triggerId: string
  /** On the monotonic clock. */
  readonly receivedAt: number
  readonly ack: () => Promise<void>
}

export interface PressTools extends EraseDeps {
  readonly api: SlackApi
  readonly clock: Clock
  readonly log: Log
}

/** Slack does not say which language a person reads. */
const locale = 'en'

/** Answers every button but "Edit…", which opens a form. It acks the press itself. */
export async function answerButton(press: Press, studio: Studio, tools: PressTools): Promise<void> {
  const { button } = press
  try {
    switch (button?.action) {
      case 'again':
      case 'upgrade':
      case 'variations':
        return await repeat(press, button, button.action, studio, tools)
      case 'share_thread':
        return await shareToThread(press, button, studio, tools)
      default: {
        await press.ack()
        const notice = button === null ? oldButton : await outcomeOf(press, button, studio, tools)
        if (notice !== null) await tellAside(listenerOf(press), notice, tools.reply)
      }
    }
  } catch (error) {
    tools.log.error({ err: error }, 'a press was not answered')
    const { code } = failureOf(error)
    await tellAside(listenerOf(press), { kind: 'failure', failure: { code } }, tools.reply)
  }
}

const oldButton: Notice = { kind: 'old_button' }

/** What to say to a press; null when what it did can be seen. */
async function outcomeOf(press: Press, button: Button, studio: Studio, tools: PressTools): Promise<Notice | null> {
  const { jobId } = button
  const by = { jobId, personId: press.person.id, mayManage: false }
  switch (button.action) {
    case 'cancel': {
      const answer = await studio.cancel(by)
      return answer === 'cancelled' ? null : { kind: 'cancel', answer }
    }
    case 'details':
    case 'open':
      return tell(press, button, studio, tools)
    case 'share_channel':
      return openModal(press, shareModal(jobId, locale), tools.api, tools.reply.call)
    case 'erase': {
      const answer = await studio.erase(by)
      // Who moderates deletes messages by Slack's own menu: an app is not told who that is.
      if (answer.kind === 'not_yours') return { kind: 'no_job', why: answer.kind }
      if (answer.kind !== 'erased') return { kind: 'erase', answer: answer.kind }
      const removed = await erase(answer.job, press.origin?.response ?? null, tools)
      return removed ? null : { kind: 'erase', answer: 'unknown' }
    }
    default:
      return oldButton
  }
}

/** The same again, or more of it: where the button stands, and as private as what it stands under. */
async function repeat(
  press: Press,
  { jobId, from }: Button,
  action: 'again' | 'upgrade' | 'variations',
  studio: Studio,
  tools: PressTools,
): Promise<void> {
  const { workspace, person, origin } = press
  // In App Home there is no conversation to answer in but the person's own.
  const isPrivate = from !== null || origin === null
  const at = from ?? { channel: origin?.channel ?? person.id, thread: origin?.thread ?? null }
  const response = origin?.response ?? null
  const address = newAddress({ ...workspace, ...at, user: person.id, private: isPrivate, response })
  await followUp(press, { jobId, action, private: isPrivate, channel: at.channel, address }, studio, tools)
}

/** The pictures of a private answer into the thread that they were asked for in. */
async function shareToThread(press: Press, { jobId, from }: Button, studio: Studio, tools: PressTools): Promise<void> {
  const { workspace, person } = press
  if (from === null || from.thread === null) {
    await press.ack()
    return tellAside(listenerOf(press), oldButton, tools.reply)
  }
  const address = newAddress({ ...workspace, ...from, user: person.id, private: false, response: null })
  await followUp(press, { jobId, action: 'share', private: false, channel: from.channel, address }, studio, tools)
}

type FollowUp = Pick<Parameters<Studio['followUp']>[0], 'jobId' | 'action' | 'private' | 'channel' | 'address'>

async function followUp(press: Press, ask: FollowUp, studio: Studio, tools: PressTools): Promise<void> {
  const { eventKey, workspace, person, receivedAt } = press
  const reply = pressReply(listenerOf(press), press.ack, tools.reply)
  const more = { eventKey, surface: 'slack', workspace: workspace.team, person, locale, receivedAt, problems: [] }
  await studio.followUp({ ...more, ...ask }, reply)
  await reply.settle()
}

/** A modal with what is known of a picture; words for the presser where it comes too late for one. */
async function tell(
  press: Press,
  { jobId, action }: Button,
  studio: Studio,
  tools: PressTools,
): Promise<Notice | null> {
  const { api, clock, reply } = tools
  const details = await soon(studio.details({ jobId, personId: press.person.id }), clock)
  if (details === null) return { kind: 'no_job', why: 'unknown' }
  const open = action === 'open'
  const link = open ? await linkTo(details.job, api, reply.call) : null
  const modal = (pictures: boolean) => detailModal(details, locale, { link, pictures })
  const notice = await openModal(press, modal(open), api, reply.call).catch((error: unknown) => {
    if (!open) throw error
    // Without the pictures, of which one may be deleted.
    return openModal(press, modal(false), api, reply.call)
  })
  if (notice !== null) await sayAside(listenerOf(press), detailMessage(details, locale), reply)
  return null
}

/** Words go to where the button stands; from App Home, to a direct message. */
function listenerOf({ workspace, person, origin }: Press): Listener {
  const at = origin === null ? null : { channel: origin.channel, thread: origin.thread }
  return { ...workspace, user: person.id, response: origin?.response ?? null, at }
}
