import { parentPort, workerData } from 'node:worker_threads'
import heic from 'heic-decode'
import type { HeicAnswer, HeicTask } from './heic.ts'

const { bytes, maxPixels } = workerData as HeicTask

try {
  const [first] = await heic.all({ buffer: bytes })
  if (first === undefined) answer({ kind: 'broken' })
  else if (first.width * first.height > maxPixels) answer({ kind: 'too_many_pixels' })
  else {
    const { width, height, data } = await first.decode()
    answer({ kind: 'decoded', width, height, data, opaque: isOpaque(data) }, [data.buffer])
  }
} catch {
  // libheif throws what it likes, strings and numbers of its own too; all of it means one thing.
  answer({ kind: 'broken' })
}

function answer(message: HeicAnswer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}

function isOpaque(rgba: Uint8ClampedArray): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false
  return true
}
