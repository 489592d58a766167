import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', 'src')

/** What a room may import besides itself and node's own modules. ARCHITECTURE.md, "Rooms". */
interface Room {
  readonly rooms: readonly string[]
  readonly packages: readonly string[]
}
const rooms: Readonly<Record<string, Room>> = {
  core: { rooms: [], packages: ['zod'] },
  imageapi: { rooms: ['core', 'media'], packages: ['undici', 'zod'] },
  store: { rooms: ['core'], packages: ['pg'] },
  media: { rooms: ['core'], packages: ['undici', 'sharp', 'heic-decode'] },
  http: { rooms: ['core'], packages: ['fastify', 'prom-client'] },
  discord: { rooms: ['core', 'media'], packages: ['undici', 'zod', 'discord.js'] },
  slack: { rooms: ['core', 'media'], packages: ['undici', 'zod', '@slack/bolt', '@slack/web-api'] },
  playground: { rooms: ['core', 'media'], packages: ['undici', 'zod'] },
  simulator: { rooms: ['core', 'media'], packages: ['fastify', 'sharp', 'dejavu-fonts-ttf'] },
  operations: { rooms: ['core', 'store', 'config.ts'], packages: [] },
  'config.ts': { rooms: [], packages: ['zod'] },
  'log.ts': { rooms: ['core'], packages: ['pino'] },
}
/** The composition imports everything, and nobody imports it. */
const composition: ReadonlySet<string> = new Set([
  'main.ts',
  'program.ts',
  'announcement.ts',
  'keeping.ts',
  'readiness.ts',
])
/** Modules of node that belong to one room. */
const ownModules: Readonly<Record<string, string>> = { 'node:sqlite': 'store' }

const adapters = ['discord', 'slack', 'playground']
const adapterFiles = ['index.ts', 'parse.ts', 'render.ts', 'surface.ts', 'address.ts', 'limits.ts', 'commands.ts']

/** Files that run when they are imported: entry points of processes and threads. */
const entries: ReadonlySet<string> = new Set([
  'main.ts',
  'simulator/main.ts',
  'slack/manifest.ts',
  'media/heic-worker.ts',
  'operations/backup.ts',
  'operations/jobs.ts',
  'operations/move.ts',
])

const mostLines = 250
/** Longer files, each with the reason why it is one noun all the same. */
const longFiles: Readonly<Record<string, string>> = {
  'core/ports.ts': 'every port of the core with its contract in words: a page to read from top to bottom',
  'config.ts': 'every variable with its check, default and combinations: one table',
}

const forbiddenNames = /^(utils?|helpers?|managers?|types|common|misc|shared|index)\.(ts|js)$/

interface Source {
  /** Path under src, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** Everything that a source file does against the rules, in words. */
function violations({ path, text }: Source): string[] {
  const code = withoutComments(text)
  const found = importsOf(code).flatMap((specifier) => importViolations(path, specifier))
  if (path !== 'config.ts' && readsEnvironment(code)) found.push('reads process.env')
  const lines = text.trimEnd().split('\n').length
  if (lines > mostLines && !(path in longFiles)) found.push(`has ${lines} lines`)
  const isAdapterIndex = adapters.includes(dirname(path)) && basename(path) === 'index.ts'
  if (forbiddenNames.test(basename(path)) && !isAdapterIndex) found.push('has a name that says nothing')
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.(ts|js)$/.test(basename(path))) found.push('is not named in kebab-case')
  return found
}

function importViolations(path: string, specifier: string): string[] {
  if (specifier.startsWith('node:')) {
    const owner = ownModules[specifier]
    return owner === undefined || roomOf(path) === owner ? [] : [`imports ${specifier}, which is for ${owner} alone`]
  }
  if (specifier.startsWith('.')) return relativeViolations(path, specifier)
  const name = packageOf(specifier)
  if (composition.has(path) || roomFor(path).packages.includes(name)) return []
  return [`imports the package ${name}`]
}

function relativeViolations(path: string, specifier: string): string[] {
  const target = relative('/', resolve('/', dirname(path), specifier))
  if (target.startsWith('playground/page/'))
    return path.startsWith('playground/page/') ? [] : [`imports the page's ${target}`]
  const found = specifier.endsWith('.ts') || path.endsWith('.js') ? [] : [`imports ${specifier} without .ts`]
  // The program is started by main alone; a test may start it too.
  if (composition.has(target) && !composition.has(path)) return [...found, `imports ${target}`]
  if (composition.has(path)) return found
  const room = roomOf(target)
  if (room === roomOf(path) || roomFor(path).rooms.includes(room)) return found
  return [...found, `imports ${target}`]
}

/** The room of a path under src: its folder, or the file itself at the top. */
function roomOf(path: string): string {
  return path.split('/')[0] ?? path
}

function roomFor(path: string): Room {
  return rooms[roomOf(path)] ?? { rooms: [], packages: [] }
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** The specifiers of static, type, re-exporting, side-effect and dynamic imports. */
function importsOf(code: string): string[] {
  const patterns = [
    /\b(?:import|export)\b[^'"`;=()]*?\bfrom\s*(['"])([^'"]+)\1/g,
    /\bimport\s*(['"])([^'"]+)\1/g,
    /\b(?:import|require(?:\.resolve)?)\s*\(\s*(['"`])([^'"`]+)\1/g,
  ]
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[2] ?? ''))
}

function readsEnvironment(code: string): boolean {
  return (
    /\bprocess\s*(\?\.|\.)\s*env\b/.test(code) ||
    /\bprocess\s*(\?\.)?\[/.test(code) ||
    /\benv\b[^;=]*\}\s*=\s*(globalThis\.)?process\b/.test(code) ||
    /\bfrom\s*['"](node:)?process['"]/.test(code) ||
    /\bloadEnvFile\b/.test(code)
  )
}

function withoutComments(source: string): string {
  const strings = /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return source.replace(strings, (_match, string: string | undefined) => string ?? ' ')
}

let sources: readonly Source[] = []
beforeAll(async () => {
  const files = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = files
    .filter((file) => file.isFile() && /\.(ts|js)$/.test(file.name))
    .map((file) => relative(root, join(file.parentPath, file.name)))
  sources = await Promise.all(
    paths.toSorted().map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })),
  )
})

describe('the sources', () => {
  it('keep to the rooms, the lengths and the names', () => {
    expect(sources.length).toBeGreaterThan(100)
    expect(sources.flatMap((source) => violations(source).map((words) => `${source.path} ${words}`))).toEqual([])
  })

  it('lie in rooms that the rules know', () => {
    const known = new Set([...Object.keys(rooms), ...composition])
    expect([...new Set(sources.map(({ path }) => roomOf(path)))].filter((room) => !known.has(room))).toEqual([])
  })

  it('are short again as soon as they leave the list of long ones', () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > mostLines).map(({ path }) => path)
    expect(Object.keys(longFiles).toSorted()).toEqual(long.toSorted())
  })

  it.each(adapters)('of the adapter %s have the seven files that all adapters have', (adapter) => {
    const files = sources.filter(({ path }) => dirname(path) === adapter).map(({ path }) => basename(path))
    expect(adapterFiles.filter((file) => !files.includes(file))).toEqual([])
  })

  it('do nothing when they are imported', async () => {
    const modules = sources
      .map(({ path }) => path)
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !entries.has(path))
    const script = `
      // Made when first asked for, here and not by a module.
      const streams = [process.stdout, process.stderr]
      const before = process.getActiveResourcesInfo()
      for (const path of ${JSON.stringify(modules)}) await import('file://${root}/' + path)
      await new Promise((resolve) => setTimeout(resolve, 20))
      const after = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout')
      for (const name of before) if (after.includes(name)) after.splice(after.indexOf(name), 1)
      process.stdout.write(JSON.stringify({ left: after, listeners: process.eventNames().map(String) }))
    `
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A module that leaves something running would keep the process alive.
      timeout: 15_000,
    })
    const ended = new Promise((settle) => child.on('exit', (code, signal) => settle(code ?? signal)))
    const [said, complained, end] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    expect(complained).toBe('')
    expect(end).toBe(0)
    const { left, listeners } = JSON.parse(said)
    expect(left).toEqual([])
    expect(listeners.filter((name: string) => /^SIG|unhandled|uncaught|exit/i.test(name))).toEqual([])
  })
})

describe('the rules find', () => {
  it.each([
    ['core/x.ts', "import { request } from 'undici'", 'imports the package undici'],
    ['core/x.ts', "import type { Dispatcher } from 'undici'", 'imports the package undici'],
    ['core/x.ts', "import {\n  a,\n  type B,\n} from 'pino'", 'imports the package pino'],
    ['core/x.ts', "export * from 'pg'", 'imports the package pg'],
    ['core/x.ts', "export type { A } from '../store/rows.ts'", 'imports store/rows.ts'],
    ['core/x.ts', "import '../store/rows.ts'", 'imports store/rows.ts'],
    ['core/messages/x.ts', "import { a } from '../../config.ts'", 'imports config.ts'],
    ['core/x.ts', "const a = await import('sharp')", 'imports the package sharp'],
    ['core/x.ts', "const a = require('sharp')", 'imports the package sharp'],
    ['core/x.ts', "import { DatabaseSync } from 'node:sqlite'", 'imports node:sqlite, which is for store alone'],
    ['core/x.ts', "import { a } from './job'", 'imports ./job without .ts'],
    ['core/x.ts', "import { a } from './job.js'", 'imports ./job.js without .ts'],
    ['core/x.ts', 'const a = process.env.TOKEN', 'reads process.env'],
    ['core/x.ts', "const a = process['env']", 'reads process.env'],
    ['core/x.ts', 'const { env } = process', 'reads process.env'],
    ['core/x.ts', "import process from 'node:process'", 'reads process.env'],
    ['discord/x.ts', "import { a } from '../slack/escape.ts'", 'imports slack/escape.ts'],
    ['slack/x.ts', "import { a } from '../http/server.ts'", 'imports http/server.ts'],
    ['slack/x.ts', "import { a } from '../store/store.ts'", 'imports store/store.ts'],
    ['slack/x.ts', "import { a } from 'discord.js'", 'imports the package discord.js'],
    ['slack/x.ts', "import { a } from '@slack/oauth'", 'imports the package @slack/oauth'],
    ['playground/x.ts', "import { a } from './page/dom.js'", "imports the page's playground/page/dom.js"],
    ['imageapi/x.ts', "import { main } from '../main.ts'", 'imports main.ts'],
    ['log.ts', "import { startProgram } from './program.ts'", 'imports program.ts'],
    ['nowhere/x.ts', "import { a } from '../core/job.ts'", 'imports core/job.ts'],
    ['core/utils.ts', '', 'has a name that says nothing'],
    ['core/index.ts', '', 'has a name that says nothing'],
    ['core/someThing.ts', '', 'is not named in kebab-case'],
  ])('in %s: %j', (path, text, words) => {
    expect(violations({ path, text })).toEqual([words])
  })

  it('a file that is too long', () => {
    expect(violations({ path: 'core/x.ts', text: 'const a = 1\n'.repeat(251) })).toEqual(['has 251 lines'])
    expect(violations({ path: 'core/x.ts', text: 'const a = 1\n'.repeat(250) })).toEqual([])
  })

  it.each([
    ['core/x.ts', "import { z } from 'zod'\nimport { a } from './job.ts'\nimport { b } from 'node:crypto'"],
    ['core/messages/x.ts', "import { a } from '../job.ts'"],
    ['core/x.ts', "// import { a } from 'undici'\n/* process.env */ const a = 'process' + 'env'"],
    ['core/x.ts', "const url = 'http://x.test' // process.env"],
    ['store/x.ts', "import { DatabaseSync } from 'node:sqlite'\nimport pg from 'pg'"],
    ['discord/x.ts', "import { a } from '../media/type.ts'\nimport { b } from 'discord.js'"],
    ['discord/index.ts', ''],
    ['slack/x.ts', "import type { b } from '@slack/bolt/dist/types'"],
    ['config.ts', 'const a = process.env'],
    ['main.ts', "import { a } from './program.ts'\nimport { b } from './core/job.ts'"],
    ['program.ts', "const { a } = await import('./discord/index.ts')\nimport pg from 'pg'"],
    ['playground/page/x.js', "import { a } from './dom.js'"],
  ])('nothing in %s: %j', (path, text) => {
    expect(violations({ path, text })).toEqual([])
  })
})
