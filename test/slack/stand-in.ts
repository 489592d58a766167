import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fields, Json } from './stand-in/blocks.ts'
import { type Ack, createLinks } from './stand-in/links.ts'
import { createMethods, eventFile } from './stand-in/methods.ts'
import { createOffice } from './stand-in/office.ts'
import { createRates } from './stand-in/rates.ts'
import { type RequestTarget, sendRequest } from './stand-in/requests.ts'
import { createViews, type Entries, type SeenView } from './stand-in/views.ts'
import { type Channel, createWorkspace, type File, Refused, type Seen } from './stand-in/workspace.ts'

export type { Seen } from './stand-in/workspace.ts'

/**
 * A Slack workspace on loopback: Web API, Socket Mode, uploads, downloads and response URLs, written from the fact sheet
 * and as unfriendly as it says Slack is. It imports nothing of ours.
 */
export interface StandInOptions {
  readonly botToken?: string
  readonly appToken?: string
  readonly without?: readonly string[]
  /** How often a new upload is still shown as unprocessed. */
  readonly looks?: number
  /** How long an ack may take, in milliseconds. */
  readonly ackMs?: number
  /** How clients reach it, given its own origin: over a slow link, for the benchmarks. */
  readonly reachedAt?: (origin: string) => string
}

/** A fault of one request: a refusal, a status, or no answer at all. */
export type Fault =
  | { readonly error: string; readonly extra?: Fields }
  | { readonly status: number; readonly retryAfter?: number; readonly body?: string }
  | { readonly cut: true }

interface Call {
  readonly method: string
  readonly args: Fields
}

export interface Said {
  readonly ts: string
  readonly channel: string
  readonly eventId: string
  /** Whether some delivery of it was acked. */
  readonly acked: boolean
  readonly deliveries: number
}

export type SlackStandIn = Awaited<ReturnType<typeof startSlack>>

const everyScope = [
  ...['commands', 'chat:write', 'chat:write.public', 'files:read', 'files:write', 'app_mentions:read'],
  ...['im:history', 'channels:history', 'groups:history', 'mpim:history', 'connections:write'],
]
const signInPage = '<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>'
const signatures: readonly (readonly [string, string])[] = [
  ['89504e47', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['47494638', 'image/gif'],
  ['52494646', 'image/webp'],
]

export async function startSlack(options: StandInOptions = {}) {
  const { botToken = 'xoxb-stand-in', appToken = 'xapp-stand-in', looks = 2, ackMs = 3_000 } = options
  const workspace = createWorkspace()
  const scopes = new Set(everyScope.filter((scope) => !(options.without ?? []).includes(scope)))
  const faults = new Map<string, Fault[]>()
  const calls: Call[] = []
  const seenTokens = new Set<string>()
  const responseUrls = new Map<string, { uses: number; issuedAt: number; user: string; channel: string; ts?: string }>()
  let clockMs = 0
  let sharing = true
  let afterLook: () => void = () => undefined
  let readyAfter = looks

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      workspace.violations.push(`the stand-in failed: ${String(error)}`)
      response.destroy()
    })
  })
  const { reachedAt = (own: string) => own } = options
  const origin = () => reachedAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const links = createLinks(server, origin, ackMs)
  const office = createOffice(workspace, botToken)
  const views = createViews(workspace, responseUrl, office.place)
  const rates = createRates()
  let target: RequestTarget | null = null
  let again: () => Promise<Ack> = () => Promise.reject(new Error('nothing was delivered yet'))
  const methods = createMethods({
    ...{ workspace, appToken, scopes, origin, views, office },
    connect: links.ticket,
    looks: () => readyAfter,
    sharing: () => sharing,
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://any').pathname
    const [, room = '', ...rest] = path.split('/')
    const body = await bytesOf(request)
    // It was broken off: nothing of it counts.
    if (body === null) return
    const method = room === 'api' ? rest.join('/') : room
    const fault = takeFault(method)
    if (fault !== undefined && misbehave(response, fault)) return
    if (room === 'api') answerApi(request, response, method, body)
    else if (room === 'upload') takeUpload(request, response, rest.at(-1) ?? '', body)
    else if (room === 'files-pri' || room === 'files-moved') serveFile(request, response, rest[0] ?? '', room)
    else if (room === 'respond') takeResponse(response, rest[0] ?? '', body)
    else if (room === 'signin') send(response, 200, signInPage, 'text/html; charset=utf-8')
    else send(response, 404, 'no such page')
  }

  function takeFault(method: string): Fault | undefined {
    const waiting = faults.get(method)
    return waiting?.shift()
  }

  /** True when the request is answered by the fault alone. */
  function misbehave(response: ServerResponse, fault: Fault): boolean {
    if ('cut' in fault) response.destroy()
    else if ('error' in fault) json(response, 200, { ok: false, error: fault.error, ...fault.extra })
    else {
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter))
      send(response, fault.status, fault.body ?? '{"ok":false,"error":"ratelimited"}', 'application/json')
    }
    return true
  }

  function answerApi(request: IncomingMessage, response: ServerResponse, method: string, body: Buffer): void {
    const type = request.headers['content-type'] ?? ''
    if (request.method !== 'POST' || !type.startsWith('application/x-www-form-urlencoded'))
      workspace.violations.push(`${method}: ${request.method} ${type}`)
    const args = Object.fromEntries(new URLSearchParams(body.toString('utf8')))
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    calls.push({ method, args })
    if (token !== '' && !token.startsWith('xapp-')) seenTokens.add(token)
    const wait = rates.over(method, args.channel ?? '')
    if (wait !== null) {
      misbehave(response, { status: 429, retryAfter: wait })
      return
    }
    try {
      const answer = methods(method, args, token)
      if (method === 'files.info') afterLook()
      json(response, 200, { ok: true, ...answer })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      json(response, 200, { ok: false, error: error.message, ...error.extra })
    }
  }

  function takeUpload(request: IncomingMessage, response: ServerResponse, id: string, sent: Buffer): void {
    const file = workspace.files.get(id)
    const body = fileIn(request.headers['content-type'] ?? '', sent)
    if (request.headers.authorization !== undefined) workspace.violations.push('a token sent to the upload host')
    if (!/^(image|multipart)\//.test(request.headers['content-type'] ?? ''))
      workspace.violations.push('upload without an image type')
    calls.push({ method: 'upload', args: { id, length: body.length } })
    if (file === undefined || file.bytes !== null) send(response, 404, 'not found')
    else if (body.length !== file.length) send(response, 400, 'wrong length')
    else {
      file.bytes = body
      file.mimetype = typeOf(body)
      send(response, 200, `OK - ${body.length}`)
    }
  }

  function serveFile(request: IncomingMessage, response: ServerResponse, name: string, room: string): void {
    const file = workspace.files.get(name.split('-').at(-1) ?? '')
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    const authorized = office.isGood(token) && scopes.has('files:read')
    // Not 401: a page for people.
    if (!authorized) send(response, 200, signInPage, 'text/html; charset=utf-8')
    else if (file === undefined || file.bytes === null) send(response, 404, 'gone')
    else if (file.redirect !== null && room === 'files-pri') response.writeHead(302, { location: file.redirect }).end()
    else send(response, 200, file.bytes, file.mimetype)
  }

  function takeResponse(response: ServerResponse, id: string, body: Buffer): void {
    const entry = responseUrls.get(id)
    const given = JSON.parse(body.toString('utf8')) as Fields
    calls.push({ method: 'respond', args: given })
    if (entry === undefined || clockMs - entry.issuedAt >= 30 * 60_000) {
      refuse(response, 'expired_url')
      return
    }
    entry.uses += 1
    if (entry.uses > 5) {
      workspace.violations.push('a response URL used more than five times')
      refuse(response, 'used_url')
      return
    }
    if (given.delete_original === true) {
      const at = workspace.messages.findIndex(({ ts }) => ts === entry.ts)
      if (at >= 0) workspace.messages.splice(at, 1)
      send(response, 200, 'ok')
      return
    }
    try {
      const onlyFor = given.response_type === 'in_channel' ? null : entry.user
      workspace.write({ channel: entry.channel, thread: null, onlyFor, body: given })
      send(response, 200, 'ok')
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      refuse(response, error.message)
    }
  }

  function refuse(response: ServerResponse, error: string): void {
    json(response, 404, { ok: false, error })
  }

  function responseUrl(user: string, channel: string, ts?: string): string {
    const id = workspace.nextId('R')
    responseUrls.set(id, { uses: 0, issuedAt: clockMs, user, channel, ...(ts === undefined ? {} : { ts }) })
    return `${origin()}/respond/${id}`
  }

  // ------------------------------------------------------------ what people do

  /** Sends an event the way that the app chose: by a socket, or as a request. */
  function deliver(type: string, payload: Fields, extra: Fields = {}): Promise<Ack> {
    const sent = (more: Fields) =>
      target === null ? links.send(type, payload, more) : sendRequest(target, type, payload, more, ackMs)
    again = () => sent({ retry_attempt: 1, retry_reason: 'timeout' })
    return sent(extra)
  }

  /** Types a command; gives what became of it, and its ephemeral answer where the ack had one. */
  async function command(by: {
    readonly user: string
    readonly channel: string
    readonly text: string
    readonly command?: string
    /** Sends the same command again, with the same trigger. */
    readonly twice?: boolean
  }): Promise<Ack & { readonly answer: Seen | null; readonly again?: Ack }> {
    const payload: Fields = {
      ...{ token: 'legacy', team_domain: 'stand-in', channel_id: by.channel, ...office.ids() },
      ...{ channel_name: 'somewhere', user_id: by.user, user_name: by.user.toLowerCase(), text: by.text },
      ...{ command: by.command ?? '/imagine', api_app_id: 'A0IMAGINE' },
      ...{ response_url: responseUrl(by.user, by.channel), trigger_id: views.trigger(by.user, by.channel) },
    }
    const [ack, again] = await Promise.all([
      deliver('slash_commands', payload),
      ...(by.twice === true ? [deliver('slash_commands', payload)] : []),
    ])
    const second = again === undefined ? {} : { again }
    if (!ack.acked || Object.keys(ack.payload).length === 0) return { ...ack, ...second, answer: null }
    if (ack.payload.response_type !== 'ephemeral') workspace.violations.push('a command answered to everybody')
    const message = workspace.write({ channel: by.channel, thread: null, onlyFor: by.user, body: ack.payload })
    return { ...ack, ...second, answer: workspace.see(message) }
  }

  interface Saying {
    readonly user: string
    readonly text: string
    readonly thread?: string
    readonly files?: readonly string[]
    /** Delivers the event again, whatever was answered. */
    readonly twice?: boolean
    readonly more?: Fields
  }

  function put(channel: Channel, { user, text, thread, files = [] }: Saying): string {
    const ts = workspace.nextTs()
    workspace.messages.push({
      ...{ channel: channel.id, ts, user, thread: thread ?? null, files, onlyFor: null, text },
      ...{ seen: { lines: [], images: [], buttons: [] }, blockIds: [], edits: 0 },
    })
    return ts
  }

  async function tell(channel: Channel, type: string, saying: Saying): Promise<Said> {
    const ts = put(channel, saying)
    const event: Fields = {
      ...{ type, user: saying.user, text: saying.text, ts, event_ts: ts, channel: channel.id, team: workspace.team },
      ...(saying.thread === undefined ? {} : { thread_ts: saying.thread }),
      ...(type === 'message' ? { channel_type: channel.kind } : {}),
      ...filesOf(type, saying.files ?? []),
      ...saying.more,
    }
    const told = await tellEvent(event, saying.twice === true)
    return { ts, channel: channel.id, ...told }
  }

  /** Tells the app of an event, as often as Slack does until it is acked. */
  async function tellEvent(event: Fields, twice = false): Promise<Pick<Said, 'eventId' | 'acked' | 'deliveries'>> {
    const eventId = workspace.nextId('Ev')
    const payload: Fields = {
      ...{ token: 'legacy', team_id: workspace.team, api_app_id: 'A0IMAGINE', type: 'event_callback', event },
      ...{ event_id: eventId, event_time: office.eventTime(), is_ext_shared_channel: false },
      authorizations: [office.authorization()],
    }
    let acked = false
    let deliveries = 0
    const attempt = async () => {
      const retry: Fields = deliveries === 0 ? {} : { retry_attempt: deliveries, retry_reason: 'timeout' }
      deliveries += 1
      acked = (await deliver('events_api', payload, retry)).acked || acked
    }
    await Promise.all([attempt(), ...(twice ? [attempt()] : [])])
    // Slack tries three times more.
    for (let retry = 0; !acked && retry < 3 && (target !== null || links.count() > 0); retry += 1) await attempt()
    return { eventId, acked, deliveries }
  }

  function filesOf(type: string, ids: readonly string[]): Fields {
    if (ids.length === 0) return {}
    const subtype: Fields = type === 'message' ? { subtype: 'file_share' } : {}
    return { ...subtype, files: ids.map((id): Json => eventFile(workspace.files.get(id))) }
  }

  function channelOf(id: string): Channel {
    const channel = workspace.channels.get(id)
    if (channel === undefined) throw new Error(`no channel ${id}`)
    return channel
  }

  /** Presses a button of a message. */
  async function press(user: string, message: Seen, actionId: string, value?: string): Promise<Ack> {
    const button = message.buttons.find((candidate) => candidate.actionId === actionId)
    if (button === undefined && value === undefined) throw new Error(`no button ${actionId}`)
    const { channel, ts, thread, onlyFor } = message
    return deliver('interactive', {
      ...{
        type: 'block_actions',
        api_app_id: 'A0IMAGINE',
        ...office.place(),
        user: { id: user, name: user.toLowerCase() },
      },
      ...{ trigger_id: views.trigger(user, channel), response_url: responseUrl(user, channel, ts) },
      channel: { id: channel },
      container: {
        ...{ type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: onlyFor !== null },
        ...(thread === null ? {} : { thread_ts: thread }),
      },
      actions: [
        { action_id: actionId, block_id: 'any', type: 'button', value: value ?? button?.value ?? '', action_ts: ts },
      ],
    })
  }

  /** Presses a button in somebody's Home tab or form. */
  function pressInView(user: string, view: SeenView, actionId: string, at = 0): Promise<Ack> {
    const button = view.buttons.filter((candidate) => candidate.actionId === actionId)[at]
    if (button === undefined) throw new Error(`no button ${actionId}`)
    return deliver('interactive', {
      ...{
        type: 'block_actions',
        api_app_id: 'A0IMAGINE',
        ...office.place(),
        user: { id: user, name: user.toLowerCase() },
      },
      ...{ trigger_id: views.trigger(user, null), container: { type: 'view', view_id: view.id } },
      ...{ view: { id: view.id, type: 'home' } },
      actions: [{ action_id: actionId, block_id: 'any', type: 'button', value: button.value, action_ts: '1' }],
    })
  }

  /** Chooses a shortcut from everywhere, or from the menu of a message. */
  function shortcut(user: string, callbackId: string, message?: { readonly channel: string; readonly ts: string }) {
    const common = {
      callback_id: callbackId,
      api_app_id: 'A0IMAGINE',
      ...office.place(),
      user: { id: user, username: user.toLowerCase() },
    }
    if (message === undefined) {
      const payload = { ...common, type: 'shortcut', trigger_id: views.trigger(user, null), action_ts: '1' }
      return deliver('interactive', payload)
    }
    const found = workspace.messages.find(({ channel, ts }) => channel === message.channel && ts === message.ts)
    if (found === undefined) throw new Error('no such message')
    return deliver('interactive', {
      ...common,
      ...{
        type: 'message_action',
        trigger_id: views.trigger(user, found.channel),
        action_ts: '1',
        message_ts: found.ts,
      },
      ...{ channel: { id: found.channel, name: 'somewhere' }, response_url: responseUrl(user, found.channel) },
      message: {
        ...{ type: 'message', user: found.user, ts: found.ts, text: found.text },
        ...(found.thread === null ? {} : { thread_ts: found.thread }),
        ...(found.files.length === 0 ? {} : { files: found.files.map((id) => eventFile(workspace.files.get(id))) }),
      },
    })
  }

  /** Sends a form; gives the words under its fields, by field. */
  async function submit(view: SeenView, entries: Entries, twice = false): Promise<Ack & { readonly errors: Fields }> {
    const payload = views.submission(view, entries)
    const [ack] = await Promise.all([
      deliver('interactive', payload),
      ...(twice ? [deliver('interactive', payload)] : []),
    ])
    return { ...ack, errors: ack.acked ? views.acked(view, ack.payload) : {} }
  }

  /** A picture (or something else) that somebody attached; gives its id. */
  function attach(file: {
    readonly name: string
    readonly bytes: Buffer
    readonly mimetype?: string
    readonly stub?: boolean
    readonly redirect?: string
    readonly looks?: number
  }): string {
    const id = workspace.nextId('F')
    const known: File = {
      ...{ id, name: file.name, owner: 'U0SOMEBODY', length: file.bytes.length, alt: '', bytes: file.bytes },
      ...{ mimetype: file.mimetype ?? typeOf(file.bytes), completed: true, shares: new Map() },
      ...{ looksLeft: file.looks ?? 0, stub: file.stub ?? false, redirect: file.redirect ?? null },
    }
    workspace.files.set(id, known)
    return id
  }

  function visible(channel: string, onlyFor: string | null): Seen[] {
    return workspace.messages
      .filter((message) => message.channel === channel && message.user === workspace.bot && message.onlyFor === onlyFor)
      .map(workspace.see)
  }

  // A machine that is slow for a while must not find its connections closed.
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    apiUrl: `${origin()}/api/`,
    origin: origin(),
    botToken,
    appToken,
    team: workspace.team,
    bot: workspace.bot,
    calls,
    violations: workspace.violations,
    pings: workspace.pings,
    /** Opens a conversation; the bot is in it unless it is said not to be. */
    channel: (kind: Exclude<Channel['kind'], 'im'>, people: readonly string[], withBot = true): string =>
      workspace.addChannel(kind, withBot ? [...people, workspace.bot] : people).id,
    /** A conversation between two people. */
    between: (one: string, other: string): string => workspace.addChannel('im', [one, other]).id,
    /** Somebody's conversation with the bot. */
    dm: (user: string): string => workspace.dmOf(user).id,
    command,
    mention: (channel: string, saying: Saying): Promise<Said> =>
      tell(channelOf(channel), 'app_mention', { ...saying, text: `<@${workspace.bot}> ${saying.text}` }),
    write: (saying: Saying): Promise<Said> => tell(workspace.dmOf(saying.user), 'message', saying),
    /** A message that the bot is not told of; gives its ts. */
    mumble: (channel: string, saying: Saying): string => put(channelOf(channel), saying),
    press,
    pressInView,
    shortcut,
    submit,
    /** The forms that somebody has open. */
    forms: views.modals,
    home: views.home,
    /** Opens the app's Home, or another of its tabs. */
    openHome: (user: string, tab = 'home', twice = false) =>
      tellEvent({ type: 'app_home_opened', user, channel: workspace.dmOf(user).id, tab, event_ts: '1' }, twice),
    /** Tells of something else, as often as Slack does until it is acked. */
    tell: tellEvent,
    /** From now on triggers are good only so long, in milliseconds. */
    hurry: views.hurry,
    office,
    tokens: office.tokens,
    /** The bot tokens that requests came with. */
    seenTokens: (): string[] => [...seenTokens],
    /** From now on events are sent as requests. */
    byRequests: (to: RequestTarget): void => {
      target = to
    },
    /** Sends an event the way that the app chose. */
    deliver,
    /** Sends once more what was sent last, as if its ack had got lost. */
    redeliver: (): Promise<Ack> => again(),
    attach,
    /** The bot's messages that everybody there sees, in their order. */
    messages: (channel: string): Seen[] => visible(channel, null),
    /** What the bot shows there to one person alone. */
    whispers: (channel: string, user: string): Seen[] => visible(channel, user),
    uploads: (): readonly File[] => [...workspace.files.values()].filter(({ owner }) => owner === workspace.bot),
    /** The next requests of a method (or `upload`, `respond`, `files-pri`) go wrong like this. */
    fail: (method: string, ...next: readonly Fault[]): void => {
      faults.set(method, [...(faults.get(method) ?? []), ...next])
    },
    /** Deletes a message, as a moderator does. */
    remove: ({ ts }: { readonly ts: string }): void => {
      workspace.messages.splice(
        workspace.messages.findIndex((message) => message.ts === ts),
        1,
      )
    },
    kick: (channel: string): void => void channelOf(channel).members.delete(workspace.bot),
    archive: (channel: string): void => {
      channelOf(channel).archived = true
    },
    /** A file is deleted by hand. */
    forget: (file: string): void => void workspace.files.delete(file),
    revoke: (scope: string): void => void scopes.delete(scope),
    /** Called at each look at a file. */
    onLook: (then: () => void): void => {
      afterLook = then
    },
    /** The status lines that stand somewhere, by conversation and thread. */
    statuses: (): [string, string][] => [...workspace.statuses].filter(([, status]) => status !== ''),
    /** Which addresses Slack can fetch pictures from; none at first. */
    reaches: (test: (url: string) => boolean): void => {
      workspace.reaches = test
    },
    neverReady: (): void => {
      readyAfter = Number.POSITIVE_INFINITY
    },
    /** All files are processed now. */
    process: (): void => {
      readyAfter = 0
      for (const file of workspace.files.values()) file.looksLeft = 0
    },
    neverShared: (never = true): void => {
      sharing = !never
    },
    /** From now on Slack takes only so much a minute, by this clock. */
    limit: rates.count,
    /** Moves the time by which response URLs grow old. */
    advance: (ms: number): void => {
      clockMs += ms
    },
    links,
    close: async (): Promise<void> => {
      links.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return null
  }
  return Buffer.concat(chunks)
}

/** The SDK's own upload sends a form with one file. */
function fileIn(contentType: string, body: Buffer): Buffer {
  const [, boundary] = /^multipart\/form-data; boundary=(\S+)$/.exec(contentType) ?? []
  if (boundary === undefined) return body
  return body.subarray(body.indexOf('\r\n\r\n') + 4, body.lastIndexOf(`\r\n--${boundary}--`))
}

function typeOf(bytes: Buffer): string {
  const head = bytes.toString('hex', 0, 4)
  return signatures.find(([start]) => head.startsWith(start))?.[1] ?? 'application/octet-stream'
}

function send(response: ServerResponse, status: number, body: string | Buffer, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

function json(response: ServerResponse, status: number, body: Fields): void {
  send(response, status, JSON.stringify(body), 'application/json; charset=utf-8')
}
