import { z } from 'zod'
import type { Person } from '../core/job.ts'
import { type ImageRequestInput, requestLimits, requestSchema } from '../core/request.ts'
import type { Ask } from '../core/studio.ts'
import { newAddress, type Origin } from './address.ts'
import { elementId, fields } from './form.ts'
import { type FormSubject, readSubject, subjectInputs } from './form-subject.ts'
import { personOf, userSchema } from './interaction.ts'
import { type Pictures, readFiles, unusable } from './parse.ts'
import type { Workspace } from './tokens.ts'

/** A form that was sent. */
export interface Submission {
  readonly eventKey: string
  readonly person: Person
  readonly origin: Origin
  /** Null for a form that this version did not make. */
  readonly subject: FormSubject | null
  readonly input: ImageRequestInput
  readonly pictures: Pictures
}

const valueSchema = z.object({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
  selected_options: z.array(z.object({ value: z.string() })).nullish(),
  selected_conversation: z.string().nullish(),
  files: z.array(z.unknown()).nullish(),
})
type Value = z.output<typeof valueSchema>

const submissionSchema = z.object({
  user: userSchema,
  view: z.object({
    id: z.string(),
    private_metadata: z.string().default(''),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), valueSchema)) }),
  }),
  response_urls: z.array(z.object({ channel_id: z.string(), response_url: z.string() })).default([]),
})

const { aspectRatio, quality, count } = requestSchema.shape

/** A sent form; null for a payload that is none. `nowMs` is when it arrived. */
export function parseSubmission(body: unknown, workspace: Workspace, nowMs: number): Submission | null {
  const parsed = submissionSchema.safeParse(body)
  if (!parsed.success) return null
  const { user, view, response_urls: urls } = parsed.data
  const given = (field: string): Value => view.state.values[field]?.[elementId] ?? {}
  const subject = readSubject(view.private_metadata)
  const chosen = given(fields.where).selected_conversation ?? null
  const at = chosen === null ? (subject?.at ?? null) : { channel: chosen, thread: null }
  const url = urls.find(({ channel_id: id }) => id === chosen)?.response_url
  const hidden = (given(fields.onlyMe).selected_options ?? []).length > 0
  const isPrivate = hidden || subject?.private === true || at === null
  return {
    // A form can be sent once: what was refused stays open under the same id.
    eventKey: `slack:${view.id}`,
    person: personOf(user),
    origin: {
      ...workspace,
      channel: at?.channel ?? user.id,
      thread: at?.thread ?? null,
      user: user.id,
      private: isPrivate,
      response: url === undefined ? carried(subject, chosen) : { responseUrl: url, issuedAt: nowMs, uses: 0 },
    },
    subject,
    input: {
      prompt: given(fields.prompt).value ?? '',
      aspectRatio: aspectRatio.catch('1:1').parse(given(fields.aspectRatio).selected_option?.value),
      quality: quality.catch('medium').parse(given(fields.quality).selected_option?.value),
      count: count.catch(1).parse(Number(given(fields.count).selected_option?.value)),
      private: isPrivate,
    },
    pictures: readFiles(given(fields.pictures).files ?? [], workspace),
  }
}

/** The response URL of what the form was opened by, as long as the answer goes there. */
function carried(subject: FormSubject | null, chosen: string | null): Origin['response'] {
  const response = subject?.response ?? null
  if (response === null || (chosen !== null && chosen !== subject?.at?.channel)) return null
  return { ...response, uses: 0 }
}

/** The request in the core's terms. `receivedAt` on the monotonic clock. */
export function submissionAsk(submission: Submission, subject: FormSubject, receivedAt: number): Ask {
  const { eventKey, person, origin, input, pictures } = submission
  const all = [...subjectInputs(subject, origin), ...pictures.inputs]
  const inputs = all.slice(0, requestLimits.inputs)
  const surplus = all.slice(requestLimits.inputs).map(({ name }) => ({ name, why: 'too_many' as const }))
  const omitted = [...subject.omitted, ...pictures.omitted, ...surplus]
  return {
    ...{ eventKey, surface: 'slack', workspace: origin.team, channel: origin.channel, person },
    // Slack does not say which language a person reads.
    locale: 'en',
    action: inputs.length > 0 ? 'edit' : 'imagine',
    parentId: subject.parent?.jobId ?? null,
    source: null,
    input,
    inputs,
    omitted: inputs.length > 0 ? omitted : [],
    problems: inputs.length > 0 ? [] : omitted.map(unusable),
    address: newAddress(origin),
    receivedAt,
  }
}
