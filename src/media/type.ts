import type { PictureType } from '../core/job.ts'

/** How many first bytes `pictureTypeOf` wants to see; fewer are enough for a shorter file. */
export const headBytes = 64

const extensions: Readonly<Record<PictureType, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
  'image/heic': 'heic',
}

// ISO/IEC 23008-12 and the AV1 Image File Format: 'mif1' and 'msf1' say only "some HEIF", the codec stands behind.
const avifBrands: ReadonlySet<string> = new Set(['avif', 'avis'])
const heicBrands: ReadonlySet<string> = new Set([
  'heic',
  'heix',
  'heim',
  'heis',
  'hevc',
  'hevx',
  'hevm',
  'hevs',
  'mif1',
  'msf1',
])

/** The type of the picture that begins with these bytes (at least `headBytes`, or all there are), or null. */
export function pictureTypeOf(head: Uint8Array): PictureType | null {
  if (startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'image/png'
  if (startsWith(head, [0xff, 0xd8, 0xff])) return 'image/jpeg'
  if (text(head, 0, 4) === 'RIFF' && text(head, 8, 12) === 'WEBP') return 'image/webp'
  if (text(head, 0, 6) === 'GIF87a' || text(head, 0, 6) === 'GIF89a') return 'image/gif'
  return text(head, 4, 8) === 'ftyp' ? heifTypeOf(head) : null
}

/** The usual file name extension, without a dot. */
export function extensionOf(type: PictureType): string {
  return extensions[type]
}

function heifTypeOf(head: Uint8Array): PictureType | null {
  const boxBytes = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0)
  // The major brand, then, after the minor version, the compatible ones.
  const brands = [text(head, 8, 12)]
  for (let at = 16; at + 4 <= Math.min(boxBytes, head.length); at += 4) brands.push(text(head, at, at + 4))
  if (brands.some((brand) => avifBrands.has(brand))) return 'image/avif'
  return brands.some((brand) => heicBrands.has(brand)) ? 'image/heic' : null
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, i) => bytes[i] === byte)
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
