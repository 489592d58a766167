import { type APIMessage, MessageReferenceType } from 'discord.js'
import { failureOf } from '../core/failure.ts'
import { resultInputs } from '../core/follow-up.ts'
import { isLive, type Job, type Omitted } from '../core/job.ts'
import type { AdapterTools } from '../core/ports.ts'
import { type AspectRatio, aspectRatios } from '../core/request.ts'
import type { Ask, Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import { addressOf, messageKeyOf } from './address.ts'
import { getDraft, putDraft } from './draft.ts'
import { type EditForm, editForm } from './form.ts'
import type { ButtonPress, FormSent, MenuEdit } from './parse.ts'
import { type Chosen, choose, handedIn, inherited, type Pointed, results, seenIn } from './pointed.ts'
import { acknowledge, type Caller, createReply, type ReplyOptions, tell } from './reply.ts'
import { within } from './within.ts'

export interface EditingOptions extends ReplyOptions {
  readonly tools: Pick<AdapterTools, 'log' | 'clock' | 'newId' | 'drafts'>
  readonly apiUrl: string
}

/** A form must be the first answer: after this long it is shown without what the store would tell. */
const lookMs = 1_200
/** What was sent is accepted within a second more, or time is bought. */
const readMs = 800

/** Opens a form on the pictures of any message. They are written down while it opens. */
export async function openMenuForm(edit: MenuEdit, studio: Studio, options: EditingOptions): Promise<void> {
  const { caller, person, target, channelId, problems } = edit
  // Said before anybody types.
  if (problems.length > 0) return tell(caller, { kind: 'problems', problems }, options)
  const { tools, apiUrl } = options
  const chosen = choose(seenIn(target, apiUrl))
  const key = messageKeyOf({ channelId, messageId: target.id })
  const finding = (key === null ? Promise.resolve(null) : studio.findByMessage('discord', key)).catch(
    (error: unknown) => {
      tools.log.warn({ ...failureOf(error) }, 'a message’s job not looked up')
      return null
    },
  )
  if (chosen.inputs.length === 0) return tell(caller, await nothingToEdit(target, chosen, finding, options), options)
  const id = tools.newId()
  const form = { origin: { kind: 'draft' as const, id }, aspectRatio: shapeOf(target), quality: 'medium' as const }
  const opening = show(caller, { ...form, prompt: null, pictures: 0, onlyMe: false }, options)
  const keeping = finding.then((job) => {
    const made = job === null ? [] : resultInputs(job)
    const inputs = made.length > 0 ? made : chosen.inputs
    const parentId = made.length > 0 && job !== null ? job.id : null
    return putDraft(tools.drafts, id, { personId: person.id, inputs, omitted: chosen.omitted, parentId })
  })
  await Promise.all([opening, keeping])
}

/** Why a message has no picture to edit. */
async function nothingToEdit(
  target: APIMessage,
  { problems }: Chosen,
  finding: Promise<Job | null>,
  { tools, signal }: EditingOptions,
): Promise<Notice> {
  if (problems.length > 0) return { kind: 'problems', problems }
  if (target.message_reference?.type === MessageReferenceType.Forward && (target.message_snapshots ?? []).length === 0)
    return { kind: 'unseen' }
  const found = await within(lookMs, finding, { clock: tools.clock, signal })
  const job = found?.value ?? null
  return job !== null && isLive(job) ? { kind: 'no_job', why: 'live' } : { kind: 'no_picture' }
}

/** Opens a form on an earlier job's pictures, with its words filled in where the store tells them soon enough. */
export async function openJobForm(press: ButtonPress, studio: Studio, options: EditingOptions): Promise<void> {
  const { caller, person, button, pressed, problems } = press
  if (problems.length > 0) return tell(caller, { kind: 'problems', problems }, options)
  const { log, clock } = options.tools
  const found = await within(lookMs, studio.get(button.jobId), { clock, signal: options.signal }).catch(
    (error: unknown) => {
      log.warn({ ...failureOf(error) }, 'form opened without the words of its job')
      return null
    },
  )
  const job = found?.value
  const why = job === undefined ? null : whyNot(job, person.id)
  if (why !== null) return tell(caller, why, options)
  const request = job?.request
  await show(
    caller,
    {
      origin: { kind: 'job', id: button.jobId },
      prompt: request?.prompt ?? null,
      aspectRatio: request?.aspectRatio ?? null,
      quality: request?.quality ?? 'medium',
      pictures: job == null ? 0 : resultInputs(job).length,
      onlyMe: pressed.ephemeral,
    },
    options,
  )
}

/** Why nobody, or not this person, may start from a job; null: go on. */
function whyNot(job: Job | null, personId: string): Notice | null {
  if (job === null) return { kind: 'no_job', why: 'unknown' }
  if (job.request.private && job.person.id !== personId) return { kind: 'no_job', why: 'not_yours' }
  return isLive(job) ? { kind: 'no_job', why: 'live' } : null
}

async function show({ door, locale }: Caller, form: Omit<EditForm, 'locale'>, options: EditingOptions): Promise<void> {
  await acknowledge(door, { kind: 'form', form: editForm({ ...form, locale }) }, options)
}

/** What a sent form is about. */
interface Subject {
  readonly pointed: readonly Pointed[]
  readonly omitted: readonly Omitted[]
  readonly parent: Pick<Job, 'id' | 'request'> | null
}

/** Makes a request of a form that was sent. */
export async function takeForm(sent: FormSent, studio: Studio, options: EditingOptions): Promise<void> {
  const reply = createReply(sent.caller, sent.place, options)
  const subject = subjectOf(sent, studio, options).catch((error: unknown): Notice => {
    options.tools.log.error({ ...failureOf(error) }, 'form not read')
    return { kind: 'failure', failure: failureOf(error) }
  })
  if ((await within(readMs, subject, { clock: options.tools.clock, signal: options.signal })) === null)
    await reply.defer()
  const about = await subject
  if ('kind' in about) return reply.refuse(about)
  await studio.imagine(askOf(sent, about), reply)
}

async function subjectOf(
  { entry, person }: FormSent,
  studio: Studio,
  { tools }: EditingOptions,
): Promise<Subject | Notice> {
  const { kind, id } = entry.origin
  if (kind === 'draft') {
    const draft = await getDraft(tools.drafts, id, person.id)
    if (draft === null) return { kind: 'form_expired' }
    const parent = draft.parentId === null ? null : await studio.get(draft.parentId)
    return { pointed: results(draft.inputs), omitted: draft.omitted, parent }
  }
  const job = await studio.get(id)
  const why = whyNot(job, person.id)
  if (why !== null || job === null) return why ?? { kind: 'no_job', why: 'unknown' }
  const made = resultInputs(job)
  const picked = made.filter((_, at) => entry.picked?.includes(at + 1) ?? true)
  // Of one that failed, the pictures that it was to change.
  return { pointed: results(made.length > 0 ? picked : job.inputs), omitted: [], parent: job }
}

function askOf(sent: FormSent, { pointed, omitted, parent }: Subject): Ask {
  const { entry, place, caller, person, workspace, eventKey, receivedAt } = sent
  const pictures = choose([...handedIn(entry.uploads), ...pointed])
  return {
    ...{ person, workspace, eventKey, receivedAt },
    surface: 'discord',
    channel: place.channelId,
    locale: caller.locale,
    action: pictures.inputs.length > 0 ? 'edit' : 'imagine',
    parentId: parent?.id ?? null,
    source: null,
    input: { ...inherited(parent), ...entry.input },
    inputs: pictures.inputs,
    omitted: [...omitted, ...pictures.omitted],
    problems: [...entry.problems, ...pictures.problems, ...sent.problems],
    address: addressOf(place),
  }
}

/** The shape that is nearest to the message's first picture; null where Discord does not say. */
function shapeOf({ attachments }: APIMessage): AspectRatio | null {
  const sized = attachments.find(({ width, height }) => (width ?? 0) > 0 && (height ?? 0) > 0)
  if (sized === undefined) return null
  const distance = (ratio: AspectRatio) => {
    const [across = 1, down = 1] = ratio.split(':').map(Number)
    return Math.abs(Math.log(((sized.width ?? 1) / (sized.height ?? 1) / across) * down))
  }
  return aspectRatios.toSorted((a, b) => distance(a) - distance(b))[0] ?? null
}
