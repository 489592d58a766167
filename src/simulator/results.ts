import { createCipheriv, createHash, timingSafeEqual } from 'node:crypto'
import sharp from 'sharp'
import { createSlots } from '../media/slots.ts'
import { createPainter, sizes } from './art/painter.ts'
import { withoutDirectives } from './directive.ts'
import type { Keep } from './keep.ts'
import { keptMs, type Task } from './task.ts'

/** The finished pictures, made when they are asked for: the same task gives the same bytes, also after a restart. */
export interface Results {
  /** Where the picture of a task is, below `origin`. */
  url(origin: string, task: Task): string
  /** Whether a link's parts belong to the task. */
  admits(task: Task, expires: string | undefined, signature: string | undefined): boolean
  /** The PNG of a finished task. */
  picture(task: Task, signal: AbortSignal): Promise<Buffer>
  /** A PNG of the right shape that can't be compressed, of at least so many bytes. */
  large(task: Task, bytes: number, signal: AbortSignal): Promise<Buffer>
}

const cacheBytes = 64 * 1024 * 1024
// Two cores are the least that people have; a third picture at once would only make all of them late.
const drawnAtOnce = 2

/** `plain`: one colour instead of a drawing, for loads of thousands. */
export function createResults(keep: Keep, pictures: 'drawn' | 'plain'): Results {
  const painter = createPainter()
  const slots = createSlots(drawnAtOnce)
  const cache = createCache()

  const draw = async (task: Task): Promise<Buffer> => {
    const { prompt, ratio, quality } = task.order
    if (pictures === 'plain') return plain(task)
    const inputs = await keep.inputs(task)
    return painter.paint({ prompt: withoutDirectives(prompt), ratio, quality, variation: task.id, inputs })
  }

  return {
    url: (origin, task) => {
      const parts = new URLSearchParams({ expires: String(expiryOf(task)), signature: task.secret })
      return `${origin}/results/${task.id}.png?${parts}`
    },
    admits: (task, expires, signature) => {
      const expected = Buffer.from(task.secret)
      const given = Buffer.from(signature ?? '')
      return expires === String(expiryOf(task)) && given.length === expected.length && timingSafeEqual(given, expected)
    },
    picture: (task, signal) => cache(task.id, () => slots.run(signal, () => draw(task))),
    large: (task, bytes, signal) => cache(`${task.id} ${bytes}`, () => slots.run(signal, () => noise(task, bytes))),
  }
}

function expiryOf(task: Task): number {
  return Math.floor((task.createdAt + keptMs) / 1000)
}

/** Keeps what was used last, and lets those who ask for the same at once share one making of it. */
function createCache(): (key: string, make: () => Promise<Buffer>) => Promise<Buffer> {
  const ready = new Map<string, Buffer>()
  const making = new Map<string, Promise<Buffer>>()
  let total = 0

  const keepReady = (key: string, bytes: Buffer) => {
    ready.set(key, bytes)
    total += bytes.length
    for (const [oldest, { length }] of ready) {
      if (total <= cacheBytes || oldest === key) break
      ready.delete(oldest)
      total -= length
    }
  }

  return async (key, make) => {
    const found = ready.get(key)
    if (found !== undefined) {
      ready.delete(key)
      ready.set(key, found)
      return found
    }
    const shared = making.get(key) ?? make().finally(() => making.delete(key))
    making.set(key, shared)
    const bytes = await shared
    if (!ready.has(key)) keepReady(key, bytes)
    return bytes
  }
}

function plain(task: Task): Promise<Buffer> {
  const [r = 0, g = 0, b = 0] = createHash('sha256').update(task.id).digest()
  const create = { ...sizes[task.order.ratio], channels: 3, background: { r, g, b } } as const
  return sharp({ create }).png({ compressionLevel: 2 }).toBuffer()
}

async function noise(task: Task, bytes: number): Promise<Buffer> {
  const { width, height } = sizes[task.order.ratio]
  const scale = Math.sqrt(bytes / (width * height * 3))
  const raw = { width: Math.ceil(width * scale), height: Math.ceil(height * scale), channels: 3 } as const
  // The key stream of a cipher: the fastest noise there is, and the same each time.
  const key = createHash('sha256').update(task.id).digest()
  const pixels = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(raw.width * raw.height * 3))
  return sharp(pixels, { raw }).png({ compressionLevel: 0 }).toBuffer()
}
