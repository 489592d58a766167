import { z } from 'zod'
import { jsonOf } from './answer.ts'
import { apiLimits } from './limits.ts'

const url = z.string().max(apiLimits.urlChars).refine(isWebUrl)
const item = z.union([
  url,
  z.object({ url }).transform((picture) => picture.url),
  z.object({ image_url: url }).transform((picture) => picture.image_url),
])
const items = z.union([item.transform((one) => [one]), z.array(item).min(1)])

// Where each service is known to put its pictures, within the task's object: docs/image-api.md.
const places: readonly (readonly string[])[] = [
  ['output', 'image_url'],
  ['output', 'image_urls'],
  ['output', 'images'],
  ['output', 'urls'],
  ['output'],
  ['result', 'images'],
  ['result', 'image_url'],
  ['result', 'image_urls'],
  ['result', 'urls'],
  ['result'],
  ['resultUrls'],
  ['result_urls'],
  ['response', 'resultUrls'],
  ['images'],
  ['image_url'],
  ['image_urls'],
]
const schemas: readonly z.ZodType<readonly string[]>[] = places.map(schemaAt)
const resultJson = z.object({ resultJson: z.union([z.string().transform(jsonOf), z.looseObject({})]) })

/** The URLs of a task's pictures, found in the first place that has any: in the task's object, then around it. */
export function resultUrls(task: unknown, outer: unknown): readonly string[] {
  for (const holder of task === outer ? [task] : [task, outer]) {
    const found = urlsIn(holder)
    if (found.length > 0) return [...new Set(found)].slice(0, apiLimits.urls)
  }
  return []
}

function urlsIn(holder: unknown): readonly string[] {
  for (const schema of schemas) {
    const parsed = schema.safeParse(holder)
    if (parsed.success) return parsed.data
  }
  const nested = resultJson.safeParse(holder)
  // A text that holds itself again has no pictures: one level is read.
  return nested.success && !resultJson.safeParse(nested.data.resultJson).success ? urlsIn(nested.data.resultJson) : []
}

function schemaAt(path: readonly string[]): z.ZodType<readonly string[]> {
  const [first, ...rest] = path
  if (first === undefined) return items
  return z
    .looseObject({})
    .transform((holder) => holder[first])
    .pipe(schemaAt(rest))
}

function isWebUrl(text: string): boolean {
  const protocol = URL.parse(text)?.protocol
  return protocol === 'https:' || protocol === 'http:'
}
