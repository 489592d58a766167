import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a Chromium is, or null; says so in one line, as the tests that need one are then skipped. */
export function findChromium(tests: string): string | null {
  const found = places.find((path) => existsSync(path)) ?? null
  if (found === null) process.stderr.write(`No Chromium in ${places.join(', ')}: ${tests} skipped.\n`)
  return found
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Browser {
  open(url: string): Promise<Page>
  /** What consoles complained of and policies forbade since the tabs were last closed. */
  complaints(): readonly string[]
  closeTabs(): Promise<void>
  close(): Promise<void>
}

export interface BrowserOptions {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  readonly reducedMotion?: boolean
}

/** Starts a Chromium with a profile of its own. */
export async function startBrowser(executablePath: string, options: BrowserOptions = {}): Promise<Browser> {
  const { width = 1100, height = 800, dark = false, reducedMotion = false } = options
  const profile = await mkdtemp(join(tmpdir(), 'playground-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    ...{ executablePath, headless: true, args: flags, chromiumSandbox: false },
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    locale: 'en-GB',
    acceptDownloads: true,
  })
  let complaints: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  return {
    complaints: () => complaints,
    open: async (url) => {
      const page = await context.newPage()
      await page.goto(url)
      return page
    },
    closeTabs: async () => {
      // A browser that loses its last tab ends.
      const [first, ...rest] = context.pages()
      await Promise.all(rest.map((page) => page.close()))
      await first?.goto('about:blank')
      complaints = []
    },
    close: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}
