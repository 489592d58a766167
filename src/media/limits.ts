const MB = 1_000_000

/** Pictures handed in. Source of the first: this bot's own promise ("larger than 20 MB" is refused in words). */
export const inputLimits = {
  sourceBytes: 20 * 1024 * 1024,
  /** Sibling services of the image API: at most 10 MB each; decimal, the stricter reading. */
  apiBytes: 10 * MB,
} as const

/** Results of the image API: far above what it makes, far below what would hurt. */
export const resultBytes = 50 * MB

/** Pixels decoded at most: a phone's 48 megapixels pass, a decompression bomb does not. */
export const maxPixels = 50_000_000

/** libwebp's largest width and height. */
export const webpSide = 16_383

/** Longest that one decode or encode may take, in seconds. */
export const workSeconds = 60
