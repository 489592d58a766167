const epochMs = 1_420_070_400_000

/** Makes Discord ids of the present time: 42 bits of milliseconds, 22 that only count. */
export function createSnowflakes(now: () => number): (atMs?: number) => string {
  let count = 0n
  return (atMs = now()) => {
    count = (count + 1n) & 0x3fffffn
    return String((BigInt(Math.floor(atMs) - epochMs) << 22n) | count)
  }
}
