import { z } from 'zod'
import type { Omitted } from './job.ts'

/** Source of the limits: the image API's product page and its sibling services (docs/image-api.md). */
export const requestLimits = {
  promptMin: 3,
  promptMax: 5000,
  inputs: 16,
  count: 4,
} as const

export const aspectRatios = ['1:1', '2:3', '3:2'] as const
export type AspectRatio = (typeof aspectRatios)[number]

export const qualities = ['medium', 'high'] as const
export type Quality = (typeof qualities)[number]

/** Credits that one picture costs. */
export const creditsPerPicture: Readonly<Record<Quality, number>> = { medium: 10, high: 28 }

/** Without what neither a database nor the API takes: NUL and halves of surrogate pairs. */
function cleaned(prompt: string): string {
  return prompt.toWellFormed().replaceAll('\0', '').trim()
}

/** White space, controls and invisible format characters: a prompt of nothing else is empty. */
const invisible = /^[\s\p{Cc}\p{Cf}]*$/u

export const requestSchema = z.strictObject({
  prompt: z.string().transform(cleaned).pipe(z.string().min(requestLimits.promptMin).max(requestLimits.promptMax)),
  aspectRatio: z.enum(aspectRatios).default('1:1'),
  quality: z.enum(qualities).default('medium'),
  count: z.int().min(1).max(requestLimits.count).default(1),
  private: z.boolean().default(false),
  /** Hidden until somebody clicks on it, where a chat can do that. */
  spoiler: z.boolean().default(false),
})
export type ImageRequest = Readonly<z.output<typeof requestSchema>>
export type ImageRequestInput = z.input<typeof requestSchema>

/** What is wrong with a request, for the person who typed it. Values are the person's own text, still unescaped. */
export type Problem =
  | { readonly kind: 'prompt_missing' }
  | { readonly kind: 'prompt_too_short'; readonly min: number }
  | { readonly kind: 'prompt_too_long'; readonly max: number; readonly length: number }
  | { readonly kind: 'unknown_flag'; readonly flag: string }
  | { readonly kind: 'flag_value_missing'; readonly flag: string; readonly allowed: readonly string[] }
  | {
      readonly kind: 'flag_value_unknown'
      readonly flag: string
      readonly value: string
      readonly allowed: readonly string[]
    }
  | { readonly kind: 'too_many_inputs'; readonly max: number; readonly given: number }
  | { readonly kind: 'not_a_picture'; readonly name: string }
  /** The only picture, and of no use for another reason. */
  | { readonly kind: 'picture_unusable'; readonly omitted: Omitted }
  /** What the bot may not do where it was asked: said before anything is spent. */
  | { readonly kind: 'permission_missing'; readonly permissions: readonly BotPermission[] }
  /** A private answer was asked for in a message, which the chat can't answer privately. `command` as typed there. */
  | { readonly kind: 'private_needs_command'; readonly command: string }

/** What a bot needs to answer in a channel, by the chat's own terms. */
export type BotPermission = 'view_channel' | 'send_messages' | 'send_in_threads' | 'attach_files' | 'read_history'

export type Checked =
  | { readonly ok: true; readonly request: ImageRequest }
  | { readonly ok: false; readonly problems: readonly [Problem, ...Problem[]] }

/** Checks a request against every limit of the image API. */
export function checkRequest(input: ImageRequestInput, inputCount: number): Checked {
  const problems: Problem[] = []
  // Length in code points: a person counts an emoji as one character.
  const prompt = cleaned(input.prompt)
  const length = [...prompt].length
  if (invisible.test(prompt)) problems.push({ kind: 'prompt_missing' })
  else if (length < requestLimits.promptMin) problems.push({ kind: 'prompt_too_short', min: requestLimits.promptMin })
  else if (prompt.length > requestLimits.promptMax)
    problems.push({ kind: 'prompt_too_long', max: requestLimits.promptMax, length: prompt.length })
  if (inputCount > requestLimits.inputs)
    problems.push({ kind: 'too_many_inputs', max: requestLimits.inputs, given: inputCount })
  const parsed = requestSchema.safeParse(input)
  if (!parsed.success) problems.push(...optionProblems(input))
  const [first, ...rest] = problems
  if (first !== undefined) return { ok: false, problems: [first, ...rest] }
  if (!parsed.success) return { ok: false, problems: [{ kind: 'prompt_missing' }] }
  return { ok: true, request: parsed.data }
}

function optionProblems(input: ImageRequestInput): Problem[] {
  const options = [
    { flag: 'aspect ratio', value: input.aspectRatio, allowed: aspectRatios as readonly string[] },
    { flag: 'quality', value: input.quality, allowed: qualities as readonly string[] },
    { flag: 'count', value: input.count, allowed: countsAllowed },
  ]
  return options
    .filter(({ value, allowed }) => value !== undefined && !allowed.includes(String(value)))
    .map(({ flag, value, allowed }) => ({ kind: 'flag_value_unknown', flag, value: String(value), allowed }))
}

export const countsAllowed: readonly string[] = Array.from({ length: requestLimits.count }, (_, i) => String(i + 1))
