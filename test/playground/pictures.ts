import { randomBytes } from 'node:crypto'
import sharp from 'sharp'
import type { HeldPicture } from '../../src/core/ports.ts'

const pngHead = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

/** Bytes that begin as a PNG does; no browser could show them. */
export function pngLike(size: number): Buffer<ArrayBuffer> {
  return Buffer.concat([pngHead, randomBytes(size - pngHead.length)])
}

export function heldPng(size = 1000): HeldPicture {
  return { type: 'image/png', bytes: pngLike(size) }
}

/** A real picture that a browser shows: two colours running into each other. */
export async function drawnPng(from: string, to: string, width = 480, height = 480): Promise<HeldPicture> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <linearGradient id="g" x2="1" y2="1"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>
    <rect width="100%" height="100%" fill="url(#g)"/>
    <circle cx="${width * 0.64}" cy="${height * 0.36}" r="${Math.min(width, height) * 0.17}" fill="#fff" opacity=".75"/>
    <path d="M0 ${height} L${width * 0.35} ${height * 0.55} L${width * 0.7} ${height} Z" fill="#000" opacity=".25"/></svg>`
  return { type: 'image/png', bytes: await sharp(Buffer.from(svg)).png().toBuffer() }
}
