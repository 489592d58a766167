import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { InputRef, Json, Omitted } from '../core/job.ts'
import type { Drafts } from '../core/ports.ts'

/** The pictures that a form was opened on. */
export interface Draft {
  /** Who opened it: nobody else may send it. */
  readonly personId: string
  readonly inputs: readonly InputRef[]
  readonly omitted: readonly Omitted[]
  /** The job that made them, if one did. */
  readonly parentId: string | null
}

/** The signed URLs in it live for about a day; nobody keeps a form open for so long. */
const keepMs = 6 * 3_600_000

const json: z.ZodType<Json> = z.json()
const draftSchema = z.strictObject({
  personId: z.string(),
  inputs: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('remote'), name: z.string(), at: json }),
      z.strictObject({ kind: z.literal('result'), name: z.string(), jobId: z.string(), n: z.int() }),
    ]),
  ),
  omitted: z.array(
    z.strictObject({
      name: z.string(),
      why: z.enum(['not_a_picture', 'too_large', 'too_many', 'gone', 'not_visible']),
    }),
  ),
  parentId: z.string().nullable(),
})

const storedAs = (id: string) => `discord-form-${id}`

export function putDraft(drafts: Drafts, id: string, draft: Draft): Promise<void> {
  return drafts.put(storedAs(id), JSON.parse(JSON.stringify(draft)), keepMs)
}

/** Null for one that is forgotten, or that somebody else opened. */
export async function getDraft(drafts: Drafts, id: string, personId: string): Promise<Draft | null> {
  const stored = await drafts.get(storedAs(id))
  if (stored === null) return null
  const parsed = draftSchema.safeParse(stored)
  if (!parsed.success) throw new AppError('internal', { detail: 'not a draft of a form' })
  return parsed.data.personId === personId ? parsed.data : null
}
