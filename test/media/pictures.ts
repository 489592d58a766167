import { readFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import type { PictureType } from '../../src/core/job.ts'
import type { OpenPicture, Picture } from '../../src/core/ports.ts'

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))

/** 96 × 64, the left half red, the right half blue; made with `heif-enc` (x265) for these tests. */
export const heic: Uint8Array = fixture('two-halves.heic')
/** For pictures.example and its subdomains, until 2125; a key for these tests alone. */
export const tls = { key: fixture('tls-key.pem').toString(), cert: fixture('tls-cert.pem').toString() }

const red = [220, 30, 30] as const
const blue = [30, 30, 220] as const

/** The same two halves as pixels, so that orientation and colours can be seen. */
export function halves(width: number, height: number) {
  const pixels = Buffer.alloc(width * height * 3)
  for (let at = 0; at < width * height; at += 1) pixels.set(at % width < width / 2 ? red : blue, at * 3)
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

/** Noise from a fixed seed: what no format can make small. */
export function noise(width: number, height: number, channels: 3 | 4 = 3) {
  const pixels = Buffer.alloc(width * height * channels)
  let state = 0x2545f491
  for (let at = 0; at < pixels.length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    pixels[at] = state >>> 24
  }
  return sharp(pixels, { raw: { width, height, channels } })
}

/** A PNG of one colour whose file is small and whose pixels are many: 1 bit each. */
export function bombPng(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))), { level: 1 })
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))])
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A source that counts how often it was opened and closed. */
export function source(type: PictureType, chunks: readonly Uint8Array[], size: number | null) {
  const counts = { opened: 0, closed: 0 }
  const picture: Picture = {
    open: async (): Promise<OpenPicture> => {
      counts.opened += 1
      let at = 0
      const body: AsyncIterableIterator<Uint8Array> = {
        next: async () => {
          const value = chunks[at]
          at += 1
          return value === undefined ? { done: true, value: undefined } : { done: false, value }
        },
        return: async () => {
          counts.closed += 1
          return { done: true, value: undefined }
        },
        [Symbol.asyncIterator]: () => body,
      }
      return { type, size, body }
    },
  }
  return { picture, counts }
}

/** The colour of one pixel, as numbers from 0 to 255. */
async function pixelAt(bytes: Uint8Array, x: number, y: number): Promise<readonly number[]> {
  const pixel = await sharp(bytes).extract({ left: x, top: y, width: 1, height: 1 }).raw().toBuffer()
  return [...pixel.subarray(0, 3)]
}

/** Whether a pixel is rather red than blue. */
export async function isRed(bytes: Uint8Array, x: number, y: number): Promise<boolean> {
  const [r = 0, , b = 0] = await pixelAt(bytes, x, y)
  return r > b
}
