import { z } from 'zod'
import type { InputRef, JobFacts } from '../core/job.ts'
import { requestLimits } from '../core/request.ts'
import type { Ask } from '../core/studio.ts'
import { parseText } from '../core/text.ts'
import { toAddress } from './address.ts'
import { nameLength, picturesListed } from './limits.ts'
import { isPictureId } from './picture-id.ts'

/** What the page posts when a message is sent. */
export const messageSchema = z.strictObject({
  /** Made by the page: posting the same message again is one request. */
  messageId: z.string().regex(/^[a-zA-Z0-9-]{8,64}$/),
  text: z.string(),
  pictures: z
    .array(z.strictObject({ id: z.string().refine(isPictureId), name: z.string().max(nameLength) }))
    .max(picturesListed),
  /** The picture of a result that the words are about. */
  replyTo: z
    .strictObject({ jobId: z.string().regex(/^[a-z0-9]{1,32}$/), n: z.int().min(1).max(requestLimits.count) })
    .nullable(),
})
export type PostedMessage = z.output<typeof messageSchema>

export type Parsed = { readonly kind: 'help' } | { readonly kind: 'ask'; readonly ask: Ask }

/** Whoever sits at this machine is one person, in one place. */
export const person = { id: 'you', name: 'You' } as const
export const workspace = 'local'
export const surfaceName = 'playground'

const channel = 'local'
const slash = /^\/([\p{L}]+)(?=\s|$)\s*/u

/** Reads a message: `/imagine words --flags`, or the words alone; any other command asks for help. */
export function parseMessage(
  message: PostedMessage,
  context: { readonly locale: string; readonly receivedAt: number; readonly parent: Pick<JobFacts, 'request'> | null },
): Parsed {
  const text = message.text.trim()
  const command = slash.exec(text)
  const words = command === null ? text : text.slice(command[0].length)
  const name = command?.[1]?.toLowerCase() ?? 'imagine'
  if (name !== 'imagine' || (command !== null && words.toLowerCase() === 'help')) return { kind: 'help' }
  const { input, problems } = parseText(words)
  const inputs = inputsOf(message)
  return {
    kind: 'ask',
    ask: {
      eventKey: `${surfaceName}:${message.messageId}`,
      surface: surfaceName,
      workspace,
      channel,
      person,
      locale: context.locale,
      action: inputs.length > 0 ? 'edit' : 'imagine',
      parentId: message.replyTo?.jobId ?? null,
      source: null,
      // "Make it night" is said of a picture whose shape nobody wants changed.
      input: context.parent === null ? input : { aspectRatio: context.parent.request.aspectRatio, ...input },
      inputs,
      omitted: [],
      problems,
      address: toAddress(message.messageId),
      receivedAt: context.receivedAt,
    },
  }
}

/** The picture replied to comes first, as it would be read: "make *this* look like *those*". */
function inputsOf({ pictures, replyTo }: PostedMessage): InputRef[] {
  const attached = pictures.map(({ id, name }): InputRef => ({ kind: 'remote', name, at: id }))
  if (replyTo === null) return attached
  const { jobId, n } = replyTo
  return [{ kind: 'result', name: `${n}`, jobId, n }, ...attached]
}
