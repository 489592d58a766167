import { type Answer, type ApiRequest, failed, isRecord, namesOf, type RecordedFile } from './exchange.ts'
import type { OpenApi } from './openapi-check.ts'
import { messageProblems } from './rules.ts'
import { messageBody, type StoredFile, type StoredMessage, type World } from './world.ts'

export const ephemeral = 64

/** What requests do to messages, each judged on the way. */
export interface MessageBook {
  create(channelId: string, origin: Partial<Pick<StoredMessage, 'interactionId' | 'nonce' | 'replyTo'>>): StoredMessage
  /** A new message's content, judged. */
  fill(message: StoredMessage, request: ApiRequest): Answer
  edit(message: StoredMessage, request: ApiRequest, uploadBytes: number): Answer
  /** What a body does to a message: absent fields stay, and present ones are the complete new value. */
  apply(message: StoredMessage, body: ApiRequest['body'], files: readonly RecordedFile[]): void
  shown(message: StoredMessage): Answer
  /** An answer of the stand-in's own, judged as well. */
  honest(schema: string, body: object): Answer
}

export interface MessageBookOptions {
  readonly world: World
  readonly api: OpenApi
  readonly violations: string[]
}

export function createMessageBook({ world, api, violations }: MessageBookOptions): MessageBook {
  function fill(message: StoredMessage, request: ApiRequest): Answer {
    judge(request, message, false)
    apply(message, request.body, request.files)
    return shown(message)
  }

  function edit(message: StoredMessage, request: ApiRequest, uploadBytes: number): Answer {
    const tooLarge = sizeProblem(request.files, uploadBytes)
    if (tooLarge !== null) return tooLarge
    judge(request, message, true)
    message.edits += 1
    message.loading = false
    apply(message, request.body, request.files)
    return shown(message)
  }

  function judge(request: ApiRequest, message: StoredMessage, isEdit: boolean): void {
    const context = {
      files: namesOf(request.files),
      existing: new Set(message.files.map(({ id }) => id)),
      isEdit,
      flags: message.flags,
    }
    const wrong = messageProblems(request.raw, context)
    violations.push(...wrong.map((problem) => `${request.operation.path}: ${problem}`))
  }

  const create: MessageBook['create'] = (channelId, origin) => {
    const message: StoredMessage = {
      ...{ id: world.newId(), channelId, author: world.bot, nick: null, createdAt: world.now() },
      ...{ interactionId: null, nonce: null, replyTo: null, mentions: [], snapshot: null, ...origin },
      ...{ content: '', flags: 0, files: [], components: [], embeds: [], loading: false, deleted: false },
      ...{ edits: 0, pings: [] },
    }
    world.messages.set(message.id, message)
    return message
  }

  function apply(message: StoredMessage, body: ApiRequest['body'], files: readonly RecordedFile[]): void {
    if ('content' in body) message.content = typeof body.content === 'string' ? body.content : ''
    if (Array.isArray(body.components)) message.components = body.components
    if (Array.isArray(body.embeds))
      message.embeds = body.embeds.filter(isRecord).map((embed) => ({ type: 'rich', ...embed }))
    if (typeof body.flags === 'number') message.flags = (message.flags & ephemeral) | (body.flags & ~ephemeral)
    if (Array.isArray(body.attachments)) {
      const list = body.attachments.filter(isRecord)
      message.files = list.flatMap((given): StoredFile[] => {
        const kept = message.files.find(({ id }) => id === String(given.id))
        if (kept !== undefined) return [kept]
        const file = files[Number(given.id)]
        if (file === undefined) return []
        return [
          world.addFile({
            filename: file.name,
            contentType: file.contentType,
            description: typeof given.description === 'string' ? given.description : null,
            ...(given.is_spoiler === true && { spoiler: true }),
            bytes: file.bytes,
            channelId: message.channelId,
            ephemeral: false,
          }),
        ]
      })
    }
    message.pings.push(...pingsOf(message.content, body.allowed_mentions, message.interactionId === null))
    // Who is answered is pinged unless it is said that they are not.
    const answered = isRecord(body.message_reference)
      ? world.messages.get(String(body.message_reference.message_id))
      : undefined
    const allowed = isRecord(body.allowed_mentions) ? body.allowed_mentions : { replied_user: true }
    if (answered !== undefined && allowed.replied_user === true) message.pings.push(`user ${answered.author.id}`)
  }

  function shown(message: StoredMessage): Answer {
    return honest('MessageResponse', messageBody(world, message))
  }

  function honest(schema: string, body: object): Answer {
    const wrong = api.check(schema, body)
    if (wrong.length > 0) throw new Error(`the stand-in’s own answer is wrong: ${wrong.join('; ')}`)
    return { status: 200, body }
  }

  return { create, fill, edit, apply, shown, honest }
}

export function sizeProblem(files: readonly RecordedFile[], uploadBytes: number): Answer | null {
  return files.some(({ bytes }) => bytes.length > uploadBytes) ? failed(413, 40_005, 'Request entity too large') : null
}

/** Who would be pinged. Discord's server reads the raw text: a backslash does not stop it. */
function pingsOf(content: string, allowed: unknown, ordinary: boolean): string[] {
  const parse =
    isRecord(allowed) && Array.isArray(allowed.parse)
      ? allowed.parse.map(String)
      : ordinary
        ? ['users', 'roles', 'everyone']
        : ['users']
  return [
    ...(parse.includes('users') ? [...content.matchAll(/<@!?(\d+)>/g)].map(([, id]) => `user ${id}`) : []),
    ...(parse.includes('roles') ? [...content.matchAll(/<@&(\d+)>/g)].map(([, id]) => `role ${id}`) : []),
    ...(parse.includes('everyone') ? [...content.matchAll(/@(everyone|here)/g)].map(([, who]) => `@${who}`) : []),
  ]
}
