import { z } from 'zod'
import type { InputRef, Omitted } from '../core/job.ts'
import { type ResponseUrl, readFileHandle, toFileHandle } from './address.ts'
import { cut, slackLimits } from './limits.ts'
import type { Workspace } from './tokens.ts'

/** What a form was opened for: all that it needs later travels with the form itself. */
export interface FormSubject {
  /** Where it was opened, and whereto the answer goes if nothing else is chosen; null: nowhere in particular. */
  readonly at: { readonly channel: string; readonly thread: string | null } | null
  /** Whether what it was opened on is for the asker alone, so that the answer is too. */
  readonly private: boolean
  readonly response: Pick<ResponseUrl, 'responseUrl' | 'issuedAt'> | null
  /** The job whose pictures are to be edited, with their number. */
  readonly parent: { readonly jobId: string; readonly pictures: number } | null
  /** Files to be edited, and what was left out. */
  readonly files: readonly { readonly id: string; readonly name: string }[]
  readonly omitted: readonly Omitted[]
}

const omissions = ['not_a_picture', 'too_large', 'too_many', 'gone', 'not_visible'] as const
const subjectSchema = z.strictObject({
  v: z.literal(1),
  at: z.tuple([z.string(), z.string().nullable()]).nullable(),
  private: z.boolean(),
  response: z.tuple([z.string(), z.number()]).nullable(),
  parent: z.tuple([z.string(), z.number()]).nullable(),
  files: z.array(z.tuple([z.string(), z.string()])),
  omitted: z.array(z.tuple([z.string(), z.enum(omissions)])),
})

/** Names are shortened until everything fits. */
export function writeSubject(subject: FormSubject): string {
  const { at, response, parent } = subject
  const written = (most: number) =>
    JSON.stringify({
      v: 1,
      at: at === null ? null : [at.channel, at.thread],
      private: subject.private,
      response: response === null ? null : [response.responseUrl, response.issuedAt],
      parent: parent === null ? null : [parent.jobId, parent.pictures],
      files: subject.files.map(({ id, name }) => [id, cut(name, most)]),
      omitted: subject.omitted.slice(0, mostOmitted).map(({ name, why }) => [cut(name, most), why]),
    })
  return [80, 40, 10].map(written).find((text) => text.length <= slackLimits.metadata) ?? written(1)
}

/** So many are named as left out. */
const mostOmitted = 10

/** What a sent form was opened for; null for a form that this version did not make. */
export function readSubject(metadata: string): FormSubject | null {
  const parsed = subjectSchema.safeParse(json(metadata))
  if (!parsed.success) return null
  const { at, response, parent, files: pictures, omitted } = parsed.data
  return {
    at: at === null ? null : { channel: at[0], thread: at[1] },
    private: parsed.data.private,
    response: response === null ? null : { responseUrl: response[0], issuedAt: response[1] },
    parent: parent === null ? null : { jobId: parent[0], pictures: parent[1] },
    files: pictures.map(([id, name]) => ({ id, name })),
    omitted: omitted.map(([name, why]) => ({ name, why })),
  }
}

/** Pictures as a form carries them: all of it is in the workspace that the form is sent from. */
export function toFormFiles(inputs: readonly InputRef[]): FormSubject['files'] {
  return inputs.flatMap((input) =>
    input.kind === 'remote' ? [{ id: readFileHandle(input.at).file, name: input.name }] : [],
  )
}

/** The pictures that a form was opened on. */
export function subjectInputs({ files: pictures, parent }: FormSubject, workspace: Workspace): InputRef[] {
  const results = Array.from({ length: parent?.pictures ?? 0 }, (_, at): InputRef => {
    return { kind: 'result', name: `picture ${at + 1}`, jobId: parent?.jobId ?? '', n: at + 1 }
  })
  const given = pictures.map(({ id, name }): InputRef => ({ kind: 'remote', name, at: toFileHandle(workspace, id) }))
  return [...results, ...given]
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
