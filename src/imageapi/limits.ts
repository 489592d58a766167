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

/** The slowest round trip to the image API that a pool is still wide enough for, in seconds: unused, a connection is not made. */
const roundTripSeconds = 1
const poolBounds = { least: 16, most: 256 }

/** How many connections carry so many looks a second: a pool of C carries at most C / round trip. */
export function poolSizeFor(looksPerSecond: number): number {
  return Math.min(poolBounds.most, Math.max(poolBounds.least, Math.ceil(looksPerSecond * roundTripSeconds)))
}
