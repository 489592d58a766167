import type { RESTPutAPIApplicationCommandsJSONBody } from 'discord.js'
import type { AdapterTools } from '../core/ports.ts'
import { commandsFor } from './commands.ts'
import type { Platform, Said } from './platform.ts'

export interface RegistrationOptions {
  readonly platform: Platform
  readonly userInstall: boolean
  readonly tools: Pick<AdapterTools, 'log'>
}

const terms = { patienceMs: 30_000, timeoutMs: 60_000 }

/** Registers the commands, unless they are seen to be registered already. */
export async function registerCommands(
  applicationId: string,
  { platform, userInstall, tools }: RegistrationOptions,
  signal: AbortSignal,
): Promise<Said<unknown>> {
  const wanted = commandsFor({ userInstall })
  const registered = await platform.commands(applicationId, { signal, ...terms })
  if (registered.ok && sameCommands(wanted, registered.body)) {
    tools.log.debug({}, 'Discord has the commands')
    return { ok: true, body: null }
  }
  const said = await platform.setCommands(applicationId, wanted, { signal, ...terms })
  if (said.ok) tools.log.info({ commands: wanted.map(({ name }) => name) }, 'commands registered with Discord')
  return said
}

/** Whether the registered commands are the wanted ones, whatever Discord adds to them and leaves out. */
export function sameCommands(wanted: RESTPutAPIApplicationCommandsJSONBody, registered: readonly object[]): boolean {
  return JSON.stringify(wanted.map(normal).sort(byText)) === JSON.stringify(registered.map(normal).sort(byText))
}

/** What Discord says of a command besides what it was told. */
const added: ReadonlySet<string> = new Set([
  'id',
  'application_id',
  'guild_id',
  'version',
  'default_permission',
  'dm_permission',
  'nsfw',
  'handler',
  'name_localized',
  'description_localized',
])

/** Without what Discord adds, and without values that mean the same as none; keys in one order. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(normal)
    // Contexts and integration types are sets.
    return items.every((item) => typeof item === 'number') ? items.sort((a, b) => a - b) : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .map(([key, inner]): [string, unknown] => [key, normal(inner)])
    .filter(([key, inner]) => !added.has(key) && !isNothing(inner))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries)
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
