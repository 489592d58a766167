import { failureOf } from '../core/failure.ts'
import type { FollowUp, FollowUpAsk } from '../core/follow-up.ts'
import type { Reply, Surface } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import { addressOf, type Place } from './address.ts'
import type { ButtonAction } from './custom-id.ts'
import { renderDetails } from './details.ts'
import { eraseMessages } from './erase.ts'
import { uploadBytes } from './limits.ts'
import type { MessageBody } from './message-body.ts'
import type { ButtonPress } from './parse.ts'
import { renderNotice } from './render.ts'
import { answerPress, createQuietReply, createReply, type ReplyOptions } from './reply.ts'
import { showAgain } from './show-again.ts'
import type { FreshTokens } from './tokens.ts'

export interface PressOptions extends ReplyOptions {
  readonly surface: Surface
  readonly tokens: FreshTokens
}

/** Does what a button says; Edit, which asks for more, is not among these. */
export function answerButton(
  action: Exclude<ButtonAction['action'], 'edit'>,
  press: ButtonPress,
  studio: Studio,
  options: PressOptions,
): Promise<void> {
  switch (action) {
    case 'cancel':
      return answer(press, () => cancel(press, studio), options)
    case 'again':
    case 'upgrade':
    case 'variations':
      return studio.followUp(askOf(press, action, press.place), createReply(press.caller, press.place, options))
    case 'share':
      return share(press, studio, options)
    case 'details':
      return answer(press, () => details(press, studio), options)
    case 'erase':
      return answer(press, () => erase(press, studio, options), options)
    case 'show_result':
      return answer(press, () => show(press, studio, options), options)
  }
}

/** What comes of a press: words for the presser, or something to be done once the press is answered; null: nothing more. */
type Outcome =
  | Notice
  | { readonly kind: 'body'; readonly body: MessageBody }
  | { readonly kind: 'act'; readonly act: () => Promise<void> }
  | null

/** Answers with the outcome; what fails is said, too. */
async function answer({ caller }: ButtonPress, task: () => Promise<Outcome>, options: ReplyOptions): Promise<void> {
  const outcome = safely(task, options)
  await answerPress(
    caller,
    outcome.then((known) => wordsFor(known, caller.locale)),
    options,
  )
  const known = await outcome
  if (known?.kind === 'act') await known.act()
}

function wordsFor(outcome: Outcome, locale: string): MessageBody | null {
  if (outcome === null || outcome.kind === 'act') return null
  return outcome.kind === 'body' ? outcome.body : renderNotice(outcome, locale)
}

async function safely(task: () => Promise<Outcome>, { tools }: ReplyOptions): Promise<Outcome> {
  try {
    return await task()
  } catch (error) {
    tools.log.error({ ...failureOf(error) }, 'press not handled')
    return { kind: 'failure', failure: failureOf(error) }
  }
}

async function cancel({ button, person, mayManage }: ButtonPress, studio: Studio): Promise<Outcome> {
  const outcome = await studio.cancel({ jobId: button.jobId, personId: person.id, mayManage })
  // The message itself says it.
  return outcome === 'cancelled' ? null : { kind: 'cancel', answer: outcome }
}

async function details({ button, person, caller }: ButtonPress, studio: Studio): Promise<Outcome> {
  const found = await studio.details({ jobId: button.jobId, personId: person.id })
  if (found === null) return { kind: 'no_job', why: 'unknown' }
  return { kind: 'body', body: renderDetails(found, caller.locale) }
}

async function erase(press: ButtonPress, studio: Studio, options: PressOptions): Promise<Outcome> {
  const { button, person, mayManage, pressed } = press
  const outcome = await studio.erase({ jobId: button.jobId, personId: person.id, mayManage })
  if (outcome.kind === 'erased') return { kind: 'act', act: () => eraseMessages(press, outcome.job, options) }
  // Of a job that nobody knows any more the message can still go.
  if (outcome.kind === 'unknown' && (mayManage || pressed.ephemeral))
    return { kind: 'act', act: () => eraseMessages(press, null, options) }
  return { kind: 'erase', answer: outcome.kind }
}

async function show(press: ButtonPress, studio: Studio, options: PressOptions): Promise<Outcome> {
  const job = await studio.get(press.button.jobId)
  if (job === null || job.state === 'abandoned') return { kind: 'no_job', why: 'unknown' }
  if (job.request.private && job.person.id !== press.person.id) return { kind: 'no_job', why: 'not_yours' }
  return { kind: 'act', act: () => showAgain(press, job, options) }
}

/**
 * For all to see: a message of the bot's own, which people can answer, or, where it may not post by itself, the press's
 * own public answer.
 */
function share(press: ButtonPress, studio: Studio, options: PressOptions): Promise<void> {
  const answered: Place = { ...press.place, ephemeral: false }
  const posted = press.place.botReaches && press.maySend
  const place: Place = posted ? { ...answered, secret: null, uploadBytes } : answered
  const reply: Reply = posted ? createQuietReply(press.caller, options) : createReply(press.caller, place, options)
  return studio.followUp(askOf(press, 'share', place), reply)
}

function askOf(press: ButtonPress, action: FollowUp, place: Place): FollowUpAsk {
  const { eventKey, workspace, person, caller, problems, receivedAt, button } = press
  return {
    ...{ eventKey, workspace, person, problems, receivedAt, action },
    surface: 'discord',
    channel: place.channelId,
    locale: caller.locale,
    jobId: button.jobId,
    private: place.ephemeral,
    address: addressOf(place),
  }
}
