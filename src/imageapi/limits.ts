export const apiLimits = {
  /** Longest task id we keep; those seen have about 20 characters. */
  taskIdChars: 256,
  /** Longest result URL we keep: signed ones run to about 2,000 characters. */
  urlChars: 8192,
  /** Pictures of one task at most: the product page says one, siblings up to 4. */
  urls: 16,
  /** Largest answer read, in bytes; real ones have under 10 KB. */
  answerBytes: 1024 * 1024,
} as const
