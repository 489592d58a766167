import type { types } from '@slack/bolt'
import { failureOf } from '../core/failure.ts'
import { followUpTrouble, resultInputs } from '../core/follow-up.ts'
import type { Job } from '../core/job.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import { messageKey } from './address.ts'
import { faultOf } from './errors.ts'
import { createForm, editForm, type Prefilled } from './form.ts'
import { type FormSubject, toFormFiles } from './form-subject.ts'
import { soon } from './guard.ts'
import type { ShortcutMessage } from './interaction.ts'
import type { Asked } from './parse.ts'
import type { Press } from './press.ts'
import type { Workspace } from './tokens.ts'
import { reading, type SlackApi } from './web-api.ts'

/** Opens forms. Each gives what to say where none was opened, else null. */
export interface Forms {
  /** For a new picture; `asked` is the bare command that called for it. */
  create(trigger: Trigger, asked: Asked | null): Promise<Notice | null>
  /** For a change of a message's pictures. */
  edit(trigger: Trigger, message: ShortcutMessage, personId: string): Promise<Notice | null>
  /** For a change of the result that a button stands under. */
  again(press: Pick<Press, 'workspace' | 'triggerId' | 'person' | 'origin'>, button: EditButton): Promise<Notice | null>
}

/** What lets one form be opened, within three seconds. */
interface Trigger {
  readonly workspace: Workspace
  readonly triggerId: string
}
type EditButton = NonNullable<Press['button']>

export interface FormsDeps {
  readonly api: SlackApi
  readonly clock: Clock
  readonly log: Log
}

const nothing: FormSubject = { at: null, private: false, response: null, parent: null, files: [], omitted: [] }

export function createForms({ api, clock, log }: FormsDeps, studio: Pick<Studio, 'get' | 'findByMessage'>): Forms {
  async function open({ workspace, triggerId }: Trigger, view: types.ModalView): Promise<null> {
    // Not tried again: the trigger is good once, and may be spent although no answer came.
    await api.ask(workspace, reading(AbortSignal.timeout(openTimeoutMs)), 'never', (client) =>
      client.views.open({ trigger_id: triggerId, view }),
    )
    return null
  }

  /** What went wrong becomes words. */
  async function told(opening: () => Promise<Notice | null>): Promise<Notice | null> {
    try {
      return await opening()
    } catch (error) {
      const { code, detail } = failureOf(error)
      if (faultOf(error) === 'late') return { kind: 'form_late' }
      log.warn({ failure: code, detail }, 'a form was not opened')
      return { kind: 'failure', failure: { code } }
    }
  }

  async function edit(trigger: Trigger, message: ShortcutMessage, personId: string): Promise<Notice | null> {
    const { origin, ts, inputs, omitted, own } = message
    const { channel, thread, team, response } = origin
    const subject = { ...nothing, at: { channel, thread }, response }
    // Our own messages show pictures that are no files of theirs.
    if (own || inputs.length === 0) {
      const job = await soon(studio.findByMessage('slack', messageKey(team, channel, ts)), clock)
      if (job !== null) return editJob(trigger, job, personId, subject)
    }
    if (inputs.length === 0) return { kind: 'no_picture' }
    return open(trigger, editForm({ ...subject, files: toFormFiles(inputs), omitted }, null))
  }

  async function editJob(trigger: Trigger, job: Job, personId: string, subject: FormSubject): Promise<Notice | null> {
    const why = followUpTrouble(job, 'again', personId)
    if (why !== null) return { kind: 'no_job', why }
    if (job.state !== 'delivered' && job.state !== 'abandoned') return { kind: 'no_job', why: 'live' }
    const pictures = resultInputs(job).length
    if (pictures === 0) return { kind: 'no_picture' }
    return open(trigger, editForm({ ...subject, parent: { jobId: job.id, pictures } }, prefilledBy(job)))
  }

  return {
    create: (trigger, asked) =>
      told(() => {
        if (asked === null) return open(trigger, createForm(nothing))
        const { channel, thread, response } = asked.origin
        return open(trigger, createForm({ ...nothing, at: { channel, thread }, response }))
      }),
    edit: (trigger, message, personId) => told(() => edit(trigger, message, personId)),
    again: ({ workspace, triggerId, person, origin }, { jobId, from }) =>
      told(async () => {
        const job = await soon(studio.get(jobId), clock)
        if (job === null) return { kind: 'no_job', why: 'unknown' }
        const at = from ?? (origin === null ? null : { channel: origin.channel, thread: origin.thread })
        const subject = { ...nothing, at, private: from !== null, response: origin?.response ?? null }
        return editJob({ workspace, triggerId }, job, person.id, subject)
      }),
  }
}

/** Longer than a trigger lives. */
const openTimeoutMs = 4_000

function prefilledBy({ request }: Job): Prefilled {
  // One picture is asked for anew: several would cost as much again as was spent on all of them.
  return { ...request, count: 1 }
}
