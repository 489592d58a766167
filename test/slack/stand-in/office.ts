import type { Fields } from './blocks.ts'
import { Refused, type Workspace } from './workspace.ts'

/** Where events come from. */
export interface Whereabouts {
  readonly team: string
  readonly enterprise: string | null
  /** Whether the app is installed for the whole organisation. */
  readonly orgWide: boolean
}

interface Issued {
  /** The workspace or organisation that it is for. */
  readonly owner: string
  readonly expiresAt: number
  refused: string | null
}

interface Consent extends Whereabouts {
  /** Seconds that its tokens live; null: for ever. */
  readonly expiresIn: number | null
}

/** Slack's office for apps: installs them, gives out tokens, takes them back. */
export function createOffice(workspace: Workspace, botToken: string) {
  const issued = new Map<string, Issued>([
    [botToken, { owner: workspace.team, expiresAt: Number.POSITIVE_INFINITY, refused: null }],
  ])
  const codes = new Map<string, Consent>()
  const refreshTokens = new Map<string, Consent>()
  let current: Whereabouts = { team: workspace.team, enterprise: null, orgWide: false }
  let now = () => Date.now()
  let refreshes = 0

  const ownerOf = ({ team, enterprise, orgWide }: Whereabouts) => (orgWide ? (enterprise ?? '') : team)

  function issue(consent: Consent): Fields {
    const token = `xoxe.xoxb-${workspace.nextId('token')}`
    const expiresAt = consent.expiresIn === null ? Number.POSITIVE_INFINITY : now() + consent.expiresIn * 1000
    issued.set(token, { owner: ownerOf(consent), expiresAt, refused: null })
    const refresh = `xoxe-1-${workspace.nextId('refresh')}`
    if (consent.expiresIn !== null) refreshTokens.set(refresh, consent)
    const { team, enterprise, orgWide } = consent
    return {
      ...{ access_token: token, token_type: 'bot', scope: 'commands', bot_user_id: workspace.bot, app_id: 'A0IMAGINE' },
      ...{ team: orgWide ? null : { id: team, name: `Team ${team} <&>` }, is_enterprise_install: orgWide },
      enterprise: enterprise === null ? null : { id: enterprise, name: 'The Organisation' },
      authed_user: { id: 'U0ADMIN' },
      ...(consent.expiresIn === null ? {} : { expires_in: consent.expiresIn, refresh_token: refresh }),
    }
  }

  /** `oauth.v2.access`. */
  function access(args: Record<string, string>): Fields {
    if ((args.client_id ?? '') === '' || (args.client_secret ?? '') === '') throw new Refused('invalid_client_id')
    if (args.grant_type === 'refresh_token') {
      const consent = refreshTokens.get(args.refresh_token ?? '')
      if (consent === undefined) throw new Refused('invalid_refresh_token')
      refreshTokens.delete(args.refresh_token ?? '')
      refreshes += 1
      return issue(consent)
    }
    const consent = codes.get(args.code ?? '')
    if (consent === undefined) throw new Refused('invalid_code')
    if (args.redirect_uri === undefined) throw new Refused('bad_redirect_uri')
    codes.delete(args.code ?? '')
    return issue(consent)
  }

  function check(token: string): void {
    const entry = issued.get(token)
    if (entry === undefined) throw new Refused(token === '' ? 'not_authed' : 'invalid_auth')
    if (entry.refused !== null) throw new Refused(entry.refused)
    if (entry.expiresAt <= now()) throw new Refused('token_expired')
    // A token is for the place that speaks: another one's is a mistake of ours.
    if (entry.owner !== ownerOf(current)) workspace.violations.push(`a token of ${entry.owner} in ${ownerOf(current)}`)
  }

  return {
    access,
    check,
    isGood: (token: string): boolean => {
      const entry = issued.get(token)
      return entry !== undefined && entry.refused === null && entry.expiresAt > now()
    },
    isBot: (token: string): boolean => issued.has(token),
    tokens: (): string[] => [...issued.keys(), ...refreshTokens.keys()],
    refreshes: (): number => refreshes,
    /** From now on events come from there. */
    move: (to: Whereabouts): void => {
      current = to
    },
    ownTime: (clock: () => number): void => {
      now = clock
    },
    eventTime: (): number => Math.floor(now() / 1000),
    /** Somebody says yes on Slack's page; gives the code that their browser carries back. */
    consent: (to: Consent): string => {
      const code = workspace.nextId('code')
      codes.set(code, to)
      return code
    },
    /** Its tokens are good for nothing any more. */
    revoke: (owner: string, error = 'token_revoked'): void => {
      for (const entry of issued.values()) if (entry.owner === owner) entry.refused = error
    },
    ids: (): Fields => ({
      team_id: current.team,
      ...(current.enterprise === null
        ? {}
        : { enterprise_id: current.enterprise, enterprise_name: 'The Organisation' }),
      is_enterprise_install: String(current.orgWide),
    }),
    place: (): Fields => ({
      team: { id: current.team, domain: 'stand-in' },
      enterprise: current.enterprise === null ? null : { id: current.enterprise, name: 'The Organisation' },
      is_enterprise_install: current.orgWide,
    }),
    authorization: (): Fields => ({
      ...{ enterprise_id: current.enterprise, team_id: current.team, user_id: workspace.bot, is_bot: true },
      is_enterprise_install: current.orgWide,
    }),
    team: (): string => current.team,
  }
}
export type Office = ReturnType<typeof createOffice>
