import { describe, expect, it } from 'vitest'
import { pictureTypes } from '../../src/core/job.ts'
import { extensionOf, headBytes, pictureTypeOf } from '../../src/media/type.ts'
import { halves, heic } from './pictures.ts'

function ftyp(major: string, ...compatible: string[]): Uint8Array {
  const box = Buffer.from(`\0\0\0\0ftyp${major}\0\0\0\0${compatible.join('')}`, 'latin1')
  box.writeUInt32BE(box.length)
  return Buffer.concat([box, Buffer.from('\0\0\0\x08mdat', 'latin1')])
}

describe('pictureTypeOf', () => {
  it('knows real files by their first bytes', async () => {
    const picture = halves(40, 20)
    expect(pictureTypeOf(await picture.clone().png().toBuffer())).toBe('image/png')
    expect(pictureTypeOf(await picture.clone().jpeg().toBuffer())).toBe('image/jpeg')
    expect(pictureTypeOf(await picture.clone().webp().toBuffer())).toBe('image/webp')
    expect(pictureTypeOf(await picture.clone().gif().toBuffer())).toBe('image/gif')
    expect(pictureTypeOf((await picture.clone().avif().toBuffer()).subarray(0, headBytes))).toBe('image/avif')
    expect(pictureTypeOf(heic.subarray(0, headBytes))).toBe('image/heic')
  })

  it.each([
    ['heic', ['mif1', 'heic'], 'image/heic'],
    ['mif1', ['mif1', 'heic'], 'image/heic'],
    ['mif1', ['mif1', 'miaf', 'avif'], 'image/avif'],
    ['avis', ['msf1'], 'image/avif'],
    ['hevc', [], 'image/heic'],
    ['msf1', ['hevc'], 'image/heic'],
    ['isom', ['mp42', 'avc1'], null],
    ['qt  ', [], null],
  ] as const)('tells HEIF from its brands: %s %j', (major, compatible, type) => {
    expect(pictureTypeOf(ftyp(major, ...compatible))).toBe(type)
  })

  it('does not read brands beyond the box', () => {
    const box = Buffer.concat([ftyp('isom'), Buffer.from('avifheic', 'latin1')])
    expect(pictureTypeOf(box)).toBeNull()
  })

  it.each([
    ['nothing', ''],
    ['one byte', '\x89'],
    ['text', 'a plain text that somebody named photo.png'],
    ['a page', '<!DOCTYPE html><html><title>Sign in</title>'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['PDF', '%PDF-1.7'],
    ['another RIFF', 'RIFF\0\0\0\0WAVEfmt '],
    ['a ZIP', 'PK\x03\x04'],
    ['a cut signature', '\x89PNG\r\n\x1a'],
  ])('takes %s for no picture', (_, text) => {
    expect(pictureTypeOf(Buffer.from(text, 'latin1'))).toBeNull()
  })

  it('reads a view into a larger buffer at its own offset', () => {
    const around = Buffer.concat([Buffer.alloc(7), ftyp('avif'), Buffer.alloc(3)])
    expect(pictureTypeOf(around.subarray(7))).toBe('image/avif')
  })
})

it('has an extension for every type', () => {
  expect(pictureTypes.map(extensionOf)).toEqual(['png', 'jpg', 'webp', 'gif', 'avif', 'heic'])
})
