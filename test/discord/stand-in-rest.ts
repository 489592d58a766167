import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, type ApiRequest, failed, isRecord, type Recorded, type RecordedFile } from './exchange.ts'
import { answers, faultAnswer, type SetFault, takeFault } from './fault.ts'
import { createMessageBook } from './message-book.ts'
import { readMultipart } from './multipart.ts'
import { openApi } from './openapi-check.ts'
import { createOperations } from './operations.ts'
import { createRateLimit } from './rate-limit.ts'
import type { StoredMessage, World } from './world.ts'

export interface RestStandIn {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  readonly requests: Recorded[]
  readonly violations: string[]
  readonly faults: SetFault[]
}

export interface RestOptions {
  readonly world: World
  readonly botToken: string
  readonly gatewayUrl: () => string
  readonly changed: () => void
  readonly created: (message: StoredMessage) => void
}

export function createRestStandIn({ world, botToken, gatewayUrl, changed, created }: RestOptions): RestStandIn {
  const api = openApi()
  api.warm(
    [
      ['POST', '/interactions/1/token/callback'],
      ['PATCH', '/webhooks/1/token/messages/@original'],
      ['PATCH', '/channels/1/messages/1'],
      ['POST', '/channels/1/messages'],
      ['PUT', '/applications/1/commands'],
    ],
    ['MessageResponse', 'InteractionCallbackResponse', 'PrivateApplicationResponse', 'GatewayBotResponse'],
  )
  const requests: Recorded[] = []
  const violations: string[] = []
  const faults: SetFault[] = []
  const book = createMessageBook({ world, api, violations })
  const operate = createOperations({ world, book, violations, gatewayUrl, created })
  const limit = createRateLimit()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in')
    const body = await read(request)
    response.sendDate = false
    response.setHeader('date', new Date(world.now()).toUTCString())
    if (/^\/(ephemeral-)?attachments\//.test(url.pathname)) return serveFile(url, response)
    const method = request.method ?? 'GET'
    const path = decodeURIComponent(url.pathname.replace(/^\/api\/v10/, ''))
    const problems: string[] = []
    const operation = url.pathname.startsWith('/api/v10/') ? api.match(method, path) : null
    const content = contentOf(request, body, problems)
    const authorization = request.headers.authorization
    const recorded: Recorded = {
      method,
      path,
      route: operation?.path ?? path,
      authorized: authorization === `Bot ${botToken}`,
      body: content.json,
      files: content.files,
      headers: request.headers,
      status: null,
    }
    requests.push(recorded)
    changed()
    if (operation === null) problems.push('no such path in Discord’s API')
    else {
      problems.push(...operation.checkQuery(url.searchParams), ...operation.checkBody(content.json))
      if (operation.needsToken && authorization === undefined) problems.push('no Authorization')
      if (!operation.needsToken && authorization !== undefined) problems.push('the bot’s token where none is needed')
    }
    if (!/^DiscordBot \(/.test(request.headers['user-agent'] ?? ''))
      problems.push('no User-Agent of the form that Discord asks for')
    violations.push(...problems.map((problem) => `${method} ${recorded.route}: ${problem}`))

    const fault = takeFault(faults, method, recorded.route)
    await fault?.until
    const take = () =>
      operation === null
        ? failed(404, 0, '404: Not Found')
        : answerTo({
            ...{ method, operation, query: url.searchParams, authorized: recorded.authorized },
            ...{ body: isRecord(content.json) ? content.json : {}, raw: content.json, files: content.files },
          })
    const faulty = fault !== null && answers(fault)
    const real = !faulty || fault.effective === true ? take() : null
    const answer = faulty ? faultAnswer(fault) : real
    if (answer === null) {
      changed()
      if (fault?.how === 'drop') request.socket.destroy()
      return
    }
    recorded.status = answer.status
    send(response, answer)
    changed()
  }

  function answerTo(request: ApiRequest): Answer {
    if (request.operation.needsToken && !request.authorized) return failed(401, 0, '401: Unauthorized')
    const limited = limit(request.method, request.operation)
    if (limited !== null && limited.status === 429) return limited
    const answer = operate(request)
    return { ...answer, headers: { ...limited?.headers, ...answer.headers } }
  }

  function serveFile(url: URL, response: ServerResponse): void {
    const [, , , id = ''] = url.pathname.split('/')
    const file = world.files.get(id)
    if (file === undefined || file.removed || !world.admits(file, url.searchParams)) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('This content is no longer available.')
      return
    }
    response
      .writeHead(200, {
        'content-type': file.contentType ?? 'application/octet-stream',
        'content-length': String(file.bytes.length),
      })
      .end(file.bytes)
  }

  return { handle, requests, violations, faults }
}

function contentOf(
  request: IncomingMessage,
  body: Buffer,
  problems: string[],
): { json: unknown; files: readonly RecordedFile[] } {
  const type = request.headers['content-type'] ?? ''
  if (body.length === 0) return { json: undefined, files: [] }
  try {
    if (!type.startsWith('multipart/form-data')) {
      if (type !== 'application/json') problems.push(`content-type ${type}`)
      return { json: JSON.parse(body.toString('utf8')), files: [] }
    }
    const parts = readMultipart(type, body)
    const payload = parts.find(({ name }) => name === 'payload_json')
    const others = parts.filter((part) => part !== payload)
    const files = others.map((part, at): RecordedFile => {
      if (part.name !== `files[${at}]`) problems.push(`a part named ${part.name}`)
      if (part.filename === null) problems.push(`${part.name} has no file name`)
      return { name: part.filename ?? '', contentType: part.contentType, bytes: part.bytes }
    })
    return { json: payload === undefined ? undefined : JSON.parse(payload.bytes.toString('utf8')), files }
  } catch (thrown) {
    problems.push(`unreadable body: ${thrown instanceof Error ? thrown.message : 'failed'}`)
    return { json: undefined, files: [] }
  }
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const isText = typeof body === 'string'
  const text = body === undefined ? '' : isText ? body : JSON.stringify(body)
  response
    .writeHead(status, { ...(text !== '' && !isText && { 'content-type': 'application/json' }), ...headers })
    .end(text)
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
