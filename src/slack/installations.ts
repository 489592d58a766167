import { z } from 'zod'
import { AppError, failureOf } from '../core/failure.ts'
import type { Clock, Log, Vault } from '../core/ports.ts'
import { type Access, refusedMs } from './access.ts'
import { createCipher } from './cipher.ts'
import { faultOf } from './errors.ts'
import type { Identity } from './identity.ts'
import type { Grant, Oauth } from './oauth.ts'
import type { Workspace } from './tokens.ts'

/** Every workspace that installed the app, with its token, in the vault. */
export interface Installations extends Access {
  /** Takes a new installation, or one that was made again; gives the name of what it is for. */
  add(grant: Grant): Promise<string>
}

export interface InstallationsOptions {
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Log
  readonly oauth: Oauth
  readonly secretsKey: string
}

const installationSchema = z.strictObject({
  version: z.literal(1),
  token: z.string(),
  refreshToken: z.string().nullable(),
  /** Milliseconds since the epoch; null: never. */
  expiresAt: z.number().nullable(),
  botUserId: z.string(),
  botId: z.string(),
  name: z.string(),
  installedAt: z.number(),
})
type Installation = z.output<typeof installationSchema>

/** Another replica may have changed it: what is known is believed for so long, in milliseconds. */
const believedMs = 60_000
/** Tokens live for twelve hours; one that has less than this left is replaced (as Bolt does). */
const renewBeforeMs = 2 * 3_600_000
/** With less than this left, the new one is waited for. */
const urgentMs = 5 * 60_000
/** Of a refresh that failed, the next try comes no sooner. */
const renewPauseMs = 60_000

interface Known {
  readonly installation: Installation | null
  readonly until: number
}

export function createInstallations({ vault, clock, log, oauth, secretsKey }: InstallationsOptions): Installations {
  const cipher = createCipher(secretsKey)
  const known = new Map<string, Known>()
  const renewing = new Map<string, Promise<Installation>>()
  const paused = new Map<string, number>()
  /** Tokens that Slack refused, and until when they are not used. */
  const refused = new Map<string, { readonly token: string; readonly until: number }>()

  async function read(key: string): Promise<Installation | null> {
    const sealed = await vault.get(key)
    if (sealed === null) return null
    return installationSchema.parse(JSON.parse(cipher.open(key, sealed)))
  }

  function remember(key: string, installation: Installation | null): Installation | null {
    known.set(key, { installation, until: clock.monotonic() + believedMs })
    return installation
  }

  async function find(workspace: Workspace): Promise<Installation | null> {
    const key = keyOf(workspace)
    const entry = known.get(key)
    if (entry !== undefined && entry.until > clock.monotonic()) return entry.installation
    return remember(key, await read(key))
  }

  function isRefused(key: string, token: string): boolean {
    const entry = refused.get(key)
    return entry !== undefined && entry.token === token && entry.until > clock.monotonic()
  }

  function refuse(key: string, token: string): void {
    const expiresAt = known.get(key)?.installation?.expiresAt ?? null
    // It may have been renewed or installed again elsewhere: the store knows.
    known.delete(key)
    // One that is nearly over is renewed.
    if (expiresAt === null || expiresAt - clock.now() > urgentMs)
      refused.set(key, { token, until: clock.monotonic() + refusedMs })
  }

  async function write(key: string, installation: Installation): Promise<void> {
    await vault.put(key, cipher.seal(key, JSON.stringify(installation)))
    remember(key, installation)
  }

  /** The installation with a token that is good for a while. */
  async function fresh(workspace: Workspace, installation: Installation): Promise<Installation> {
    const { expiresAt, refreshToken } = installation
    if (expiresAt === null || refreshToken === null) return installation
    const leftMs = expiresAt - clock.now()
    if (leftMs > renewBeforeMs) return installation
    const key = keyOf(workspace)
    if (leftMs > urgentMs) {
      // The old one is good while the new one is on its way.
      if ((paused.get(key) ?? 0) <= clock.monotonic()) void renew(key).catch(() => undefined)
      return installation
    }
    return renew(key).catch((error: unknown) => {
      if (leftMs > 0) return installation
      throw error
    })
  }

  /** One refresh at a time, also among replicas: a refresh token is good once. */
  function renew(key: string): Promise<Installation> {
    const running = renewing.get(key)
    if (running !== undefined) return running
    const task = vault
      .withLock(key, () => renewAlone(key))
      .catch((error: unknown) => {
        const { code, detail } = failureOf(error)
        paused.set(key, clock.monotonic() + renewPauseMs)
        log.error({ failure: code, detail }, 'a token of Slack was not renewed')
        throw error
      })
      .finally(() => renewing.delete(key))
    renewing.set(key, task)
    return task
  }

  async function renewAlone(key: string): Promise<Installation> {
    const current = await read(key)
    if (current === null) throw notInstalled()
    const { refreshToken, expiresAt } = current
    // Another replica was quicker.
    if (refreshToken === null || expiresAt === null || expiresAt - clock.now() > renewBeforeMs) {
      remember(key, current)
      return current
    }
    const grant = await oauth.refresh(refreshToken).catch((error: unknown) => {
      throw isLost(error) ? new AppError('token_rejected', { detail: failureOf(error).detail, cause: error }) : error
    })
    const renewed = { ...current, ...tokensOf(grant, clock.now()) }
    await write(key, renewed)
    return renewed
  }

  /** A wrong key is found out at the start, before anybody asks for anything. */
  async function checkKey(): Promise<void> {
    const sealed = await vault.get(checkName)
    if (sealed === null) await vault.put(checkName, cipher.seal(checkName, 'the right key'))
    else cipher.open(checkName, sealed)
  }

  async function of(workspace: Workspace): Promise<string> {
    const installation = await find(workspace)
    if (installation === null) throw notInstalled()
    const { token } = await fresh(workspace, installation)
    if (isRefused(keyOf(workspace), token)) throw notInstalled()
    return token
  }

  async function identityOf(workspace: Workspace): Promise<Identity | null> {
    const installation = await find(workspace)
    return installation === null || isRefused(keyOf(workspace), installation.token) ? null : installation
  }

  async function add(grant: Grant): Promise<string> {
    const { team, enterprise, orgWide } = grant
    const target = orgWide ? enterprise : team
    if (target === null) throw new AppError('internal', { detail: 'Slack: a grant for no workspace' })
    const identity = await oauth.identify(grant.token)
    const key = keyOf({ team: target.id, enterprise: orgWide ? target.id : null })
    const installation = { version: 1 as const, ...identity, ...tokensOf(grant, clock.now()), installedAt: clock.now() }
    await vault.withLock(key, () => write(key, installation))
    log.info({ workspace: target.id, orgWide }, 'installed in Slack')
    return target.name
  }

  async function left(workspace: Workspace, at: number): Promise<void> {
    const key = keyOf(workspace)
    await vault.withLock(key, async () => {
      const current = await read(key).catch(() => null)
      // The event of a departure may come after the next arrival.
      if (current !== null && current.installedAt > at + arrivalMs) return
      await vault.remove(key)
      remember(key, null)
      log.info({ workspace: workspace.enterprise ?? workspace.team }, 'uninstalled from Slack')
    })
  }

  return {
    of,
    add,
    left,
    refused: (workspace, token, { detail }) => {
      const key = keyOf(workspace)
      if (!isRefused(key, token)) log.error({ workspace: workspace.enterprise ?? workspace.team, detail }, signedOut)
      refuse(key, token)
    },
    open: () => vault.withLock(checkName, checkKey),
    identityOf,
    nameIn: (workspace) => known.get(keyOf(workspace))?.installation?.name ?? null,
    ready: () => true,
  }
}

const signedOut = 'Slack does not accept the bot’s token any more: the app has to be installed there again'
const checkName = 'slack/secrets-key'
/** Slack's and our clocks may differ by so much, in milliseconds; its event times are whole seconds. */
const arrivalMs = 1_000

/** By the organisation where the app was installed for all of it, else by the workspace. */
function keyOf({ team, enterprise }: Workspace): string {
  return `slack/installation/${enterprise ?? team}`
}

function tokensOf({ token, refreshToken, expiresInMs }: Grant, nowMs: number) {
  return { token, refreshToken, expiresAt: expiresInMs === null ? null : nowMs + expiresInMs }
}

function notInstalled(): AppError {
  return new AppError('token_rejected', { detail: 'Slack: the app is not installed there' })
}

/** Whether no waiting will make Slack take the refresh token. */
function isLost(error: unknown): boolean {
  const fault = faultOf(error)
  return fault === 'signed_out' || fault === 'scope' || fault === 'ours' || fault === 'unknown'
}
