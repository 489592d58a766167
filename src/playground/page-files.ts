import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { type Messages, messagesFor } from '../core/messages.ts'
import type { RouteAnswer, RouteRequest, Routes } from '../core/ports.ts'
import { localeOf } from './locale.ts'

const folder = new URL('./page/', import.meta.url)

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Nothing inline, nothing from elsewhere; `blob:` is a picture that was dropped and not yet sent. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // No script can turn text into markup, not even by mistake.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** Serves the page's own files: `index.html` at `/`, in the reader's language, the others below `/playground/`. */
export function mountPageFiles(
  routes: Routes,
  guarded: (handle: (request: RouteRequest) => Promise<RouteAnswer>) => (request: RouteRequest) => Promise<RouteAnswer>,
): void {
  for (const name of readdirSync(folder)) {
    const file = readFileSync(new URL(name, folder))
    const isPage = name === 'index.html'
    routes.mount({
      method: 'GET',
      path: isPage ? '/' : `/playground/${name}`,
      maxBytes: 0,
      handle: guarded(async (request) => {
        const body = isPage ? pageIn(messagesFor(localeOf(request.headers['accept-language'])), file) : file
        const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
        const headers = {
          'content-type': types[extname(name)] ?? 'application/octet-stream',
          'content-security-policy': policy,
          // Asked for anew each time, so that a newer program never meets an older page.
          'cache-control': 'no-cache',
          vary: 'accept-language',
          etag,
        }
        return request.headers['if-none-match'] === etag ? { status: 304, headers } : { status: 200, headers, body }
      }),
    })
  }
}

/** The page in a language: `{{name}}` becomes the word of that name, `{{words}}` all of them, for the scripts. */
function pageIn({ locale, page }: Messages, html: Buffer): Buffer {
  // Nothing to escape: the catalogue's words hold no `<`, `&` or `"` (its tests say so).
  const words: Readonly<Record<string, unknown>> = { ...page, words: JSON.stringify(page) }
  return Buffer.from(
    html
      .toString()
      .replace('lang="en"', `lang="${locale}"`)
      .replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(words[name])),
  )
}
