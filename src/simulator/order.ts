import { type AspectRatio, aspectRatios, type Quality, qualities, requestLimits } from '../core/request.ts'
import { type ApiError, apiError } from './api-error.ts'
import { isForbidden } from './content-policy.ts'

/** A generation or an edit, as it was asked for and found good. */
export interface Order {
  readonly model: string
  readonly prompt: string
  readonly ratio: AspectRatio
  readonly quality: Quality
  readonly inputUrls: readonly string[]
  readonly callbackUrl: string | null
}

export type ReadOrder = { readonly ok: true; readonly order: Order } | { readonly ok: false; readonly error: ApiError }

/** The name on the product page, and the one on newer pages. */
const models: readonly string[] = ['gpt-image-1-5', 'gpt-image-1.5-official']

/** Checks the body of a submit as the service says that it does. Fields that it does not know are ignored. */
export function readOrder(body: unknown): ReadOrder {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return invalid('the body must be a JSON object')
  const fields = body as Readonly<Record<string, unknown>>
  const { model, prompt } = fields
  if (typeof model !== 'string' || !models.includes(model)) return invalid(`model must be one of ${models.join(', ')}`)
  if (typeof prompt !== 'string') return invalid('prompt is required')
  const { promptMin, promptMax, inputs } = requestLimits
  const length = [...prompt.trim()].length
  if (length < promptMin || length > promptMax)
    return invalid(`prompt must have ${promptMin} to ${promptMax} characters, this one has ${length}`)
  const ratio = oneOf(aspectRatios, fields.aspect_ratio, '1:1')
  if (ratio === null) return invalid(`aspect_ratio must be one of ${aspectRatios.join(', ')}`)
  const quality = oneOf(qualities, fields.quality, 'medium')
  if (quality === null) return invalid(`quality must be one of ${qualities.join(', ')}`)
  const inputUrls = fields.input_urls ?? []
  if (!Array.isArray(inputUrls) || !inputUrls.every(isWebAddress))
    return invalid('input_urls must be an array of http or https URLs')
  if (inputUrls.length > inputs) return invalid(`input_urls takes at most ${inputs} URLs`)
  const callbackUrl = fields.callback_url ?? null
  if (callbackUrl !== null && !isWebAddress(callbackUrl)) return invalid('callback_url must be an http or https URL')
  if (isForbidden(prompt)) return { ok: false, error: apiError(400, { type: 'content_policy_violation' }) }
  return { ok: true, order: { model, prompt: prompt.trim(), ratio, quality, inputUrls, callbackUrl } }
}

function oneOf<T extends string>(allowed: readonly T[], given: unknown, missing: T): T | null {
  if (given === undefined || given === null) return missing
  return allowed.find((value) => value === given) ?? null
}

function isWebAddress(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const protocol = URL.parse(value)?.protocol
  return protocol === 'http:' || protocol === 'https:'
}

function invalid(reason: string): ReadOrder {
  return { ok: false, error: apiError(400, { message: `Invalid parameters: ${reason}` }) }
}
