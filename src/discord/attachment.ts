import type { APIAttachment } from 'discord.js'
import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { InputRef, Json, Omitted } from '../core/job.ts'
import { inputLimits } from '../media/limits.ts'

const attachmentSchema = z.strictObject({
  /** Signed, and valid for about a day. */
  url: z.string(),
  size: z.int().nonnegative(),
  /** By the file's name, as Discord guesses it. */
  contentType: z.string().nullable(),
})

/** An attachment handed in, for the surface to fetch later. */
export function inputOf({ filename, url, size, content_type }: APIAttachment): InputRef {
  return { kind: 'remote', name: filename, at: { url, size, contentType: content_type ?? null } }
}

/** Throws `internal` for what this adapter did not write. */
export function readAttachment(at: Json): Readonly<z.output<typeof attachmentSchema>> {
  const parsed = attachmentSchema.safeParse(at)
  if (!parsed.success) throw new AppError('internal', { detail: 'not a Discord attachment' })
  return parsed.data
}

const pictureContentTypes = /^image\/(?:png|apng|jpe?g|pjpeg|webp|gif|avif|hei[cf](?:-sequence)?)\b/i
const pictureExtensions = /\.(?:png|apng|jpe?g|jfif|webp|gif|avif|heic|heif|hif)$/i

/** Why a file is of no use, as far as Discord tells; null: a picture. The bytes are judged later. */
export function troubleOf({ filename, content_type, size }: APIAttachment): Omitted['why'] | null {
  const looksRight = pictureContentTypes.test(content_type ?? '') || pictureExtensions.test(filename)
  if (!looksRight) return 'not_a_picture'
  return size > inputLimits.sourceBytes ? 'too_large' : null
}
