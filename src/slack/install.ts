import { createHmac, timingSafeEqual } from 'node:crypto'
import { failureOf } from '../core/failure.ts'
import { messagesFor } from '../core/messages.ts'
import type { Clock, Log, NewId, RouteAnswer, RouteRequest, Routes } from '../core/ports.ts'
import { optionalScopes, paths, scopes } from './commands.ts'
import type { Installations } from './installations.ts'
import type { Oauth } from './oauth.ts'

export interface InstallPagesOptions {
  readonly routes: Routes
  readonly clock: Clock
  readonly newId: NewId
  readonly log: Log
  readonly oauth: Oauth
  readonly installations: Pick<Installations, 'add'>
  readonly clientId: string
  readonly stateSecret: string
  readonly publicUrl: string
  readonly apiUrl: string
}

/** The consent may take this long, in milliseconds. */
const consentMs = 10 * 60_000
const cookieName = 'imagine_slack_state'
const { install: words } = messagesFor('en')

/**
 * The page from which a workspace installs the bot, and the one that Slack leads back to. What comes back has to carry
 * the state that this browser was given: else a stranger could have his workspace installed by somebody else's click.
 */
export function mountInstallPages(options: InstallPagesOptions): void {
  const { routes, clock, newId, log, oauth, installations, publicUrl } = options
  const redirectUri = `${publicUrl}${paths.redirect}`

  routes.mount({ method: 'GET', path: paths.install, maxBytes: 0, handle: async () => begin() })
  routes.mount({ method: 'GET', path: paths.redirect, maxBytes: 0, handle: end })

  function begin(): RouteAnswer {
    const state = signed(`${clock.now() + consentMs}.${newId()}`, options.stateSecret)
    const consent = new URL('/oauth/v2/authorize', options.apiUrl)
    const scope = [...Object.keys(scopes), ...Object.keys(optionalScopes)].join(',')
    for (const [name, value] of Object.entries({
      ...{ client_id: options.clientId, scope, redirect_uri: redirectUri, state },
    }))
      consent.searchParams.set(name, value)
    return page(200, words.intro, { href: consent.href, label: words.button }, cookie(state, consentMs / 1000))
  }

  async function end({ query, headers }: RouteRequest): Promise<RouteAnswer> {
    const again = { href: paths.install, label: words.button }
    const forget = cookie('', 0)
    if (!isGood(query.get('state') ?? '', headers.cookie ?? '')) return page(400, words.stale, again, forget)
    const code = query.get('code')
    if (query.get('error') === 'access_denied') return page(200, words.denied, again, forget)
    if (code === null) return page(400, words.failed, again, forget)
    try {
      const name = await installations.add(await oauth.exchange(code, redirectUri))
      return page(200, words.done(name), null, forget)
    } catch (error) {
      const { code: failure, detail } = failureOf(error)
      log.error({ failure, detail }, 'an installation in Slack failed')
      return page(502, words.failed, again, forget)
    }
  }

  function isGood(state: string, cookies: string): boolean {
    const [until = '', nonce = ''] = state.split('.')
    const ours = equal(state, signed(`${until}.${nonce}`, options.stateSecret))
    return ours && Number(until) > clock.now() && equal(state, cookieIn(cookies))
  }

  function cookie(value: string, seconds: number): string {
    // Lax: Slack leads back by a link of its own site.
    const flags = `Path=${paths.redirect}; Max-Age=${seconds}; HttpOnly; SameSite=Lax`
    return `${cookieName}=${value}; ${flags}${publicUrl.startsWith('https:') ? '; Secure' : ''}`
  }
}

function signed(text: string, secret: string): string {
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function cookieIn(cookies: string): string {
  const found = cookies.split(';').find((pair) => pair.trim().startsWith(`${cookieName}=`))
  return found?.trim().slice(cookieName.length + 1) ?? ''
}

interface Link {
  readonly href: string
  readonly label: string
}

const style =
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}a{font-weight:bold}'

function page(status: number, text: string, link: Link | null, setCookie: string): RouteAnswer {
  const more = link === null ? '' : `<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.label)}</a></p>`
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${words.title}</title>`
  const body = `<h1>${words.title}</h1><p>${escapeHtml(text)}</p>${more}`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'set-cookie': setCookie,
    },
    body: `<!doctype html><html lang="en"><head>${head}<style>${style}</style></head><body>${body}</body></html>\n`,
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
