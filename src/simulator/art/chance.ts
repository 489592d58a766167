import { createHash } from 'node:crypto'
import type { Random } from '../../core/ports.ts'

/** A stream of chance that depends on nothing but `words`: the same words give the same numbers, always. */
export function chanceOf(...words: readonly string[]): Random {
  const digest = createHash('sha256').update(words.join('\u0000')).digest()
  // sfc32 (Chris Doty-Humphrey, public domain): small, fast and without visible patterns in pictures.
  let a = digest.readInt32LE(0)
  let b = digest.readInt32LE(4)
  let c = digest.readInt32LE(8)
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 12; i += 1) next()
  return next
}

/** A number from `low` (included) to `high` (excluded). */
export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low)
}

/** One of `list`, which must not be empty. */
export function pick<T>(random: Random, list: readonly [T, ...T[]]): T {
  return list[Math.floor(random() * list.length)] ?? list[0]
}

/** Smooth noise in the plane, from -1 to 1; one unit is one hump. */
export function noiseOf(random: Random): (x: number, y: number) => number {
  const size = 64
  const lattice = Float64Array.from({ length: size * size }, () => random() * 2 - 1)
  const at = (x: number, y: number) => lattice[(y & (size - 1)) * size + (x & (size - 1))] ?? 0
  const ease = (t: number) => t * t * t * (t * (t * 6 - 15) + 10)
  return (x, y) => {
    const left = Math.floor(x)
    const top = Math.floor(y)
    const u = ease(x - left)
    const v = ease(y - top)
    const upper = at(left, top) * (1 - u) + at(left + 1, top) * u
    const lower = at(left, top + 1) * (1 - u) + at(left + 1, top + 1) * u
    return upper * (1 - v) + lower * v
  }
}
