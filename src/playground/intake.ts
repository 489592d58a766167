import { AppError, failureOf } from '../core/failure.ts'
import { type Messages, messagesFor, noticeWords, type Words } from '../core/messages.ts'
import type { AdapterTools, Intake, Reply, RouteAnswer, RouteRequest, Routes, Shelf } from '../core/ports.ts'
import type { Ask, Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import { extensionOf } from '../media/type.ts'
import { messageIdOf } from './address.ts'
import { imagineCommand } from './commands.ts'
import { readPage, streamConversation } from './conversation.ts'
import { refusal } from './guard.ts'
import type { Hub } from './hub.ts'
import { messageBytes, nameLength, uploadBytes } from './limits.ts'
import { localeOf } from './locale.ts'
import { mountPageFiles } from './page-files.ts'
import { messageSchema, parseMessage, person, surfaceName } from './parse.ts'
import { inputId, isPictureId, uploadId } from './picture-id.ts'
import { keepUpload } from './upload.ts'

export interface IntakeOptions {
  readonly hub: Hub
  readonly shelf: Shelf
  readonly routes: Routes
  /** How long pictures handed in are kept, in milliseconds. */
  readonly keepMs: number
  readonly simulated: boolean
  readonly tools: Pick<AdapterTools, 'clock' | 'newId'>
}

type Handle = (request: RouteRequest) => Promise<RouteAnswer>

/** The page, and what it asks: mounted at once, answered from `start` to `stop`. */
export function createIntake({ hub, shelf, routes, keepMs, simulated, tools }: IntakeOptions): Intake {
  const { clock, newId } = tools
  let running: { readonly studio: Studio; readonly stopping: AbortController } | null = null

  const guarded =
    (handle: Handle): Handle =>
    async (request) =>
      refusal(request) ?? (await handle(request))

  function here(): { readonly studio: Studio; readonly stopping: AbortController } {
    if (running === null) throw new AppError('store_unavailable', { detail: 'not started, or stopping' })
    return running
  }

  function partsFor(request: RouteRequest) {
    return { studio: here().studio, hub, shelf, messages: wordsFor(request) }
  }

  async function events(request: RouteRequest): Promise<RouteAnswer> {
    const signal = AbortSignal.any([request.signal, here().stopping.signal])
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8' },
      body: streamConversation(partsFor(request), { simulated }, signal),
    }
  }

  async function earlier(request: RouteRequest): Promise<RouteAnswer> {
    return json(200, await readPage(partsFor(request), request.query.get('before')))
  }

  async function upload(request: RouteRequest): Promise<RouteAnswer> {
    here()
    const id = uploadId(newId())
    try {
      await keepUpload(id, request.body, shelf, keepMs)
      return json(201, { id })
    } catch (error) {
      const failure = failureOf(error)
      const status = uploadStatus[failure.code]
      if (status === undefined) throw error
      const name = (request.query.get('name') ?? '').slice(0, nameLength)
      const words: Words = [{ quoted: name }, ' ', wordsFor(request).failed(failure)]
      return json(status, { notices: [name === '' ? words.slice(2) : words] })
    }
  }

  async function message(request: RouteRequest): Promise<RouteAnswer> {
    const receivedAt = clock.monotonic()
    const { studio } = here()
    const posted = messageSchema.safeParse(await readJson(request))
    if (!posted.success) throw new AppError('invalid_request', { detail: 'not a message' })
    const { replyTo } = posted.data
    const parent = replyTo === null ? null : await studio.get(replyTo.jobId)
    const locale = localeOf(request.headers['accept-language'])
    const parsed = parseMessage(posted.data, { locale, receivedAt, parent })
    const words = (notice: Notice) => ({ notices: noticeWords(notice, wordsFor(request), imagineCommand) })
    if (parsed.kind === 'help') return json(200, words({ kind: 'help' }))
    const refused = await ask(parsed.ask, studio)
    return refused === null ? json(202, { notices: [] }) : json(422, words(refused))
  }

  /** Asks the studio; gives the words for a refusal, null where there is nothing to say here. */
  async function ask(ask: Ask, studio: Studio): Promise<Notice | null> {
    for (const input of ask.inputs)
      if ((await shelf.find(inputId(input))) === null) return { kind: 'failure', failure: { code: 'input_gone' } }
    let refused: Notice | null = null
    const reply: Reply = {
      accept: async (view) => {
        hub.publish({ view, files: [] })
        return { address: ask.address, messageKey: messageIdOf(ask.address), files: [] }
      },
      refuse: async (notice) => {
        refused = notice
      },
      // The page shows its own message as not yet sent for as long as the answer takes.
      defer: async () => undefined,
    }
    await studio.imagine(ask, reply)
    return refused
  }

  async function cancel(request: RouteRequest): Promise<RouteAnswer> {
    const jobId = request.params.id ?? ''
    const answer = await here().studio.cancel({ jobId, personId: person.id, mayManage: false })
    // The message itself says that it was cancelled.
    if (answer === 'cancelled') return json(202, { notices: [] })
    return json(409, { notices: noticeWords({ kind: 'cancel', answer }, wordsFor(request), imagineCommand) })
  }

  async function picture(request: RouteRequest): Promise<RouteAnswer> {
    const id = request.params.id ?? ''
    const found = isPictureId(id) ? await shelf.find(id) : null
    if (found === null) return { status: 404, headers: plain, body: 'Not Found\n' }
    const name = request.query.get('name')
    return {
      status: 200,
      headers: {
        'content-type': found.type,
        'content-length': String(found.size),
        'content-disposition':
          name === null ? 'inline' : `attachment; filename*=UTF-8''${encoded(`${name}.${extensionOf(found.type)}`)}`,
        // A picture may be shown again under its id (a late success), so a copy is asked for anew after a while.
        'cache-control': 'private, max-age=300',
      },
      body: shelf.read(id, 0, found.size),
    }
  }

  mountPageFiles(routes, guarded)
  const mount = (method: 'GET' | 'POST', path: string, maxBytes: number, handle: Handle) =>
    routes.mount({ method, path: `/playground/${path}`, maxBytes, handle: guarded(handle) })
  mount('GET', 'events', 0, events)
  mount('GET', 'messages', 0, earlier)
  mount('GET', 'pictures/:id', 0, picture)
  mount('POST', 'pictures', uploadBytes, upload)
  mount('POST', 'messages', messageBytes, message)
  mount('POST', 'jobs/:id/cancel', messageBytes, cancel)

  return {
    name: surfaceName,
    start: async (studio) => {
      running = { studio, stopping: new AbortController() }
    },
    stop: async () => {
      running?.stopping.abort()
      running = null
    },
    ready: () => running !== null,
  }
}

const plain = { 'content-type': 'text/plain; charset=utf-8' }

const uploadStatus: Readonly<Record<string, number>> = {
  input_empty: 422,
  input_not_picture: 415,
  input_too_large: 413,
}

function wordsFor(request: RouteRequest): Messages {
  return messagesFor(localeOf(request.headers['accept-language']))
}

function json(status: number, body: object): RouteAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) }
}

async function readJson(request: RouteRequest): Promise<unknown> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request.body) chunks.push(chunk)
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    throw new AppError('invalid_request', { detail: 'not JSON', cause: error })
  }
}

/** RFC 8187's ext-value: what encodeURIComponent leaves alone and the RFC does not is encoded too. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
