/**
 * What this simulator will not draw: a short list that stands in for the service's moderation, so that a refusal can be
 * tried. It is no moderation.
 */
const forbidden = /\b(gore|gory|nsfw|beheading|refuse me)\b/i

/** Whether the prompt is refused because of its content. */
export function isForbidden(prompt: string): boolean {
  return forbidden.test(prompt)
}
